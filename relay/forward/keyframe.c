/* SPDX-License-Identifier: Apache-2.0 */
/* Merged key-frame requests. Refuses to know: RTCP, who asks. */
#include "relay/forward/keyframe.h"

#define NEVER_SENT INT64_MIN

void keyframe_init(struct keyframe_requests *k)
{
    *k = (struct keyframe_requests){.sent_us = NEVER_SENT};
}

void keyframe_request(struct keyframe_requests *k)
{
    k->pending = true;
}

void keyframe_waiting(struct keyframe_requests *k, time_us now_us)
{
    if (k->sent_us == NEVER_SENT || now_us - k->sent_us >= KEYFRAME_RETRY_US)
        k->pending = true;
}

void keyframe_arrived(struct keyframe_requests *k)
{
    k->pending = false;
}

void keyframe_unheard(struct keyframe_requests *k)
{
    k->sent_us = NEVER_SENT;
}

time_us keyframe_deadline(const struct keyframe_requests *k)
{
    if (!k->pending)
        return TIME_US_NEVER;
    return k->sent_us == NEVER_SENT ? INT64_MIN : k->sent_us + KEYFRAME_HOLDOFF_US;
}

bool keyframe_take(struct keyframe_requests *k, time_us now_us)
{
    if (keyframe_deadline(k) > now_us)
        return false;
    k->pending = false;
    k->sent_us = now_us;
    return true;
}
