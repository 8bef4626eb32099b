/* SPDX-License-Identifier: Apache-2.0 */
/* See virtual_call.h. */
#include "virtual_call.h"

#include "rtc/rtcp/rtcp.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UTC_OFFSET_US INT64_C(1790000000000000)

static void launch(struct virtual_call *v, int leg, bool to_relay, const uint8_t *data, size_t len)
{
    if (!v->cut)
        wire_send(&v->wire[leg], to_relay ? LINK_UP : LINK_DOWN, v->now_us, data, len);
}

/* Producers of one side become consumers of the other; read back from its own join message. */
void virtual_call_answer(struct virtual_call *v, int i, struct join_answer *out)
{
    json_t *params = session_join_params(v->session[1 - i]);
    size_t n;
    json_t *produce;
    *out = v->answer[i];
    out->consumer_count = 0;
    json_array_foreach(json_object_get(params, "produce"), n, produce)
    {
        char id[JOIN_ID_MAX], producer[JOIN_ID_MAX];
        snprintf(id, sizeof(id), "consumer%zu", n);
        snprintf(producer, sizeof(producer), "producer%d-%zu", 1 - i, n);
        json_t *consumer = json_pack("{s:s, s:s, s:s, s:O, s:O, s:O, s:b}", "id", id, "producerId",
                                     producer, "participantId", i ? "village" : "county", "kind",
                                     json_object_get(produce, "kind"), "source",
                                     json_object_get(produce, "source"), "rtpParameters",
                                     json_object_get(produce, "rtpParameters"), "paused", 0);
        cr_assert_eq(join_parse_consumer(&out->consumers[out->consumer_count], consumer), 0);
        out->consumer_count++;
        json_decref(consumer);
    }
    json_decref(params);
}

static void start_side(struct virtual_call *v, int i)
{
    struct join_answer *answer = &v->answer[i];
    struct transport_config relay = {
        .ice_role = ICE_ROLE_LITE,
        .identity = v->relay_identity,
        .dtls_role = DTLS_ROLE_SERVER,
        .profiles = {SRTP_PROFILE_AEAD_AES_128_GCM},
        .profile_count = 1,
    };
    struct transport_extensions extensions = {JOIN_EXT_TRANSPORT_CC, JOIN_EXT_TRANSPORT_CC, 0};
    ice_credentials_new(&relay.local);
    dtls_identity_fingerprint(v->identity[i], &relay.remote_fingerprint);
    cr_assert_eq(transport_new(&v->relay[i], &relay, v->now_us), 0);
    transport_set_extensions(v->relay[i], &extensions);
    snprintf(answer->transport_id, sizeof(answer->transport_id), "transport%d", i);
    answer->remote = relay.local;
    ice_candidate_host(&answer->candidates[0], NET_UDP, &v->relay_address, 0);
    answer->candidate_count = 1;
    dtls_identity_fingerprint(v->relay_identity, &answer->fingerprint);
}

void virtual_call_start(struct virtual_call *v, const struct virtual_options *options)
{
    memset(v, 0, sizeof(*v));
    v->now_us = 1000 * TIME_US_PER_S;
    net_address_parse(&v->relay_address, "192.0.2.1", 40000);
    cr_assert_eq(dtls_identity_new(&v->relay_identity, UTC_OFFSET_US), 0);
    for (int i = 0; i < 2; i++) {
        wire_open(&v->wire[i], options->profile, &options->link, options->seed * 2 + (uint64_t)i,
                  v->now_us);
        net_address_parse(&v->client_address[i], i ? "198.51.100.1" : "198.51.100.2", 5000);
        cr_assert_eq(dtls_identity_new(&v->identity[i], UTC_OFFSET_US), 0);
        struct session_config config = {
            .room = "room",
            .tracks = options->tracks,
            .track_count = options->track_count,
            .start_bps = options->start_bps,
            .max_bps = options->max_bps,
            .narrow = options->narrow,
            .identity = v->identity[i],
            .utc_offset_us = UTC_OFFSET_US,
        };
        cr_assert_eq(session_new(&v->session[i], &config), 0);
        start_side(v, i);
    }
    for (int i = 0; i < 2; i++) {
        struct join_answer answer;
        virtual_call_answer(v, i, &answer);
        cr_assert_eq(session_start(v->session[i], &answer, &v->client_address[i], v->now_us), 0);
    }
}

/* Feedback about one leg's packets is no business of the other leg. */
static size_t without_twcc(uint8_t *out, const uint8_t *data, size_t len)
{
    struct rtcp_iterator it;
    struct rtcp_packet p;
    size_t kept = 0;
    if (rtcp_begin(&it, data, len))
        return 0;
    while (rtcp_next(&it, &p)) {
        if (p.type == RTCP_RTPFB && p.count == RTCP_RTPFB_TWCC)
            continue;
        memcpy(out + kept, p.data, p.len_bytes);
        kept += p.len_bytes;
    }
    return kept;
}

static void forward(struct virtual_call *v, int from, enum transport_received what, uint8_t *data,
                    size_t len)
{
    struct transport *to = v->relay[1 - from];
    uint8_t copy[2048];
    if (v->muted_media || what == TRANSPORT_RECEIVED_NOTHING ||
        transport_state(to) != TRANSPORT_CONNECTED)
        return;
    if (what == TRANSPORT_RECEIVED_RTCP)
        len = without_twcc(copy, data, len);
    else
        memcpy(copy, data, len);
    if (len == 0)
        return;
    int err = what == TRANSPORT_RECEIVED_RTP
                  ? transport_seal_rtp(to, copy, &len, sizeof(copy), v->now_us)
                  : transport_seal_rtcp(to, copy, &len, sizeof(copy), v->now_us);
    if (!err)
        launch(v, 1 - from, false, copy, len);
}

static void deliver(struct virtual_call *v, int leg, bool to_relay, const struct link_event *e)
{
    struct net_tuple from = {.protocol = NET_UDP};
    uint8_t data[2048];
    size_t len = e->len_bytes;
    cr_assert_leq(len, sizeof(data));
    memcpy(data, e->data, len);
    from.local = to_relay ? v->relay_address : v->client_address[leg];
    from.remote = to_relay ? v->client_address[leg] : v->relay_address;
    if (!to_relay) {
        session_receive(v->session[leg], &from, data, len, v->now_us);
        return;
    }
    enum transport_received what = transport_receive(v->relay[leg], &from, data, &len, v->now_us);
    forward(v, leg, what, data, len);
}

static void note(struct virtual_call *v, int i, const struct session_event *e)
{
    if (e->type == SESSION_EVENT_STATE) {
        v->seen[i].connected += e->state == TRANSPORT_CONNECTED;
        v->seen[i].interrupted += e->state == TRANSPORT_INTERRUPTED;
    }
    if (e->type == SESSION_EVENT_TRACK_ADDED) {
        v->seen[i].added++;
        if (e->track.kind == SQ_AUDIO)
            v->seen[i].audio_track = e->track.number;
        else
            v->seen[i].video_track = e->track.number;
    }
    v->seen[i].removed += e->type == SESSION_EVENT_TRACK_REMOVED;
    v->seen[i].quality += e->type == SESSION_EVENT_QUALITY;
}

static void run_side(struct virtual_call *v, int i)
{
    struct transport_datagram out;
    struct session_event event;
    struct transport_event relay_event;
    session_step(v->session[i], v->now_us);
    while (session_next_datagram(v->session[i], &out, v->now_us))
        launch(v, i, true, out.data, out.len_bytes);
    while (session_next_event(v->session[i], &event))
        note(v, i, &event);
    transport_timeout(v->relay[i], v->now_us);
    while (transport_next_datagram(v->relay[i], &out))
        launch(v, i, false, out.data, out.len_bytes);
    while (transport_next_event(v->relay[i], &relay_event))
        ;
}

void virtual_call_step(struct virtual_call *v, time_us step_us)
{
    enum link_direction way;
    struct link_event event;
    for (int i = 0; i < 2; i++)
        while (wire_next(&v->wire[i], v->now_us, &way, &event))
            if (event.type == LINK_PACKET)
                deliver(v, i, way == LINK_UP, &event);
    for (int i = 0; i < 2; i++)
        run_side(v, i);
    v->now_us += step_us;
}

void virtual_call_end(struct virtual_call *v)
{
    for (int i = 0; i < 2; i++) {
        session_free(v->session[i]);
        transport_free(v->relay[i]);
        dtls_identity_free(v->identity[i]);
        wire_close(&v->wire[i]);
    }
    dtls_identity_free(v->relay_identity);
}

void virtual_call_stats(struct virtual_call *v, int i, struct sq_call_stats *out)
{
    memset(out, 0, sizeof(*out));
    session_get_stats(v->session[i], out, v->now_us);
}
