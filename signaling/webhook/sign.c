/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA256 by libsodium; the schedule of retries as a table. */
#include "signaling/webhook/sign.h"
#include "base/check.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define S TIME_US_PER_S

/* The schedule that the specification recommends: about three days in all. */
static const time_us waits[] = {5 * S,         5 * 60 * S,    30 * 60 * S,
                                2 * 3600 * S,  5 * 3600 * S,  10 * 3600 * S,
                                14 * 3600 * S, 20 * 3600 * S, 24 * 3600 * S};

void webhook_sign(const uint8_t *secret, size_t secret_bytes, const char *id, int64_t timestamp_s,
                  const char *body, char out[WEBHOOK_SIGNATURE_MAX])
{
    crypto_auth_hmacsha256_state state;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    char middle[32];
    snprintf(middle, sizeof middle, ".%lld.", (long long)timestamp_s);
    crypto_auth_hmacsha256_init(&state, secret, secret_bytes);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)id, strlen(id));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)middle, strlen(middle));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)body, strlen(body));
    crypto_auth_hmacsha256_final(&state, mac);
    memcpy(out, "v1,", 4);
    CHECK(sodium_bin2base64(out + 3, WEBHOOK_SIGNATURE_MAX - 3, mac, sizeof mac,
                            sodium_base64_VARIANT_ORIGINAL));
}

void webhook_secret_text(const uint8_t secret[WEBHOOK_SECRET_BYTES],
                         char out[WEBHOOK_SECRET_TEXT_MAX])
{
    memcpy(out, "whsec_", 7);
    CHECK(sodium_bin2base64(out + 6, WEBHOOK_SECRET_TEXT_MAX - 6, secret, WEBHOOK_SECRET_BYTES,
                            sodium_base64_VARIANT_ORIGINAL));
}

time_us webhook_wait(int64_t attempts, uint32_t random)
{
    CHECK(attempts >= 1);
    if ((size_t)attempts > sizeof waits / sizeof waits[0])
        return TIME_US_NEVER;
    time_us wait_us = waits[attempts - 1];
    return wait_us + (time_us)((double)wait_us / 5 * ((double)random / UINT32_MAX));
}
