/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a package must say of each other. */
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/export/dossier.h"
#include "signaling/export/fingerprint.h"
#include "signaling/export/verify.h"
#include "signaling/opinion/opinion.h"
#include "signaling/service.h"
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define DOCUMENT_SCHEMA "shanqiao.opinion.v1"
#define RECORD_SCHEMA   "shanqiao.record.v1"
#define AUDIT_SCHEMA    "shanqiao.audit.v1"
#define ALGORITHM       "ECDSA-P256-SHA256"
#define HEX_SIZE        (2 * PACKAGE_HASH_BYTES + 1)

int trust_read(struct trust *t, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *one = NULL;
    int status = bio ? 0 : SQ_ERR_NOMEM;
    while (status == 0 && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        if (t->count < TRUST_MAX) {
            t->ca[t->count++] = one;
        } else {
            X509_free(one);
            status = SQ_ERR_INVALID;
        }
    }
    ERR_clear_error(); /* the end of the file is told as an error */
    BIO_free(bio);
    return status == 0 && t->count == 0 ? SQ_ERR_INVALID : status;
}

void trust_clear(struct trust *t)
{
    for (size_t i = 0; i < t->count; i++)
        X509_free(t->ca[i]);
    t->count = 0;
}

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static bool same(const char *a, const char *b)
{
    return a[0] && strcmp(a, b) == 0;
}

/* Canonical bytes are canonical: they say what they say in one way only. */
static bool is_canonical(const json_t *value, const struct package_part *part)
{
    char *text = opinion_canonical(value);
    bool is =
        text && strlen(text) == part->len_bytes && memcmp(text, part->data, part->len_bytes) == 0;
    free(text);
    return is;
}

static bool is_p256(EVP_PKEY *key)
{
    char group[32] = "";
    return key && EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, "prime256v1") == 0; /* P-256 in SEC and X9.62 words */
}

static bool signature_fits(const struct evidence *e)
{
    const struct package_part *data = &e->package->parts[PACKAGE_OPINION];
    const struct package_part *signature = &e->package->parts[PACKAGE_SIGNATURE];
    EVP_PKEY *key = X509_get0_pubkey(e->certificate);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool fits = context && is_p256(key) &&
                EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestVerify(context, signature->data, signature->len_bytes, data->data,
                                 data->len_bytes) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return fits;
}

static const char *check_chain(const struct evidence *e, const struct trust *trust, time_us utc_us,
                               struct export_verdict *v)
{
    if (!x509_chain_good(e->certificate, e->ca, utc_us))
        return "chain";
    X509 *found = trust->count == 0 ? e->ca : NULL;
    for (size_t i = 0; i < trust->count && !found; i++)
        if (x509_chain_good(e->certificate, trust->ca[i], utc_us))
            found = trust->ca[i];
    if (!found)
        return "other_ca";
    fingerprint_of(found, v->ca_fingerprint);
    return NULL;
}

const char *evidence_check_signature(const struct evidence *e, const struct trust *trust,
                                     struct export_verdict *v, int *file)
{
    char uid[ID_MAX];
    time_us signed_utc_us = 0;
    *file = PACKAGE_OPINION;
    if (!is_canonical(e->document, &e->package->parts[PACKAGE_OPINION]))
        return "not_canonical";
    if (!same(text_at(e->document, "schema"), DOCUMENT_SCHEMA) ||
        !same(text_at(e->document, "algorithm"), ALGORITHM) ||
        !service_time_parse(text_at(e->document, "signedAt"), &signed_utc_us))
        return "unknown_format";
    *file = PACKAGE_SIGNATURE;
    if (!signature_fits(e))
        return "signature";
    *file = PACKAGE_CERTIFICATE;
    x509_uid(e->certificate, uid, sizeof(uid));
    if (!same(uid, text_at(json_object_get(e->document, "author"), "id")))
        return "other_signer";
    return check_chain(e, trust, signed_utc_us, v);
}

static bool request_is_signed_for(const struct evidence *e)
{
    uint8_t hash[PACKAGE_HASH_BYTES];
    char hex[HEX_SIZE];
    char *text = opinion_canonical(json_object_get(e->record, "request"));
    if (!text)
        return false;
    crypto_hash_sha256(hash, (const uint8_t *)text, strlen(text));
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    free(text);
    return same(hex, text_at(e->document, "requestSha256"));
}

/* No second, unsigned copy of a text of the request. */
static bool members_known(const json_t *consultation, const json_t *request)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)consultation, name, value)
    {
        const json_t *asked = json_object_get(request, name);
        if (!dossier_record_member(name) || (asked && !json_equal(asked, value)))
            return false;
    }
    return true;
}

const char *evidence_check_record(const struct evidence *e, int *file)
{
    const json_t *consultation = json_object_get(e->record, "consultation");
    const json_t *specialist = json_object_get(consultation, "specialist");
    *file = PACKAGE_CONSULTATION;
    if (!is_canonical(e->record, &e->package->parts[PACKAGE_CONSULTATION]))
        return "not_canonical";
    if (!same(text_at(e->record, "schema"), RECORD_SCHEMA))
        return "unknown_format";
    if (!same(text_at(consultation, "id"), text_at(e->document, "consultationId")) ||
        !same(text_at(specialist, "id"), text_at(json_object_get(e->document, "author"), "id")))
        return "other_case";
    if (!request_is_signed_for(e) ||
        !members_known(consultation, json_object_get(e->record, "request")))
        return "other_request";
    return NULL;
}

static bool read_hash(const json_t *row, const char *name, uint8_t out[AUDIT_HASH_BYTES])
{
    size_t len = 0;
    const char *hex = text_at(row, name);
    return sodium_hex2bin(out, AUDIT_HASH_BYTES, hex, strlen(hex), NULL, &len, NULL) == 0 &&
           len == AUDIT_HASH_BYTES;
}

static const char *check_row(const json_t *row, const struct evidence *e, struct audit_head *head)
{
    uint8_t previous[AUDIT_HASH_BYTES], told[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
    struct audit_row is = {.chain = text_at(row, "chain"),
                           .number = json_integer_value(json_object_get(row, "number")),
                           .account = text_at(row, "account"),
                           .session = text_at(row, "session"),
                           .act = text_at(row, "act"),
                           .object = text_at(row, "object"),
                           .detail = text_at(row, "detail"),
                           .utc_us = json_integer_value(json_object_get(row, "atUs"))};
    if (!read_hash(row, "previous", previous) || !read_hash(row, "hash", told))
        return "audit_row";
    if (strcmp(is.chain, head->chain) != 0) {
        *head = (struct audit_head){0};
        snprintf(head->chain, sizeof(head->chain), "%s", is.chain);
    }
    audit_row_hash(&is, previous, hash);
    if (memcmp(hash, told, sizeof(hash)) != 0)
        return "audit_row";
    if (!same(is.object, text_at(e->document, "consultationId")) &&
        !same(is.object, text_at(e->document, "id")))
        return "other_case";
    if (is.number <= head->number || (is.number == head->number + 1 && head->number > 0 &&
                                      memcmp(previous, head->hash, sizeof(previous)) != 0))
        return "audit_sequence";
    head->number = is.number;
    memcpy(head->hash, hash, sizeof(hash));
    return NULL;
}

const char *evidence_check_audit(const struct evidence *e, size_t *row)
{
    const json_t *rows = json_object_get(e->audit, "rows");
    struct audit_head head = {0};
    const char *wrong = NULL;
    if (!is_canonical(e->audit, &e->package->parts[PACKAGE_AUDIT]))
        return "not_canonical";
    if (!same(text_at(e->audit, "schema"), AUDIT_SCHEMA) || json_array_size(rows) == 0)
        return "unknown_format";
    for (size_t i = 0; i < json_array_size(rows) && !wrong; i++) {
        const json_t *one = json_array_get(rows, i);
        wrong = check_row(one, e, &head);
        if (wrong)
            *row = (size_t)json_integer_value(json_object_get(one, "number"));
    }
    return wrong;
}
