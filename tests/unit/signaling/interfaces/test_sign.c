/* SPDX-License-Identifier: Apache-2.0 */
/* Webhook signatures against the example of the Standard Webhooks specification; retries. */
#include "signaling/webhook/sign.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

Test(webhook, signature_is_that_of_the_specification)
{
    uint8_t secret[WEBHOOK_SECRET_BYTES];
    char out[WEBHOOK_SIGNATURE_MAX];
    size_t len = 0;
    cr_assert_eq(sodium_base642bin(secret, sizeof secret, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 32,
                                   NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL),
                 0);
    webhook_sign(secret, len, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}",
                 out);
    cr_expect_str_eq(out, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

Test(webhook, id_time_and_body_are_all_signed)
{
    static const uint8_t secret[WEBHOOK_SECRET_BYTES] = {1};
    char a[WEBHOOK_SIGNATURE_MAX], b[WEBHOOK_SIGNATURE_MAX];
    webhook_sign(secret, sizeof secret, "msg_1", 1, "{}", a);
    webhook_sign(secret, sizeof secret, "msg_2", 1, "{}", b);
    cr_expect_str_neq(a, b);
    webhook_sign(secret, sizeof secret, "msg_1", 2, "{}", b);
    cr_expect_str_neq(a, b);
    webhook_sign(secret, sizeof secret, "msg_1", 1, "{} ", b);
    cr_expect_str_neq(a, b);
    webhook_sign(secret, sizeof secret, "msg_1", 1, "{}", b);
    cr_expect_str_eq(a, b);
}

Test(webhook, waits_grow_spread_and_end)
{
    time_us before_us = 0, whole_us = 0;
    int64_t attempts = 1;
    for (; webhook_wait(attempts, 0) != TIME_US_NEVER; attempts++) {
        time_us least_us = webhook_wait(attempts, 0), most_us = webhook_wait(attempts, UINT32_MAX);
        cr_expect_gt(least_us, before_us);
        cr_expect_eq(most_us, least_us + least_us / 5);
        before_us = least_us;
        whole_us += least_us;
    }
    cr_expect_gt(whole_us, 72 * 3600 * TIME_US_PER_S, "a receiver that is down over a weekend");
    cr_expect_eq(webhook_wait(attempts + 100, 0), TIME_US_NEVER);
}
