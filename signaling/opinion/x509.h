/* SPDX-License-Identifier: Apache-2.0 */
/* The few things of OpenSSL that signing and a first installation need: P-256 keys, certificates,
 * PEM. Knows no store. */
#ifndef SIGNALING_OPINION_X509_H
#define SIGNALING_OPINION_X509_H

#include "base/time.h"
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#define X509_NAME_BYTES_MAX 192

struct x509_request {
    const char *common_name;  /* cut to the 64 characters of X.520 (ub-common-name) */
    const char *organization; /* NULL: none */
    const char *uid;          /* account id, NULL: none */
    const char *alt_names;    /* "DNS:a,IP:b", NULL: none; then it is a TLS server's certificate */
    time_us from_utc_us, until_utc_us;
    bool authority;
};

/* New keys and certificates belong to the caller; NULL when OpenSSL refused (memory, or a bad alt
 * name). */
EVP_PKEY *x509_new_key(void);
/* Issued by `issuer` with its key; both NULL: self-signed with `key`. */
X509 *x509_issue(const struct x509_request *request, EVP_PKEY *key, X509 *issuer,
                 EVP_PKEY *issuer_key);

/* New heap text with a final zero, NULL when out of memory. */
char *x509_to_pem(X509 *certificate);
char *x509_key_to_pem(EVP_PKEY *key);
X509 *x509_from_pem(const char *pem);
EVP_PKEY *x509_key_from_pem(const char *pem);

/* Was `certificate` issued by `authority` and valid at that time? */
bool x509_chain_good(X509 *certificate, X509 *authority, time_us utc_us);
/* UID of the subject, "" when it has none. */
void x509_uid(X509 *certificate, char *out, size_t size);

#endif
