/* SPDX-License-Identifier: Apache-2.0 */
/* How a certificate is named to a person. Inside export only. */
#ifndef SIGNALING_EXPORT_FINGERPRINT_H
#define SIGNALING_EXPORT_FINGERPRINT_H

#include <openssl/x509.h>

#define FINGERPRINT_SIZE 65  /* SHA-256 of the DER form in hexadecimal */
#define SUBJECT_SIZE     512 /* "CN = ..., O = ..." (RFC 2253, UTF-8), cut */

/* "" when OpenSSL refused (memory). */
void fingerprint_of(X509 *certificate, char out[FINGERPRINT_SIZE]);
void subject_of(X509 *certificate, char out[SUBJECT_SIZE]);

#endif
