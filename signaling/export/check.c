/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a package must say of each other: opinions, record, lists. */
#include "shanqiao/error.h"
#include "signaling/export/dossier.h"
#include "signaling/export/fingerprint.h"
#include "signaling/export/verify.h"
#include "signaling/opinion/document.h"
#include "signaling/service.h"
#include <openssl/err.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_SCHEMA    "shanqiao.record.v2"
#define CONSENTS_SCHEMA  "shanqiao.consents.v1"
#define MATERIALS_SCHEMA "shanqiao.materials.v1"
#define ALGORITHM        "ECDSA-P256-SHA256"
#define HEX_SIZE         (2 * PACKAGE_HASH_BYTES + 1)

const char *evidence_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

bool evidence_same(const char *a, const char *b)
{
    return a[0] && strcmp(a, b) == 0;
}

bool evidence_canonical(const struct evidence *e, const json_t *value, int file)
{
    const struct package_part *part = &e->package->parts[file];
    char *text = opinion_canonical(value);
    bool is =
        text && strlen(text) == part->len_bytes && memcmp(text, part->data, part->len_bytes) == 0;
    free(text);
    return is;
}

static void hash_hex(const void *data, size_t len_bytes, char hex[HEX_SIZE])
{
    uint8_t hash[PACKAGE_HASH_BYTES];
    crypto_hash_sha256(hash, data, len_bytes);
    sodium_bin2hex(hex, HEX_SIZE, hash, sizeof(hash));
}

/* ---- signatures ---- */

static bool is_p256(EVP_PKEY *key)
{
    char group[32] = "";
    return key && EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, "prime256v1") == 0; /* P-256 in SEC and X9.62 words */
}

static bool signature_fits(const struct evidence *e, X509 *certificate, int data_file,
                           int signature_file)
{
    const struct package_part *data = &e->package->parts[data_file];
    const struct package_part *signature = &e->package->parts[signature_file];
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool fits = context && is_p256(key) &&
                EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestVerify(context, signature->data, signature->len_bytes, data->data,
                                 data->len_bytes) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return fits;
}

static const char *check_chain(const struct evidence *e, X509 *certificate, time_us utc_us,
                               char fingerprint[FINGERPRINT_SIZE])
{
    X509 *found = trust_issuer(&e->inside, certificate, utc_us);
    if (!found)
        return "chain";
    if (e->outside && !(found = trust_issuer(e->outside, certificate, utc_us)))
        return "other_ca";
    fingerprint_of(found, fingerprint);
    return NULL;
}

static bool is_of(X509 *certificate, const char *uid)
{
    char of[ID_MAX];
    x509_uid(certificate, of, sizeof(of));
    return evidence_same(of, uid);
}

const char *evidence_check_manifest(const struct evidence *e, int *file)
{
    char fingerprint[FINGERPRINT_SIZE];
    time_us exported_utc_us = 0;
    *file = PACKAGE_CONSULTATION;
    if (!service_time_parse(evidence_text(e->record, "exportedAt"), &exported_utc_us))
        return "unknown_format";
    *file = PACKAGE_MANIFEST_CERTIFICATE;
    if (!is_of(e->installation, SIGNER_INSTALLATION))
        return "other_signer";
    const char *wrong = check_chain(e, e->installation, exported_utc_us, fingerprint);
    if (wrong)
        return wrong;
    *file = PACKAGE_MANIFEST_SIGNATURE;
    return signature_fits(e, e->installation, PACKAGE_MANIFEST, PACKAGE_MANIFEST_SIGNATURE)
               ? NULL
               : "signature";
}

/* ---- opinions ---- */

static bool known_format(const json_t *document)
{
    time_us at = 0;
    const char *schema = evidence_text(document, "schema");
    return (strcmp(schema, DOCUMENT_SCHEMA) == 0 || strcmp(schema, DOCUMENT_SCHEMA_V1) == 0) &&
           evidence_same(evidence_text(document, "algorithm"), ALGORITHM) &&
           service_time_parse(evidence_text(document, "signedAt"), &at);
}

static const char *check_opinion(const struct evidence *e, int n, struct export_verdict *v,
                                 int *file)
{
    const struct evidence_opinion *o = &e->opinions[n];
    time_us signed_utc_us = 0;
    *file = package_of(n, PACKAGE_DOCUMENT);
    if (!evidence_canonical(e, o->document, *file))
        return "not_canonical";
    if (!known_format(o->document))
        return "unknown_format";
    *file = package_of(n, PACKAGE_SIGNATURE);
    if (!signature_fits(e, o->certificate, package_of(n, PACKAGE_DOCUMENT), *file))
        return "signature";
    *file = package_of(n, PACKAGE_CERTIFICATE);
    if (!is_of(o->certificate, evidence_text(json_object_get(o->document, "author"), "id")))
        return "other_signer";
    service_time_parse(evidence_text(o->document, "signedAt"), &signed_utc_us);
    return check_chain(e, o->certificate, signed_utc_us, v->ca_fingerprint);
}

/* {id, sha256} name one of the opinions in the package. */
static bool names_one(const struct evidence *e, const json_t *reference)
{
    char hex[HEX_SIZE];
    for (int i = 0; i < e->package->opinions; i++) {
        const struct package_part *part = &e->package->parts[package_of(i, PACKAGE_DOCUMENT)];
        if (!evidence_same(evidence_text(reference, "id"),
                           evidence_text(e->opinions[i].document, "id")))
            continue;
        hash_hex(part->data, part->len_bytes, hex);
        return evidence_same(evidence_text(reference, "sha256"), hex);
    }
    return false;
}

static const char *check_references(const struct evidence *e, int n, int *file)
{
    const json_t *document = e->opinions[n].document, *member = NULL;
    const json_t *former = json_object_get(document, "supersedes");
    size_t i = 0;
    *file = package_of(n, PACKAGE_DOCUMENT);
    if (former && !names_one(e, former))
        return "other_version";
    json_array_foreach(json_object_get(document, "members"), i, member)
    {
        if (!names_one(e, member))
            return "other_version";
    }
    for (int k = 0; k < n; k++)
        if (evidence_same(evidence_text(document, "id"),
                          evidence_text(e->opinions[k].document, "id")))
            return "other_version"; /* twice */
    return NULL;
}

static bool is_conclusion(const json_t *document)
{
    return strcmp(evidence_text(document, "kind"), "conclusion") == 0;
}

/* The newest conclusion, else the newest opinion. */
static int find_current(const struct evidence *e)
{
    int found = 0;
    for (int i = 1; i < e->package->opinions; i++) {
        const json_t *one = e->opinions[i].document, *best = e->opinions[found].document;
        int kind = (int)is_conclusion(one) - (int)is_conclusion(best);
        int later = strcmp(evidence_text(one, "signedAt"), evidence_text(best, "signedAt"));
        if (kind > 0 || (kind == 0 && later >= 0))
            found = i;
    }
    return found;
}

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

const char *evidence_check_opinions(const struct evidence *e, struct export_verdict *v, int *file)
{
    const char *wrong = NULL;
    int count = e->package->opinions;
    for (int i = 0; i < count && !wrong; i++)
        wrong = check_opinion(e, i, v, file);
    for (int i = 0; i < count && !wrong; i++)
        wrong = check_references(e, i, file);
    if (wrong)
        return wrong;
    int current = find_current(e);
    const json_t *document = e->opinions[current].document;
    v->opinions = (size_t)count;
    copy(v->consultation, sizeof(v->consultation), evidence_text(document, "consultationId"));
    copy(v->signer, sizeof(v->signer), evidence_text(json_object_get(document, "author"), "name"));
    copy(v->signed_at, sizeof(v->signed_at), evidence_text(document, "signedAt"));
    return check_opinion(e, current, v, file); /* once more, for the CA that it ends in */
}

/* ---- record ---- */

static bool request_is_signed_for(const struct evidence *e)
{
    char hex[HEX_SIZE];
    char *text = opinion_canonical(json_object_get(e->record, "request"));
    if (!text)
        return false;
    hash_hex(text, strlen(text), hex);
    free(text);
    for (int i = 0; i < e->package->opinions; i++)
        if (!evidence_same(hex, evidence_text(e->opinions[i].document, "requestSha256")))
            return false;
    return true;
}

/* No second, unsigned copy of a text of the request: only what is of the course, such as a
 * specialty that triage changed. */
static bool members_known(const json_t *consultation)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)consultation, name, value)
    {
        if (!dossier_record_member(name))
            return false;
    }
    return true;
}

static bool takes_part(const json_t *consultation, const char *author)
{
    const json_t *member = NULL;
    size_t i = 0;
    if (evidence_same(author, evidence_text(json_object_get(consultation, "specialist"), "id")))
        return true;
    json_array_foreach(json_object_get(consultation, "members"), i, member)
    {
        if (evidence_same(author, evidence_text(json_object_get(member, "account"), "id")))
            return true;
    }
    return false;
}

const char *evidence_check_record(const struct evidence *e, int *file)
{
    const json_t *consultation = json_object_get(e->record, "consultation");
    *file = PACKAGE_CONSULTATION;
    if (!evidence_canonical(e, e->record, *file))
        return "not_canonical";
    if (!evidence_same(evidence_text(e->record, "schema"), RECORD_SCHEMA))
        return "unknown_format";
    for (int i = 0; i < e->package->opinions; i++) {
        const json_t *document = e->opinions[i].document;
        if (!evidence_same(evidence_text(consultation, "id"),
                           evidence_text(document, "consultationId")) ||
            !takes_part(consultation, evidence_text(json_object_get(document, "author"), "id")))
            return "other_case";
    }
    if (!request_is_signed_for(e) || !members_known(consultation))
        return "other_request";
    return NULL;
}

/* ---- consents and materials ---- */

/* Each text is what its hash says, and each consent's text is there. */
static bool texts_fit(const json_t *consents)
{
    const json_t *texts = json_object_get(consents, "texts"), *one = NULL, *consent = NULL;
    size_t i = 0, k = 0;
    char hex[HEX_SIZE];
    json_array_foreach(texts, i, one)
    {
        const char *text = evidence_text(one, "text");
        hash_hex(text, strlen(text), hex);
        if (!evidence_same(evidence_text(one, "sha256"), hex))
            return false;
    }
    json_array_foreach(json_object_get(consents, "consents"), i, consent)
    {
        const json_t *shown = json_object_get(consent, "text");
        bool found = shown == NULL;
        json_array_foreach(texts, k, one)
        {
            found = found ||
                    evidence_same(evidence_text(shown, "sha256"), evidence_text(one, "sha256"));
        }
        if (!found)
            return false;
    }
    return true;
}

static const char *check_list(const struct evidence *e, const json_t *list, const char *schema,
                              int file)
{
    if (!evidence_canonical(e, list, file))
        return "not_canonical";
    return evidence_same(evidence_text(list, "schema"), schema) ? NULL : "unknown_format";
}

const char *evidence_check_lists(const struct evidence *e, int *file)
{
    *file = PACKAGE_CONSENTS;
    const char *wrong = check_list(e, e->consents, CONSENTS_SCHEMA, *file);
    if (!wrong && !texts_fit(e->consents))
        wrong = "other_text";
    if (wrong)
        return wrong;
    *file = PACKAGE_MATERIALS;
    return check_list(e, e->materials, MATERIALS_SCHEMA, *file);
}
