/* SPDX-License-Identifier: Apache-2.0 */
/* A second signer, for tests: SM2 with SM3 (GB/T 32918, 32905) by OpenSSL, one self-made
 * certificate for each account. It proves that the port carries another algorithm; it is no
 * regional CA. */
#ifndef TESTS_UNIT_SIGNALING_OPINION_SM2_H
#define TESTS_UNIT_SIGNALING_OPINION_SM2_H

#include "signaling/opinion/signer.h"

#define SM2_ALGORITHM "SM2-SM3"

/* NULL: this OpenSSL has no SM2. */
struct signer *sm2_new(void);

#endif
