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

#define SCHEMA   "shanqiao.opinion.v1"
#define HEX_SIZE (2 * OPINION_HASH_BYTES + 1)

static const char *const fields[] = {"findings", "diagnosis", "plan",
                                     "advice",   "referral",  "limits"};
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

json_t *document_draft(const json_t *opinion)
{
    json_t *draft = json_object();
    for (size_t i = 0; draft && i < FIELD_COUNT; i++) {
        const char *text = json_string_value(json_object_get(opinion, fields[i]));
        if (json_object_set_new(draft, fields[i], json_string(text ? text : "")) != 0) {
            json_decref(draft);
            return NULL;
        }
    }
    return draft;
}

bool document_says_something(const json_t *draft)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const char *text = json_string_value(json_object_get(draft, fields[i]));
        if (text && text[strspn(text, " \t\r\n")] && strcmp(fields[i], "limits") != 0)
            return true;
    }
    return false;
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

int document_make(struct service *s, const struct consult_record *r, struct opinion_record *o,
                  const char *algorithm)
{
    char hex[HEX_SIZE], signed_at[SERVICE_TIME_MAX];
    json_t *author = NULL;
    int status = request_hash(r, hex);
    if (status == 0)
        status = directory_person(s, o->author, &author);
    if (status < 0)
        return status;
    json_t *document = json_pack("{s:s, s:o, s:s, s:s, s:O, s:s, s:s, s:s}", "algorithm", algorithm,
                                 "author", author, "consultationId", o->consultation, "id", o->id,
                                 "opinion", o->draft, "requestSha256", hex, "schema", SCHEMA,
                                 "signedAt", service_time_text(o->signed_utc_us, signed_at));
    free(o->canonical);
    o->canonical = document ? opinion_canonical(document) : NULL;
    json_decref(document);
    if (!o->canonical)
        return SQ_ERR_NOMEM;
    crypto_hash_sha256(o->hash, (const uint8_t *)o->canonical, strlen(o->canonical));
    return 0;
}

static bool says(const json_t *document, const char *name, const char *wanted)
{
    const char *text = json_string_value(json_object_get(document, name));
    return text && strcmp(text, wanted) == 0;
}

bool document_matches(const struct consult_record *r, const struct opinion_record *o)
{
    char hex[HEX_SIZE], signed_at[SERVICE_TIME_MAX];
    json_t *document = json_loads(o->canonical, JSON_REJECT_DUPLICATES, NULL);
    bool same = request_hash(r, hex) == 0 && says(document, "schema", SCHEMA) &&
                says(document, "id", o->id) && says(document, "consultationId", r->id) &&
                says(document, "requestSha256", hex) && says(document, "algorithm", o->algorithm) &&
                says(document, "signedAt", service_time_text(o->signed_utc_us, signed_at)) &&
                says(json_object_get(document, "author"), "id", o->author) &&
                strcmp(o->author, consult_record_account(r, r->step.specialist)) == 0;
    json_decref(document);
    return same;
}
