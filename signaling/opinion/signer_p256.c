/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA P-256 with the installation's own CA. Keys live in table signing_key, sealed; owner "ca" is
 * the CA. A key past its certificate is not used again, a new one is made; old signatures keep
 * their own certificate. */
#include "shanqiao/error.h"
#include "signaling/opinion/signer.h"
#include "signaling/opinion/x509.h"
#include "signaling/proto/method.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWNER_CA  "ca"
#define ALGORITHM "ECDSA-P256-SHA256"
#define DAY_US    (INT64_C(86400) * TIME_US_PER_S)
#define CA_VALID_US                                                                                \
    (40 * 365 * DAY_US) /* longer than the longest record must be kept: 30 years                   \
                         */
#define ACCOUNT_VALID_US (3 * 365 * DAY_US)
#define CLOCK_SLACK_US   (5 * 60 * TIME_US_PER_S)

struct signer_p256 {
    struct signer base;
    struct service *service; /* borrowed */
};

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

static void identity_clear(struct identity *i)
{
    EVP_PKEY_free(i->key);
    X509_free(i->certificate);
    *i = (struct identity){0};
}

static int unseal_key(struct service *s, const char *id, const void *sealed, size_t sealed_len,
                      EVP_PKEY **out)
{
    struct vault_place place = {"signing_key", id, "sealed_key"};
    uint8_t *pem = NULL;
    size_t len = 0;
    int status = vault_unseal(s->vault, &place, sealed, sealed_len, &pem, &len);
    if (status < 0)
        return status;
    *out = x509_key_from_pem((const char *)pem);
    sodium_memzero(pem, len);
    free(pem);
    return *out ? 0 : SQ_ERR_INTERNAL;
}

/* The newest identity of an owner that is valid at that time; SQ_ERR_NOT_FOUND when there is none.
 */
static int identity_load(struct service *s, const char *owner, time_us utc_us, struct identity *out)
{
    struct store_query q;
    int status = SQ_ERR_NOT_FOUND;
    *out = (struct identity){0};
    STORE_QUERY(s->store, &q,
                "SELECT id, sealed_key, certificate FROM signing_key WHERE owner = $1"
                " AND algorithm = $2 AND until_us > $3 ORDER BY until_us DESC LIMIT 1",
                sv_text(owner), sv_text(ALGORITHM), sv_int(utc_us));
    if (store_next(&q)) {
        size_t len = 0;
        const void *sealed = store_bytes(&q, 1, &len);
        status = unseal_key(s, store_text(&q, 0), sealed, len, &out->key);
        if (status == 0 && !(out->certificate = x509_from_pem(store_text(&q, 2))))
            status = SQ_ERR_INTERNAL;
    }
    int ended = store_query_end(&q);
    if (ended < 0)
        status = ended;
    if (status < 0)
        identity_clear(out);
    return status;
}

static int insert_identity(struct service *s, const char *owner, const struct identity *i,
                           time_us from_utc_us, time_us until_utc_us)
{
    char id[ID_MAX];
    uint8_t *sealed = NULL;
    size_t len = 0;
    store_new_id(id, "key");
    struct vault_place place = {"signing_key", id, "sealed_key"};
    char *certificate = x509_to_pem(i->certificate);
    char *key = x509_key_to_pem(i->key);
    int status = certificate && key ? vault_seal(s->vault, &place, key, strlen(key), &sealed, &len)
                                    : SQ_ERR_NOMEM;
    if (status == 0)
        status = STORE_RUN(s->store,
                           "INSERT INTO signing_key (id, owner, algorithm, sealed_key, certificate,"
                           " from_us, until_us) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                           sv_text(id), sv_text(owner), sv_text(ALGORITHM), sv_bytes(sealed, len),
                           sv_text(certificate), sv_int(from_utc_us), sv_int(until_utc_us));
    if (key)
        sodium_memzero(key, strlen(key));
    free(key);
    free(certificate);
    free(sealed);
    return status < 0 ? status : 0;
}

/* issuer NULL: self-signed. */
static int identity_make(struct service *s, const char *owner, const struct x509_request *request,
                         const struct identity *issuer, struct identity *out)
{
    *out = (struct identity){.key = x509_new_key()};
    if (out->key)
        out->certificate = x509_issue(request, out->key, issuer ? issuer->certificate : NULL,
                                      issuer ? issuer->key : NULL);
    int status = out->certificate
                     ? insert_identity(s, owner, out, request->from_utc_us, request->until_utc_us)
                     : SQ_ERR_INTERNAL;
    if (status < 0)
        identity_clear(out);
    return status;
}

static int ca_get(struct service *s, time_us utc_us, struct identity *out)
{
    int status = identity_load(s, OWNER_CA, utc_us, out);
    if (status != SQ_ERR_NOT_FOUND)
        return status;
    struct x509_request request = {.common_name = "Shanqiao installation CA",
                                   .from_utc_us = utc_us - CLOCK_SLACK_US,
                                   .until_utc_us = utc_us + CA_VALID_US,
                                   .authority = true};
    return identity_make(s, OWNER_CA, &request, NULL, out);
}

int signer_p256_make_ca(struct service *s, time_us utc_us)
{
    struct identity ca;
    int status = ca_get(s, utc_us, &ca);
    identity_clear(&ca);
    return status;
}

struct subject {
    char name[X509_NAME_BYTES_MAX], organization[X509_NAME_BYTES_MAX];
};

static int find_subject(struct service *s, const char *account, struct subject *out)
{
    struct store_query q;
    *out = (struct subject){.name = "Shanqiao installation"};
    if (strcmp(account, SIGNER_INSTALLATION) == 0)
        return 0;
    STORE_QUERY(s->store, &q,
                "SELECT a.name, i.name FROM account a JOIN institution i ON i.id = a.institution"
                " WHERE a.id = $1",
                sv_text(account));
    bool found = store_next(&q);
    if (found) {
        store_copy_text(&q, 0, out->name, sizeof(out->name));
        store_copy_text(&q, 1, out->organization, sizeof(out->organization));
    }
    int status = store_query_end(&q);
    return status < 0 ? status : found ? 0 : SQ_ERR_NOT_FOUND;
}

static int account_make(struct service *s, const char *account, time_us utc_us,
                        struct identity *out)
{
    struct identity ca = {0};
    struct subject subject;
    int status = find_subject(s, account, &subject);
    if (status == 0)
        status = ca_get(s, utc_us, &ca);
    if (status < 0)
        return status;
    struct x509_request request = {.common_name = subject.name,
                                   .organization = subject.organization,
                                   .uid = account,
                                   .from_utc_us = utc_us - CLOCK_SLACK_US,
                                   .until_utc_us = utc_us + ACCOUNT_VALID_US};
    status = identity_make(s, account, &request, &ca, out);
    identity_clear(&ca);
    return status;
}

static int sign_bytes(EVP_PKEY *key, const void *data, size_t len_bytes, struct signature *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    out->len_bytes = sizeof(out->bytes);
    bool ok = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(context, out->bytes, &out->len_bytes, data, len_bytes) == 1;
    EVP_MD_CTX_free(context);
    return ok ? 0 : SQ_ERR_INTERNAL;
}

static int p256_sign(struct signer *self, const char *account, const void *data, size_t len_bytes,
                     time_us utc_us, struct signature *out)
{
    struct service *s = ((struct signer_p256 *)self)->service;
    struct identity who;
    int status = identity_load(s, account, utc_us, &who);
    if (status == SQ_ERR_NOT_FOUND)
        status = account_make(s, account, utc_us, &who);
    if (status < 0)
        return status;
    status = sign_bytes(who.key, data, len_bytes, out);
    char *pem = x509_to_pem(who.certificate);
    if (status == 0 && !pem)
        status = SQ_ERR_NOMEM;
    if (status == 0 && strlen(pem) >= sizeof(out->certificate))
        status = SQ_ERR_LIMIT;
    if (status == 0)
        snprintf(out->certificate, sizeof(out->certificate), "%s", pem);
    free(pem);
    identity_clear(&who);
    return status;
}

static int verify_bytes(X509 *certificate, const void *data, size_t len_bytes,
                        const struct signature *signature)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok =
        key && context && EVP_PKEY_is_a(key, "EC") &&
        EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestVerify(context, signature->bytes, signature->len_bytes, data, len_bytes) == 1;
    EVP_MD_CTX_free(context);
    return ok ? 0 : SQ_ERR_FORGED;
}

/* Any CA of this installation may have issued it (a CA past its time stays in the table). */
static int check_issuer(struct service *s, X509 *certificate, time_us signed_utc_us)
{
    struct store_query q;
    bool good = false;
    STORE_QUERY(s->store, &q, "SELECT certificate FROM signing_key WHERE owner = $1",
                sv_text(OWNER_CA));
    while (!good && store_next(&q)) {
        X509 *ca = x509_from_pem(store_text(&q, 0));
        good = ca && x509_chain_good(certificate, ca, signed_utc_us);
        X509_free(ca);
    }
    int status = store_query_end(&q);
    return status < 0 ? status : good ? 0 : SQ_ERR_DENIED;
}

static int p256_verify(struct signer *self, const char *account, const void *data, size_t len_bytes,
                       time_us signed_utc_us, const struct signature *signature)
{
    struct service *s = ((struct signer_p256 *)self)->service;
    char uid[ID_MAX];
    X509 *certificate = x509_from_pem(signature->certificate);
    if (!certificate)
        return SQ_ERR_DENIED;
    x509_uid(certificate, uid, sizeof(uid));
    int status =
        strcmp(uid, account) == 0 ? check_issuer(s, certificate, signed_utc_us) : SQ_ERR_DENIED;
    if (status == 0)
        status = verify_bytes(certificate, data, len_bytes, signature);
    X509_free(certificate);
    return status;
}

static void p256_free(struct signer *self)
{
    free(self);
}

static const struct signer_ops p256_ops = {
    .algorithm = ALGORITHM, .sign = p256_sign, .verify = p256_verify, .free = p256_free};

int signer_p256_open(struct signer **out, struct service *s)
{
    struct identity ca;
    *out = NULL;
    int status = identity_load(s, OWNER_CA, 0, &ca);
    identity_clear(&ca);
    if (status < 0 && status != SQ_ERR_NOT_FOUND)
        return status;
    struct signer_p256 *signer = calloc(1, sizeof(*signer));
    if (!signer)
        return SQ_ERR_NOMEM;
    signer->base.ops = &p256_ops;
    signer->service = s;
    *out = &signer->base;
    return 0;
}

void signer_close(struct signer *first)
{
    while (first) {
        struct signer *next = first->next;
        first->ops->free(first);
        first = next;
    }
}

struct signer *signer_for(struct signer *first, const char *algorithm)
{
    while (first && strcmp(first->ops->algorithm, algorithm) != 0)
        first = first->next;
    return first;
}
