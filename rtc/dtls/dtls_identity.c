/* SPDX-License-Identifier: Apache-2.0 */
/* A process's key, certificate and OpenSSL context. */
#include "base/random.h"
#include "rtc/dtls/dtls_private.h"
#include "shanqiao/error.h"
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define COMMON_NAME                                                                                \
    "shanqiao" /* tells nothing about whose it is; the fingerprint is what counts                  \
                */
#define CERTIFICATE_LIST_MAX 4096 /* bytes; a browser's certificate has about 300 */

/* Forward secrecy and AEAD only: what Chromium, Firefox and Safari offer for DTLS 1.2. */
#define CIPHERS                                                                                    \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"   \
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305"
#define GROUPS "X25519:P-256:P-384"

static bool certificate_fill(X509 *c, EVP_PKEY *key, time_us utc_us)
{
    uint64_t serial = 0;
    random_bytes(&serial, sizeof(serial));
    time_t now = (time_t)(utc_us / TIME_US_PER_S);
    X509_NAME *name = X509_get_subject_name(c);
    return X509_set_version(c, X509_VERSION_3) &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(c), serial >> 1 | 1) &&
           ASN1_TIME_adj(X509_getm_notBefore(c), now, -1, 0) && /* a peer's clock may be behind */
           ASN1_TIME_adj(X509_getm_notAfter(c), now, DTLS_IDENTITY_VALID_DAYS, 0) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)COMMON_NAME,
                                      -1, -1, 0) &&
           X509_set_issuer_name(c, name) && X509_set_pubkey(c, key) &&
           X509_sign(c, key, EVP_sha256()) > 0;
}

/* The chain is not looked at: a self-signed certificate proves itself by its fingerprint alone (RFC
 * 8122). */
static int verify_peer(X509_STORE_CTX *store, void *unused)
{
    (void)unused;
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct dtls_hooks *hooks = ssl ? SSL_get_app_data(ssl) : NULL;
    if (!hooks)
        return 0;
    if (hooks->remote.algorithm == DTLS_FINGERPRINT_NONE)
        return 1; /* compared when signalling has told it; not CONNECTED before */
    if (dtls_fingerprint_matches(&hooks->remote, X509_STORE_CTX_get0_cert(store)))
        return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

static SSL_CTX *context_new(X509 *certificate, EVP_PKEY *key)
{
    SSL_CTX *ctx = SSL_CTX_new(DTLS_method());
    if (!ctx)
        return NULL;
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, verify_peer, NULL);
    SSL_CTX_set_max_cert_list(ctx, CERTIFICATE_LIST_MAX);
    if (SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) &&
        SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) &&
        SSL_CTX_set_cipher_list(ctx, CIPHERS) && SSL_CTX_set1_groups_list(ctx, GROUPS) &&
        SSL_CTX_use_certificate(ctx, certificate) && SSL_CTX_use_PrivateKey(ctx, key))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

int dtls_identity_new(struct dtls_identity **out, time_us utc_us)
{
    struct dtls_identity *i = calloc(1, sizeof(*i));
    if (!i)
        return SQ_ERR_NOMEM;
    i->key = EVP_EC_gen("P-256");
    i->certificate = X509_new();
    i->bio_method = dtls_bio_method_new();
    if (!i->key || !i->certificate || !i->bio_method ||
        !certificate_fill(i->certificate, i->key, utc_us))
        goto fail;
    i->context = context_new(i->certificate, i->key);
    if (!i->context ||
        !dtls_fingerprint_of(i->certificate, DTLS_FINGERPRINT_SHA256, &i->fingerprint))
        goto fail;
    *out = i;
    return 0;
fail:
    ERR_clear_error();
    dtls_identity_free(i);
    return SQ_ERR_NOMEM;
}

void dtls_identity_free(struct dtls_identity *i)
{
    if (!i)
        return;
    SSL_CTX_free(i->context);
    X509_free(i->certificate);
    EVP_PKEY_free(i->key);
    BIO_meth_free(i->bio_method);
    free(i);
}

void dtls_identity_fingerprint(const struct dtls_identity *identity, struct dtls_fingerprint *out)
{
    *out = identity->fingerprint;
}
