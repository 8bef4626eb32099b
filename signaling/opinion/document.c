/* SPDX-License-Identifier: Apache-2.0 */
/* Builds and reads the signed document. Knows its members; refuses to know how it is signed or
 * stored. */
#include "signaling/opinion/document.h"
#include "shanqiao/error.h"
#include "signaling/directory/directory.h"
#include "signaling/opinion/opinion.h"
#include "signaling/service.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HEX_SIZE (2 * OPINION_HASH_BYTES + 1)
/* Whose clock signedAt is: the server's own, not a time stamp authority's. */
#define TIME_SOURCE "server"

static const char *const fields[] = {"findings", "diagnosis", "plan",
                                     "advice",   "referral",  "limits"};
/* Said only when the author said it: nothing is signed that nobody stated. */
static const char *const optional[] = {"diagnosisCodes", "reducedQuality", "followUpDays",
                                       "criticalReported"};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

json_t *document_draft(const json_t *opinion)
{
    json_t *draft = json_object();
    int failed = draft ? 0 : -1;
    for (size_t i = 0; !failed && i < COUNT(fields); i++) {
        const char *text = json_string_value(json_object_get(opinion, fields[i]));
        failed = json_object_set_new(draft, fields[i], json_string(text ? text : ""));
    }
    for (size_t i = 0; !failed && i < COUNT(optional); i++) {
        json_t *value = json_object_get(opinion, optional[i]);
        if (value)
            failed = json_object_set_new(draft, optional[i], json_deep_copy(value));
    }
    if (!failed)
        return draft;
    json_decref(draft);
    return NULL;
}

bool document_says_something(const json_t *draft)
{
    for (size_t i = 0; i < COUNT(fields); i++) {
        const char *text = json_string_value(json_object_get(draft, fields[i]));
        if (text && text[strspn(text, " \t\r\n")] && strcmp(fields[i], "limits") != 0)
            return true;
    }
    return false;
}

int document_follow_up_days(const json_t *draft)
{
    return (int)json_integer_value(json_object_get(draft, "followUpDays"));
}

static int request_hash(const struct consult_record *r, char hex[HEX_SIZE])
{
    uint8_t hash[OPINION_HASH_BYTES];
    char *text = opinion_canonical(r->request);
    if (!text)
        return SQ_ERR_NOMEM;
    crypto_hash_sha256(hash, (const uint8_t *)text, strlen(text));
    sodium_bin2hex(hex, HEX_SIZE, hash, sizeof(hash));
    sodium_memzero(text, strlen(text));
    free(text);
    return 0;
}

static void hash_hex(const struct opinion_record *o, char hex[HEX_SIZE])
{
    sodium_bin2hex(hex, HEX_SIZE, o->hash, sizeof(o->hash));
}

/* Takes over `value`; NULL is out of memory. */
static int set_new(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int set_supersedes(json_t *document, const struct document_context *c,
                          const struct opinion_record *o)
{
    const struct opinion_record *former =
        o->supersedes[0] ? opinion_list_by_id(c->opinions, o->supersedes) : NULL;
    char hex[HEX_SIZE];
    if (!former)
        return o->supersedes[0] ? SQ_ERR_NOT_FOUND : 0;
    hash_hex(former, hex);
    return set_new(document, "supersedes",
                   json_pack("{s:s, s:s, s:s}", "id", former->id, "sha256", hex, "reason",
                             c->reason ? c->reason : ""));
}

/* ---- a conclusion names each member's opinion ---- */

static const char *text_about(const json_t *list, const char *author, const char *name)
{
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(list, i, entry)
    {
        const char *of = json_string_value(json_object_get(entry, "author"));
        if (of && strcmp(of, author) == 0)
            return json_string_value(json_object_get(entry, name));
    }
    return NULL;
}

static int append_member(struct service *s, const struct document_context *c, json_t *members,
                         const struct opinion_record *o)
{
    char hex[HEX_SIZE];
    json_t *author = NULL;
    const char *dissent = text_about(c->dissent, o->author, "text");
    int status = directory_person(s, o->author, &author);
    if (status < 0)
        return status;
    hash_hex(o, hex);
    json_t *member =
        json_pack("{s:o, s:s, s:s, s:I, s:b}", "author", author, "id", o->id, "sha256", hex,
                  "version", (json_int_t)o->version, "dissents", (int)(dissent != NULL));
    if (member && dissent)
        status = set_new(member, "dissent", json_string(dissent));
    if (status < 0) {
        json_decref(member);
        return status;
    }
    return json_array_append_new(members, member) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int set_members(struct service *s, const struct document_context *c, json_t *document)
{
    json_t *members = json_array();
    int status = members ? 0 : SQ_ERR_NOMEM;
    for (size_t i = 0; i < c->opinions->count && status == 0; i++) {
        const struct opinion_record *o = &c->opinions->items[i];
        if (o->kind == OPINION_OF_EXPERT &&
            o == opinion_list_signed(c->opinions, o->author, OPINION_OF_EXPERT))
            status = append_member(s, c, members, o);
    }
    if (status == 0)
        return set_new(document, "members", members);
    json_decref(members);
    return status;
}

static int set_excused(struct service *s, const struct document_context *c, json_t *document)
{
    json_t *list = json_array(), *entry = NULL;
    int status = list ? 0 : SQ_ERR_NOMEM;
    size_t i = 0;
    json_array_foreach(c->excused, i, entry)
    {
        json_t *person = NULL;
        const char *author = json_string_value(json_object_get(entry, "author"));
        const char *reason = json_string_value(json_object_get(entry, "reason"));
        if (status == 0)
            status = directory_person(s, author ? author : "", &person);
        if (status == 0 &&
            json_array_append_new(list, json_pack("{s:o, s:s}", "author", person, "reason",
                                                  reason ? reason : "")) != 0)
            status = SQ_ERR_NOMEM;
    }
    if (status == 0)
        return set_new(document, "excused", list);
    json_decref(list);
    return status;
}

/* ---- make ---- */

static json_t *common(struct service *s, const struct document_context *c,
                      const struct opinion_record *o, const char *algorithm, int *status)
{
    char hex[HEX_SIZE], signed_at[SERVICE_TIME_MAX];
    json_t *author = NULL;
    *status = request_hash(c->consultation, hex);
    if (*status == 0)
        *status = directory_person(s, o->author, &author);
    if (*status < 0)
        return NULL;
    json_t *document =
        json_pack("{s:s, s:o, s:s, s:s, s:s, s:O, s:s, s:s, s:s, s:s, s:I}", "algorithm", algorithm,
                  "author", author, "consultationId", o->consultation, "id", o->id, "kind",
                  opinion_kind_name(o->kind), "opinion", o->draft, "requestSha256", hex, "schema",
                  DOCUMENT_SCHEMA, "signedAt", service_time_text(o->signed_utc_us, signed_at),
                  "timeSource", TIME_SOURCE, "version", (json_int_t)o->version);
    *status = document ? 0 : SQ_ERR_NOMEM;
    return document;
}

int document_make(struct service *s, const struct document_context *c, struct opinion_record *o,
                  const char *algorithm)
{
    int status = 0;
    json_t *document = common(s, c, o, algorithm, &status);
    if (status == 0)
        status = set_supersedes(document, c, o);
    if (status == 0 && o->kind == OPINION_CONCLUSION)
        status = set_members(s, c, document);
    if (status == 0 && o->kind == OPINION_CONCLUSION)
        status = set_excused(s, c, document);
    free(o->canonical);
    o->canonical = status == 0 ? opinion_canonical(document) : NULL;
    json_decref(document);
    if (!o->canonical)
        return status < 0 ? status : SQ_ERR_NOMEM;
    crypto_hash_sha256(o->hash, (const uint8_t *)o->canonical, strlen(o->canonical));
    return 0;
}

/* ---- check ---- */

static bool says(const json_t *document, const char *name, const char *wanted)
{
    const char *text = json_string_value(json_object_get(document, name));
    return text && strcmp(text, wanted) == 0;
}

/* {id, sha256} of a document speak of a signed version in the store. */
static bool names_version(const json_t *reference, const struct opinion_list *l)
{
    char hex[HEX_SIZE];
    const char *id = json_string_value(json_object_get(reference, "id"));
    const struct opinion_record *o = id ? opinion_list_by_id(l, id) : NULL;
    if (!o || !o->signed_utc_us)
        return false;
    hash_hex(o, hex);
    return says(reference, "sha256", hex);
}

static bool references_match(const json_t *document, const struct opinion_list *l,
                             const struct opinion_record *o)
{
    const json_t *former = json_object_get(document, "supersedes"), *member = NULL;
    size_t i = 0;
    if (!former != !o->supersedes[0] ||
        (former && (!says(former, "id", o->supersedes) || !names_version(former, l))))
        return false;
    json_array_foreach(json_object_get(document, "members"), i, member)
    {
        if (!names_version(member, l))
            return false;
    }
    return true;
}

static bool version_matches(const json_t *document, const struct opinion_list *l,
                            const struct opinion_record *o)
{
    if (says(document, "schema", DOCUMENT_SCHEMA_V1))
        return o->kind == OPINION_OF_EXPERT && o->version == 1 && !o->supersedes[0];
    return says(document, "schema", DOCUMENT_SCHEMA) &&
           says(document, "kind", opinion_kind_name(o->kind)) &&
           json_integer_value(json_object_get(document, "version")) == o->version &&
           references_match(document, l, o);
}

bool document_matches(const struct consult_record *r, const struct opinion_list *l,
                      const struct opinion_record *o)
{
    char hex[HEX_SIZE], signed_at[SERVICE_TIME_MAX];
    json_t *document = json_loads(o->canonical, JSON_REJECT_DUPLICATES, NULL);
    bool same = request_hash(r, hex) == 0 && says(document, "id", o->id) &&
                says(document, "consultationId", r->id) && says(document, "requestSha256", hex) &&
                says(document, "algorithm", o->algorithm) &&
                says(document, "signedAt", service_time_text(o->signed_utc_us, signed_at)) &&
                says(json_object_get(document, "author"), "id", o->author) &&
                version_matches(document, l, o) &&
                consult_record_member(r, o->author) != CONSULT_NOBODY;
    json_decref(document);
    return same;
}
