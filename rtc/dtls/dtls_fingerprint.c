/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate fingerprints (RFC 8122): text form and comparison. SHA-1 and MD5 are not fingerprints
 * any more. */
#include "rtc/dtls/dtls_private.h"
#include "shanqiao/error.h"
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <string.h>
#include <strings.h>

struct algorithm_row {
    const char *name;
    size_t len_bytes;
};

static const struct algorithm_row rows[] = {
    [DTLS_FINGERPRINT_NONE] = {"none", 0},
    [DTLS_FINGERPRINT_SHA256] = {"sha-256", 32},
    [DTLS_FINGERPRINT_SHA384] = {"sha-384", 48},
    [DTLS_FINGERPRINT_SHA512] = {"sha-512", 64},
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static const struct algorithm_row *row_of(enum dtls_fingerprint_algorithm a)
{
    return &rows[(size_t)a < ROW_COUNT ? a : DTLS_FINGERPRINT_NONE];
}

const char *dtls_fingerprint_algorithm_name(enum dtls_fingerprint_algorithm a)
{
    return row_of(a)->name;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int dtls_fingerprint_parse(struct dtls_fingerprint *out, const char *algorithm, const char *value)
{
    struct dtls_fingerprint fp = {0};
    for (size_t a = DTLS_FINGERPRINT_SHA256; a < ROW_COUNT; a++)
        if (strcasecmp(algorithm, rows[a].name) == 0)
            fp.algorithm = (enum dtls_fingerprint_algorithm)a;
    if (fp.algorithm == DTLS_FINGERPRINT_NONE)
        return SQ_ERR_UNSUPPORTED;
    const size_t len = row_of(fp.algorithm)->len_bytes;
    if (strnlen(value, 3 * len) != 3 * len - 1)
        return SQ_ERR_INVALID;
    for (size_t i = 0; i < len; i++) {
        const int high = hex_digit(value[3 * i]), low = hex_digit(value[3 * i + 1]);
        if (high < 0 || low < 0 || value[3 * i + 2] != (i + 1 < len ? ':' : '\0'))
            return SQ_ERR_INVALID;
        fp.value[i] = (uint8_t)(high << 4 | low);
    }
    *out = fp;
    return 0;
}

const char *dtls_fingerprint_format(const struct dtls_fingerprint *fp,
                                    char out[DTLS_FINGERPRINT_TEXT_MAX])
{
    static const char digits[] = "0123456789ABCDEF";
    const size_t len = row_of(fp->algorithm)->len_bytes;
    out[0] = '\0';
    for (size_t i = 0; i < len; i++) {
        out[3 * i] = digits[fp->value[i] >> 4];
        out[3 * i + 1] = digits[fp->value[i] & 15];
        out[3 * i + 2] = i + 1 < len ? ':' : '\0';
    }
    return out;
}

static const EVP_MD *digest_of(enum dtls_fingerprint_algorithm a)
{
    switch (a) {
    case DTLS_FINGERPRINT_SHA256:
        return EVP_sha256();
    case DTLS_FINGERPRINT_SHA384:
        return EVP_sha384();
    case DTLS_FINGERPRINT_SHA512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

bool dtls_fingerprint_of(const X509 *certificate, enum dtls_fingerprint_algorithm algorithm,
                         struct dtls_fingerprint *out)
{
    const EVP_MD *digest = digest_of(algorithm);
    unsigned len = 0;
    *out = (struct dtls_fingerprint){.algorithm = algorithm};
    return digest && X509_digest(certificate, digest, out->value, &len) == 1 &&
           len == row_of(algorithm)->len_bytes;
}

bool dtls_fingerprint_matches(const struct dtls_fingerprint *wanted, const X509 *certificate)
{
    struct dtls_fingerprint found;
    return certificate && dtls_fingerprint_of(certificate, wanted->algorithm, &found) &&
           CRYPTO_memcmp(found.value, wanted->value, sizeof(found.value)) == 0;
}
