/* SPDX-License-Identifier: Apache-2.0 */
/* Merges key-frame requests of many receivers into few for one encoder: at most one in
 * KEYFRAME_HOLDOFF_US, none lost (one that comes within the hold-off is sent at its end unless a
 * key frame came first), and a slow retry while somebody waits, since the request itself may be
 * lost. Refuses to know: RTCP, who asks. */
#ifndef RELAY_FORWARD_KEYFRAME_H
#define RELAY_FORWARD_KEYFRAME_H

#include "base/time.h"
#include <stdbool.h>

/* A key frame costs a narrow link several hundred ms; two requests closer than this ask for the
 * same frame. */
#define KEYFRAME_HOLDOFF_US (500 * TIME_US_PER_MS)
/* A waiting receiver asks again only after a round trip of a bad link and the frame's own time on
 * it. */
#define KEYFRAME_RETRY_US (2 * TIME_US_PER_S)

struct keyframe_requests {
    time_us sent_us; /* last request sent; INT64_MIN before the first */
    bool pending;
};

void keyframe_init(struct keyframe_requests *k);
/* A receiver asks (PLI, FIR, start, resume, switch of layer). */
void keyframe_request(struct keyframe_requests *k);
/* A receiver still waits, told with each packet it can't use. */
void keyframe_waiting(struct keyframe_requests *k, time_us now_us);
/* The beginning of a key frame came: what was asked before it is answered. */
void keyframe_arrived(struct keyframe_requests *k);
/* What was sent so far reached nobody: the next request needs no hold-off. */
void keyframe_unheard(struct keyframe_requests *k);
/* When keyframe_take will say yes; TIME_US_NEVER when nobody asks. */
time_us keyframe_deadline(const struct keyframe_requests *k);
/* True when a request is to be sent now; counts it as sent. */
bool keyframe_take(struct keyframe_requests *k, time_us now_us);

#endif
