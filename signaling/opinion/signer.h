/* SPDX-License-Identifier: Apache-2.0 */
/* The port for signatures over an opinion's canonical bytes. Refuses to know what an opinion is. */
#ifndef SIGNALING_OPINION_SIGNER_H
#define SIGNALING_OPINION_SIGNER_H

#include "base/time.h"
#include <stddef.h>
#include <stdint.h>

#define SIGNER_SIGNATURE_MAX   256  /* bytes, DER */
#define SIGNER_CERTIFICATE_MAX 4096 /* bytes, PEM with the final zero */

struct service;
struct signer;

struct signature {
    uint8_t bytes[SIGNER_SIGNATURE_MAX];
    size_t len_bytes;
    char certificate[SIGNER_CERTIFICATE_MAX]; /* PEM of the signer's certificate, as it was at
                                                 signing */
};

/* Another signer (an SM2 token, a regional CA) fills this table. */
struct signer_ops {
    const char *algorithm; /* "ECDSA-P256-SHA256" */
    /* Signs for an account; makes its key and certificate at the first use (inside the caller's
     * transaction). 0, SQ_ERR_STORE, SQ_ERR_NOMEM, SQ_ERR_INTERNAL (the crypto library refused). */
    int (*sign)(struct signer *self, const char *account, const void *data, size_t len_bytes,
                time_us utc_us, struct signature *out);
    /* 0; SQ_ERR_FORGED: the signature is not over these bytes; SQ_ERR_DENIED: the certificate is
     * not of this installation, not of `account`, or was not valid at signed_utc_us. */
    int (*verify)(struct signer *self, const char *account, const void *data, size_t len_bytes,
                  time_us signed_utc_us, const struct signature *signature);
    void (*free)(struct signer *self);
};

/* The first of a list signs; all of them verify what they signed in their time. */
struct signer {
    const struct signer_ops *ops;
    struct signer *next; /* owned; NULL: the last */
};

/* The one of the list that verifies this algorithm; NULL: none. */
struct signer *signer_for(struct signer *first, const char *algorithm);

/* Account name of the installation itself, whose key signs what leaves it (evidence). No id has a
 * colon. */
#define SIGNER_INSTALLATION ":installation"

/* ECDSA P-256 over SHA-256, keys sealed in the store, certificates by the installation's CA, which
 * the first signature makes. Opening reads the CA that is there, so that a wrong master key is
 * found at start. 0, SQ_ERR_STORE, SQ_ERR_NOMEM, SQ_ERR_FORGED (sealed by another master key). */
int signer_p256_open(struct signer **out, struct service *s);
/* Makes the CA now, where there is none (a first installation). Inside a transaction. */
int signer_p256_make_ca(struct service *s, time_us utc_us);
void signer_close(struct signer *first); /* and all behind it */

#endif
