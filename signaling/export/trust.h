/* SPDX-License-Identifier: Apache-2.0 */
/* A few CAs, and which of them issued a certificate. Inside export only. */
#ifndef SIGNALING_EXPORT_TRUST_H
#define SIGNALING_EXPORT_TRUST_H

#include "signaling/opinion/x509.h"

#define TRUST_MAX 8 /* CAs in one file: an installation renews its own every few years */

struct trust {
    X509 *ca[TRUST_MAX]; /* owned */
    size_t count;
};
/* Certificates of a PEM file. 0; SQ_ERR_INVALID: none in it, or more than TRUST_MAX. */
int trust_read(struct trust *t, const char *pem);
void trust_clear(struct trust *t);
/* The one that issued it, when it was valid then; NULL: none. Borrowed. */
X509 *trust_issuer(const struct trust *t, X509 *certificate, time_us utc_us);

#endif
