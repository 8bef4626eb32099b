/* SPDX-License-Identifier: Apache-2.0 */
/* Transport-wide congestion feedback of one transport: joins rtc/bwe to RTP and RTCP as they pass
 * by. The large parts exist only while the extension is in use. */
#include "rtc/rtcp/rtcp.h"
#include "rtc/rtp/rtp.h"
#include "rtc/transport/transport_private.h"
#include "shanqiao/error.h"
#include <stdlib.h>

#define RESULTS_MAX 1024 /* results of one feedback that are used; ours describes at most 600 */

int congestion_set_extensions(struct congestion *c, const struct transport_extensions *e)
{
    if (e->receive_transport_cc && !c->receiver) {
        c->receiver = malloc(sizeof(*c->receiver));
        if (!c->receiver)
            return SQ_ERR_NOMEM;
        twcc_receiver_init(c->receiver, 0);
    }
    if (e->send_transport_cc && !c->sender) {
        c->sender = malloc(sizeof(*c->sender));
        if (!c->sender)
            return SQ_ERR_NOMEM;
        twcc_sender_init(c->sender);
    }
    c->extensions = *e;
    return 0;
}

void congestion_fini(struct congestion *c)
{
    free(c->receiver);
    free(c->sender);
}

void congestion_on_rtp(struct congestion *c, const uint8_t *data, size_t len_bytes, time_us now_us)
{
    struct rtp_view v;
    uint16_t wide;
    if (c->extensions.receive_transport_cc == 0 || rtp_parse(&v, data, len_bytes) != 0)
        return;
    c->media_ssrc = v.ssrc;
    if (rtp_get_transport_cc(&v, c->extensions.receive_transport_cc, &wide))
        twcc_receiver_on_packet(c->receiver, wide, now_us);
}

static bool on_packet(struct congestion *c, const struct rtcp_packet *p, time_us rtt_us,
                      time_us now_us)
{
    struct rtcp_twcc feedback;
    struct rtcp_remb remb;
    struct twcc_result results[RESULTS_MAX];
    if (p->type == RTCP_RTPFB && rtcp_parse_twcc(&feedback, p) == 0) {
        const size_t n = twcc_sender_on_feedback(c->sender, &feedback, results, RESULTS_MAX);
        return n > 0 && estimator_on_results(&c->estimator, results, n, rtt_us, now_us);
    }
    if (p->type == RTCP_PSFB && rtcp_parse_remb(&remb, p) == 0)
        return estimator_on_remb(&c->estimator, remb.rate_bps, now_us);
    return false;
}

bool congestion_on_rtcp(struct congestion *c, const uint8_t *data, size_t len_bytes, time_us rtt_us,
                        time_us now_us)
{
    struct rtcp_iterator it;
    struct rtcp_packet p;
    if (!c->estimating || rtcp_begin(&it, data, len_bytes) != 0)
        return false;
    bool changed = false;
    while (rtcp_next(&it, &p))
        changed |= on_packet(c, &p, rtt_us, now_us);
    const uint32_t before = c->estimate_bps;
    if (changed)
        c->estimate_bps = estimator_bps(&c->estimator);
    return c->estimate_bps != before;
}

void congestion_stamp(struct congestion *c, uint8_t *data, size_t len_bytes, size_t wire_bytes,
                      time_us now_us)
{
    const struct transport_extensions *e = &c->extensions;
    struct rtp_view v;
    struct rtp_element element;
    if ((e->send_transport_cc | e->send_abs_send_time) == 0 || rtp_parse(&v, data, len_bytes) != 0)
        return;
    if (e->send_abs_send_time) {
        uint8_t value[RTP_ABS_SEND_TIME_LEN];
        rtp_put_abs_send_time(value, now_us);
        rtp_element_set(&v, data, e->send_abs_send_time, value, sizeof(value));
    }
    if (rtp_element_find(&v, e->send_transport_cc, &element) &&
        element.len_bytes == RTP_TRANSPORT_CC_LEN) {
        uint8_t value[RTP_TRANSPORT_CC_LEN];
        if (!c->estimating)
            estimator_init(&c->estimator, &(struct estimator_config){.start_bps = c->start_bps},
                           now_us);
        c->estimating = true;
        rtp_put_transport_cc(value, twcc_sender_on_send(c->sender, wire_bytes, now_us));
        rtp_element_set(&v, data, e->send_transport_cc, value, sizeof(value));
    }
}

time_us congestion_deadline(const struct congestion *c)
{
    return c->receiver ? twcc_receiver_deadline(c->receiver) : TIME_US_NEVER;
}

size_t congestion_feedback(struct congestion *c, uint8_t *out, size_t capacity_bytes,
                           time_us now_us)
{
    struct byte_writer w = byte_writer_of(out, capacity_bytes);
    if (!c->receiver ||
        !twcc_receiver_write(c->receiver, &w, TRANSPORT_FEEDBACK_SSRC, c->media_ssrc, now_us))
        return 0;
    return byte_writer_len(&w);
}
