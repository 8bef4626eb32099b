/* SPDX-License-Identifier: Apache-2.0 */
/* Two sessions in virtual time, joined by a relay of a few lines: two ICE-lite transports that hand
 * each other what they opened (same SSRC and payload types). Each session is behind an emulated
 * link of its own (loadtest/link). */
#ifndef TESTS_UNIT_CLIENT_LIB_VIRTUAL_CALL_H
#define TESTS_UNIT_CLIENT_LIB_VIRTUAL_CALL_H

#include "client-lib/session/session.h"
#include "tests/sim/wire/wire.h"

struct virtual_call {
    time_us now_us;
    struct wire wire[2]; /* of each session */
    bool cut;            /* what is sent goes nowhere */
    struct dtls_identity *identity[2], *relay_identity;
    struct session *session[2];
    struct transport *relay[2];
    struct join_answer answer[2];
    struct net_address client_address[2], relay_address;
    bool muted_media; /* the relay opens but hands nothing on */
    struct {
        int connected, interrupted, added, removed, quality;
        uint32_t audio_track, video_track;
    } seen[2];
};

struct virtual_options {
    const struct sq_track_settings *tracks;
    size_t track_count;
    const struct link_profile *profile; /* of both sessions' links; NULL: ... */
    struct wire_manner link;            /* ... fast ones of this manner */
    uint64_t seed;
    uint32_t start_bps, max_bps;
    bool narrow;
};

void virtual_call_start(struct virtual_call *v, const struct virtual_options *options);
/* One step: deliver, run both sides and the relay, then go on by step_us. */
void virtual_call_step(struct virtual_call *v, time_us step_us);
void virtual_call_end(struct virtual_call *v);
/* Join answer for side i: the other side's tracks as consumers. */
void virtual_call_answer(struct virtual_call *v, int i, struct join_answer *out);
void virtual_call_stats(struct virtual_call *v, int i, struct sq_call_stats *out);

#endif
