/* SPDX-License-Identifier: Apache-2.0 */
/* Fingerprint and subject by OpenSSL. */
#include "signaling/export/fingerprint.h"
#include <openssl/bio.h>
#include <sodium.h>

void fingerprint_of(X509 *certificate, char out[FINGERPRINT_SIZE])
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    out[0] = '\0';
    if (X509_digest(certificate, EVP_sha256(), hash, &len) == 1 && 2 * len < FINGERPRINT_SIZE)
        sodium_bin2hex(out, FINGERPRINT_SIZE, hash, len);
}

void subject_of(X509 *certificate, char out[SUBJECT_SIZE])
{
    BIO *bio = BIO_new(BIO_s_mem());
    unsigned long how = XN_FLAG_ONELINE & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    out[0] = '\0';
    if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, how) >= 0) {
        int len = BIO_read(bio, out, SUBJECT_SIZE - 1);
        out[len > 0 ? len : 0] = '\0';
    }
    BIO_free(bio);
}
