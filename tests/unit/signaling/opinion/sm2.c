/* SPDX-License-Identifier: Apache-2.0 */
/* See sm2.h. */
#include "sm2.h"
#include "shanqiao/error.h"
#include "signaling/opinion/x509.h"
#include "signaling/proto/method.h"
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

struct sm2 {
    struct signer base;
    EVP_PKEY *ca_key;
    X509 *ca;
};

static X509 *issue(EVP_PKEY *key, const char *uid, X509 *ca, EVP_PKEY *ca_key, time_us utc_us)
{
    time_t from = (time_t)(utc_us / TIME_US_PER_S) - 60;
    X509 *c = X509_new();
    X509_NAME *name = X509_get_subject_name(c);
    X509_set_version(c, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
    ASN1_TIME_set(X509_getm_notBefore(c), from);
    ASN1_TIME_set(X509_getm_notAfter(c), from + 86400);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)uid, -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "UID", MBSTRING_UTF8, (const unsigned char *)uid, -1, -1, 0);
    X509_set_issuer_name(c, X509_get_subject_name(ca ? ca : c));
    X509_set_pubkey(c, key);
    X509_sign(c, ca_key, EVP_sm3());
    return c;
}

static int sm2_sign(struct signer *self, const char *account, const void *data, size_t len_bytes,
                    time_us utc_us, struct signature *out)
{
    struct sm2 *s = (struct sm2 *)self;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    if (!s->ca)
        s->ca = issue(s->ca_key, "ca", NULL, s->ca_key, utc_us);
    X509 *certificate = issue(key, account, s->ca, s->ca_key, utc_us);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    out->len_bytes = sizeof(out->bytes);
    bool ok = EVP_DigestSignInit(context, NULL, EVP_sm3(), NULL, key) == 1 &&
              EVP_DigestSign(context, out->bytes, &out->len_bytes, data, len_bytes) == 1;
    char *pem = x509_to_pem(certificate);
    strncpy(out->certificate, pem, sizeof(out->certificate) - 1);
    free(pem);
    EVP_MD_CTX_free(context);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return ok ? 0 : SQ_ERR_INTERNAL;
}

static int sm2_verify(struct signer *self, const char *account, const void *data, size_t len_bytes,
                      time_us signed_utc_us, const struct signature *signature)
{
    struct sm2 *s = (struct sm2 *)self;
    char uid[ID_MAX];
    X509 *certificate = x509_from_pem(signature->certificate);
    (void)signed_utc_us;
    if (!certificate)
        return SQ_ERR_DENIED;
    x509_uid(certificate, uid, sizeof(uid));
    bool issued = s->ca && X509_verify(certificate, s->ca_key) == 1;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good =
        EVP_DigestVerifyInit(context, NULL, EVP_sm3(), NULL, X509_get0_pubkey(certificate)) == 1 &&
        EVP_DigestVerify(context, signature->bytes, signature->len_bytes, data, len_bytes) == 1;
    EVP_MD_CTX_free(context);
    X509_free(certificate);
    ERR_clear_error();
    if (!issued || strcmp(uid, account) != 0)
        return SQ_ERR_DENIED;
    return good ? 0 : SQ_ERR_FORGED;
}

static void sm2_free(struct signer *self)
{
    struct sm2 *s = (struct sm2 *)self;
    X509_free(s->ca);
    EVP_PKEY_free(s->ca_key);
    free(s);
}

static const struct signer_ops ops = {
    .algorithm = SM2_ALGORITHM, .sign = sm2_sign, .verify = sm2_verify, .free = sm2_free};

struct signer *sm2_new(void)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    struct sm2 *s = key ? calloc(1, sizeof(*s)) : NULL;
    if (!s)
        return NULL;
    s->base.ops = &ops;
    s->ca_key = key;
    return &s->base;
}
