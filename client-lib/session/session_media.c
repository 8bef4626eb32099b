/* SPDX-License-Identifier: Apache-2.0 */
/* What flows through a session: packets in, coding, feedback, reports, padding, packets out. See
 * session.h. */
#include "client-lib/session/session_private.h"

#include <string.h>

#define CODING_PERIOD_US                                                                           \
    (10 * TIME_US_PER_MS) /* raw media is looked for this often when nobody wakes us */
#define SILENCE_US (1500 * TIME_US_PER_MS) /* feedback comes every 100 ms, reports every second */

static time_us rtt_us(const struct session *s)
{
    struct transport_stats stats;
    transport_get_stats(s->transport, &stats);
    return stats.rtt_us;
}

static struct reports_streams streams_of(struct session *s)
{
    return (struct reports_streams){
        .local = s->locals,
        .local_count = s->config.track_count,
        .remote = remote_table_streams(s->remotes),
        .remote_count = SESSION_REMOTE_MAX,
    };
}

static void receive_rtp(struct session *s, uint8_t *data, size_t len_bytes, time_us now_us)
{
    struct rtp_view view;
    if (rtp_parse(&view, data, len_bytes))
        return;
    s->last_packet_us = now_us;
    struct receive_stream *r = remote_table_of_ssrc(s->remotes, view.ssrc);
    if (r)
        receive_stream_on_packet(r, &view, data, now_us);
    else
        s->unknown_ssrc++;
}

void session_receive(struct session *s, const struct net_tuple *from, uint8_t *data,
                     size_t len_bytes, time_us now_us)
{
    if (!s->transport)
        return;
    enum transport_received what = transport_receive(s->transport, from, data, &len_bytes, now_us);
    if (what != TRANSPORT_RECEIVED_NOTHING)
        s->heard_us = now_us;
    if (what == TRANSPORT_RECEIVED_RTP)
        receive_rtp(s, data, len_bytes, now_us);
    if (what == TRANSPORT_RECEIVED_RTCP) {
        struct reports_streams streams = streams_of(s);
        if (reports_receive(&streams, s->pacer, data, len_bytes, rtt_us(s),
                            now_us + s->config.utc_offset_us, now_us))
            s->bad_rtcp++;
    }
    session_drain_transport(s, now_us);
}

static void queue_control(struct session *s, const struct byte_writer *w, struct packet *p)
{
    p->len_bytes = (uint16_t)byte_writer_len(w);
    if (p->len_bytes)
        pacer_put(s->pacer, &(struct pacer_item){.packet = p, .class = PACER_CONTROL});
    else
        packet_unref(p);
}

static struct packet *control_packet(struct session *s, struct byte_writer *w)
{
    struct packet *p = packet_take(s->pool);
    if (p)
        *w = byte_writer_of(p->data, TRANSPORT_DATAGRAM_MAX - SRTP_TRAILER_MAX);
    return p;
}

static void step_feedback(struct session *s, time_us now_us)
{
    struct byte_writer w;
    struct packet *p = control_packet(s, &w);
    if (!p)
        return;
    time_us rtt = rtt_us(s);
    for (size_t i = 0; i < SESSION_REMOTE_MAX; i++) {
        struct receive_stream *r = remote_table_at(s->remotes, i);
        if (r)
            receive_stream_feedback(r, &w, s->sender_ssrc, rtt, now_us);
    }
    queue_control(s, &w, p);
}

static void step_reports(struct session *s, time_us now_us)
{
    struct byte_writer w;
    struct packet *p = now_us >= s->reports.next_us ? control_packet(s, &w) : NULL;
    if (!p)
        return;
    struct reports_streams streams = streams_of(s);
    reports_write(&s->reports, &streams, &w, s->sender_ssrc, s->cname,
                  now_us + s->config.utc_offset_us, now_us);
    queue_control(s, &w, p);
}

/* True while the far side is heard; the first picture after a silence is a key frame. */
static bool is_heard(struct session *s, time_us now_us)
{
    bool silent = now_us - s->heard_us > SILENCE_US;
    if (s->silent && !silent)
        for (size_t i = 0; i < s->config.track_count; i++)
            local_track_force_key(s->locals[i]);
    s->silent = silent;
    return !silent;
}

static bool wants_more(const struct session *s, const struct sq_track_settings *t, size_t i)
{
    return t->kind == SQ_VIDEO && !s->muted[i] && s->plan.video_bps < t->max_bps;
}

static void step_probe(struct session *s, time_us now_us)
{
    bool due = probe_due(&s->probe, s->estimate_bps, now_us);
    for (size_t i = 0; due && i < s->config.track_count; i++) {
        if (!wants_more(s, local_track_settings(s->locals[i]), i))
            continue;
        send_stream_padding(local_track_stream(s->locals[i]), s->pool, s->pacer);
        return;
    }
}

void session_step(struct session *s, time_us now_us)
{
    struct local_sink sink = {.pool = s->pool, .pacer = s->pacer};
    if (s->transport)
        transport_timeout(s->transport, now_us);
    session_drain_transport(s, now_us);
    bool connected = session_state(s) == TRANSPORT_CONNECTED;
    bool heard = is_heard(s, now_us);
    for (size_t i = 0; i < s->config.track_count; i++) {
        bool video = local_track_settings(s->locals[i])->kind == SQ_VIDEO;
        local_track_step(s->locals[i], &sink, connected && (heard || !video), now_us);
    }
    for (size_t i = 0; i < SESSION_REMOTE_MAX; i++) {
        struct receive_stream *r = remote_table_at(s->remotes, i);
        if (!r)
            continue;
        struct sync_speech speech = remote_table_speech(s->remotes, r);
        receive_stream_step(r, &speech, now_us);
    }
    if (!connected)
        return;
    step_feedback(s, now_us);
    step_reports(s, now_us);
    if (heard)
        step_probe(s, now_us);
}

time_us session_deadline(struct session *s, time_us now_us)
{
    if (!s->transport)
        return TIME_US_NEVER;
    time_us at = transport_deadline(s->transport);
    if (session_state(s) != TRANSPORT_CONNECTED)
        return at;
    time_us rtt = rtt_us(s);
    at = time_us_min(at, time_us_min(s->reports.next_us, pacer_deadline(s->pacer, now_us)));
    for (size_t i = 0; i < SESSION_REMOTE_MAX; i++) {
        struct receive_stream *r = remote_table_at(s->remotes, i);
        if (r)
            at = time_us_min(at, receive_stream_deadline(r, rtt));
    }
    return time_us_min(at, now_us + CODING_PERIOD_US);
}

static bool seal(struct session *s, const struct pacer_item *item, size_t *len_bytes,
                 time_us now_us)
{
    memcpy(s->scratch, item->packet->data, item->packet->len_bytes);
    *len_bytes = item->packet->len_bytes;
    if (item->class == PACER_CONTROL)
        return transport_seal_rtcp(s->transport, s->scratch, len_bytes, sizeof(s->scratch),
                                   now_us) == 0;
    int len = send_stream_finish(item->stream, item, s->scratch, *len_bytes, sizeof(s->scratch));
    if (len <= 0)
        return false;
    *len_bytes = (size_t)len;
    return transport_seal_rtp(s->transport, s->scratch, len_bytes, sizeof(s->scratch), now_us) == 0;
}

bool session_next_datagram(struct session *s, struct transport_datagram *out, time_us now_us)
{
    struct pacer_item item;
    if (!s->transport)
        return false;
    if (transport_next_datagram(s->transport, out))
        return true;
    while (pacer_next(s->pacer, &item, now_us)) {
        const struct net_tuple *tuple = transport_tuple(s->transport);
        size_t len_bytes = 0;
        bool sealed = tuple && seal(s, &item, &len_bytes, now_us);
        packet_unref(item.packet);
        if (!sealed)
            continue;
        probe_sent(&s->probe, len_bytes);
        *out = (struct transport_datagram){
            .tuple = *tuple, .data = s->scratch, .len_bytes = len_bytes};
        return true;
    }
    return false;
}

void session_goodbye(struct session *s, time_us now_us)
{
    (void)now_us;
    uint32_t ssrcs[SQ_TRACKS_MAX];
    struct byte_writer w;
    struct packet *p = session_state(s) == TRANSPORT_CONNECTED ? control_packet(s, &w) : NULL;
    if (!p)
        return;
    for (size_t i = 0; i < s->config.track_count; i++)
        ssrcs[i] = local_track_stream(s->locals[i])->config.ssrc;
    rtcp_write_bye(&w, ssrcs, s->config.track_count);
    queue_control(s, &w, p);
}
