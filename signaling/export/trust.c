/* SPDX-License-Identifier: Apache-2.0 */
/* See trust.h. */
#include "signaling/export/trust.h"
#include "shanqiao/error.h"
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

int trust_read(struct trust *t, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *one = NULL;
    int status = bio ? 0 : SQ_ERR_NOMEM;
    *t = (struct trust){0};
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

X509 *trust_issuer(const struct trust *t, X509 *certificate, time_us utc_us)
{
    for (size_t i = 0; i < t->count; i++)
        if (x509_chain_good(certificate, t->ca[i], utc_us))
            return t->ca[i];
    return NULL;
}
