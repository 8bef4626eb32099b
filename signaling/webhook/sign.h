/* SPDX-License-Identifier: Apache-2.0 */
/* Signature and timing of webhooks, after the Standard Webhooks specification 1.0.0: headers
 * webhook-id, webhook-timestamp (seconds), webhook-signature "v1,<base64 of HMAC-SHA256>" over
 * "<id>.<timestamp>.<body>". Pure. */
#ifndef SIGNALING_WEBHOOK_SIGN_H
#define SIGNALING_WEBHOOK_SIGN_H

#include "base/time.h"
#include <stddef.h>
#include <stdint.h>

#define WEBHOOK_SECRET_BYTES    32
#define WEBHOOK_SIGNATURE_MAX   48 /* "v1," and 44 characters of base64, final zero included */
#define WEBHOOK_SECRET_TEXT_MAX 56 /* "whsec_" and base64 */

void webhook_sign(const uint8_t *secret, size_t secret_bytes, const char *id, int64_t timestamp_s,
                  const char *body, char out[WEBHOOK_SIGNATURE_MAX]);

/* "whsec_…": how the receiver is told the secret. */
void webhook_secret_text(const uint8_t secret[WEBHOOK_SECRET_BYTES],
                         char out[WEBHOOK_SECRET_TEXT_MAX]);

/* After `attempts` failed ones (1 or more): how long until the next, or TIME_US_NEVER to give up.
 * `random` in 0 .. UINT32_MAX spreads it by up to 20 %, so that a receiver that comes back is not
 * met by all at once. */
time_us webhook_wait(int64_t attempts, uint32_t random);

#endif
