/* SPDX-License-Identifier: Apache-2.0 */
/* P-256 keys and X.509 v3 certificates by OpenSSL 3. */
#include "signaling/opinion/x509.h"
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SERIAL_BITS       127 /* positive and within the 20 octets of RFC 5280 section 4.1.2.2 */
#define COMMON_NAME_CHARS 64  /* X.520 ub-common-name; organization has the same bound */

EVP_PKEY *x509_new_key(void)
{
    return EVP_EC_gen("P-256");
}

static bool set_serial(X509 *c)
{
    BIGNUM *n = BN_new();
    bool ok = n && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
              BN_to_ASN1_INTEGER(n, X509_get_serialNumber(c));
    BN_free(n);
    return ok;
}

static bool set_times(X509 *c, time_us from_utc_us, time_us until_utc_us)
{
    time_t from = (time_t)(from_utc_us / TIME_US_PER_S);
    time_t until = (time_t)(until_utc_us / TIME_US_PER_S);
    return ASN1_TIME_set(X509_getm_notBefore(c), from) &&
           ASN1_TIME_set(X509_getm_notAfter(c), until);
}

/* Names longer than X.520 allows are cut between characters. */
static size_t cut_utf8(const char *text)
{
    size_t at = 0;
    for (int chars = 0; text[at]; chars++) {
        if (chars == COMMON_NAME_CHARS)
            break;
        at++;
        while (((unsigned char)text[at] & 0xc0) == 0x80)
            at++;
    }
    return at;
}

static bool add_name(X509_NAME *name, const char *field, const char *text)
{
    if (!text || !text[0])
        return true;
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)text,
                                      (int)cut_utf8(text), -1, 0) == 1;
}

static bool set_subject(X509 *c, const struct x509_request *r)
{
    X509_NAME *name = X509_get_subject_name(c);
    return add_name(name, "O", r->organization) && add_name(name, "CN", r->common_name) &&
           add_name(name, "UID", r->uid);
}

static bool add_extension(X509 *c, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer ? issuer : c, c, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension && X509_add_ext(c, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool set_extensions(X509 *c, X509 *issuer, const struct x509_request *r)
{
    const char *usage = r->authority   ? "critical,keyCertSign,cRLSign"
                        : r->alt_names ? "critical,digitalSignature"
                                       : "critical,digitalSignature,nonRepudiation";
    bool ok = add_extension(c, issuer, NID_basic_constraints,
                            r->authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
              add_extension(c, issuer, NID_key_usage, usage) &&
              add_extension(c, issuer, NID_subject_key_identifier, "hash") &&
              add_extension(c, issuer, NID_authority_key_identifier, "keyid:always");
    if (ok && r->alt_names)
        ok = add_extension(c, issuer, NID_subject_alt_name, r->alt_names) &&
             add_extension(c, issuer, NID_ext_key_usage, "serverAuth");
    return ok;
}

X509 *x509_issue(const struct x509_request *request, EVP_PKEY *key, X509 *issuer,
                 EVP_PKEY *issuer_key)
{
    X509 *c = X509_new();
    bool ok = c && X509_set_version(c, X509_VERSION_3) && set_serial(c) &&
              set_times(c, request->from_utc_us, request->until_utc_us) &&
              set_subject(c, request) &&
              X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer : c)) &&
              X509_set_pubkey(c, key) && set_extensions(c, issuer, request) &&
              X509_sign(c, issuer_key ? issuer_key : key, EVP_sha256()) > 0;
    if (!ok) {
        X509_free(c);
        return NULL;
    }
    return c;
}

static char *bio_text(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    char *text = len > 0 ? malloc((size_t)len + 1) : NULL;
    if (text) {
        memcpy(text, data, (size_t)len);
        text[len] = '\0';
    }
    return text;
}

char *x509_to_pem(X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = bio && PEM_write_bio_X509(bio, certificate) ? bio_text(bio) : NULL;
    BIO_free(bio);
    return text;
}

char *x509_key_to_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text =
        bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) ? bio_text(bio) : NULL;
    BIO_free(bio);
    return text;
}

X509 *x509_from_pem(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return certificate;
}

EVP_PKEY *x509_key_from_pem(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return key;
}

bool x509_chain_good(X509 *certificate, X509 *authority, time_us utc_us)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool good = store && context && X509_STORE_add_cert(store, authority) == 1 &&
                X509_STORE_CTX_init(context, store, certificate, NULL) == 1;
    if (good) {
        X509_STORE_CTX_set_time(context, 0, (time_t)(utc_us / TIME_US_PER_S));
        good = X509_verify_cert(context) == 1;
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return good;
}

void x509_uid(X509 *certificate, char *out, size_t size)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    out[0] = '\0';
    if (X509_NAME_get_text_by_NID(name, NID_userId, out, (int)size) < 0)
        out[0] = '\0';
}
