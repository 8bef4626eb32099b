/* SPDX-License-Identifier: Apache-2.0 */
/* Two sessions in virtual time, joined by a relay of a few lines: two ICE-lite transports that hand
 * each other what they opened (same SSRC and payload types), over links with delay, jitter and loss
 * from one seed. */
#ifndef TESTS_UNIT_CLIENT_LIB_VIRTUAL_CALL_H
#define TESTS_UNIT_CLIENT_LIB_VIRTUAL_CALL_H

#include "client-lib/session/session.h"
#include "tests/support/prng.h"

#define VIRTUAL_FLIGHT_MAX 4096

struct virtual_datagram {
    bool used;
    bool to_relay;
    int leg;
    time_us at_us;
    struct net_tuple tuple; /* as the receiver sees it */
    size_t len_bytes;
    uint8_t data[2048];
};

struct virtual_link {
    time_us delay_us, jitter_us;
    double loss;
    bool cut;
};

struct virtual_call {
    time_us now_us;
    struct prng prng;
    struct virtual_link link;
    struct dtls_identity *identity[2], *relay_identity;
    struct session *session[2];
    struct transport *relay[2];
    struct join_answer answer[2];
    struct net_address client_address[2], relay_address;
    struct virtual_datagram *flight;
    uint64_t sent, lost;
    bool muted_media; /* the relay opens but hands nothing on */
    struct {
        int connected, interrupted, added, removed, quality;
        uint32_t audio_track, video_track;
    } seen[2];
};

struct virtual_options {
    const struct sq_track_settings *tracks;
    size_t track_count;
    struct virtual_link link;
    uint64_t seed;
    uint32_t start_bps;
};

void virtual_call_start(struct virtual_call *v, const struct virtual_options *options);
/* One step: deliver, run both sides and the relay, then go on by step_us. */
void virtual_call_step(struct virtual_call *v, time_us step_us);
void virtual_call_end(struct virtual_call *v);
/* Join answer for side i: the other side's tracks as consumers. */
void virtual_call_answer(struct virtual_call *v, int i, struct join_answer *out);
void virtual_call_stats(struct virtual_call *v, int i, struct sq_call_stats *out);

#endif
