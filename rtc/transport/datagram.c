/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams of a transport: demultiplexing what comes (RFC 7983), sealing what goes. */
#include "rtc/rtp/rtp.h"
#include "rtc/transport/transport_private.h"
#include "shanqiao/error.h"

/* RFC 7983 section 7 */
#define STUN_LAST  3
#define DTLS_FIRST 20
#define DTLS_LAST  63

#define UDP_IPV4_OVERHEAD 28
#define UDP_IPV6_OVERHEAD 48

static void count_drop(struct transport *t, int error)
{
    switch (error) {
    case SQ_ERR_FORGED:
        t->drops.forged++;
        break;
    case SQ_ERR_REPLAY:
        t->drops.replayed++;
        break;
    default:
        t->drops.malformed++;
    }
}

static void count_received(struct transport *t, size_t len_bytes)
{
    t->packets_received++;
    t->bytes_received += len_bytes;
}

static void receive_stun(struct transport *t, const struct net_tuple *from, const uint8_t *data,
                         size_t len_bytes, time_us now_us)
{
    switch (ice_receive(t->ice, from, data, len_bytes, now_us)) {
    case ICE_ACCEPTED:
        count_received(t, len_bytes);
        transport_update(t, now_us);
        break;
    case ICE_DROPPED_FORGED:
        t->drops.forged++;
        break;
    case ICE_DROPPED_REPLAYED:
        t->drops.replayed++;
        break;
    case ICE_DROPPED_MALFORMED:
        t->drops.malformed++;
        break;
    }
}

static void receive_dtls(struct transport *t, const uint8_t *data, size_t len_bytes, time_us now_us)
{
    if (!dtls_receive(t->dtls, data, len_bytes, now_us)) {
        t->drops.malformed++;
        return;
    }
    count_received(t, len_bytes);
    transport_update(t, now_us);
}

static enum transport_received receive_media(struct transport *t, const struct net_tuple *from,
                                             uint8_t *data, size_t *len_bytes, time_us now_us)
{
    const bool rtcp = rtp_is_rtcp(data, *len_bytes);
    const size_t wire_len = *len_bytes;
    const int error = !t->srtp ? SQ_ERR_STATE
                      : rtcp   ? srtp_open_rtcp(t->srtp, data, len_bytes)
                               : srtp_open_rtp(t->srtp, data, len_bytes);
    if (error) {
        count_drop(t, error);
        return TRANSPORT_RECEIVED_NOTHING;
    }
    count_received(t, wire_len);
    ice_note_received(t->ice, from, now_us);
    if (!rtcp) {
        congestion_on_rtp(&t->congestion, data, *len_bytes, now_us);
        return TRANSPORT_RECEIVED_RTP;
    }
    if (congestion_on_rtcp(&t->congestion, data, *len_bytes, ice_rtt_us(t->ice), now_us))
        transport_push_event(t,
                             &(struct transport_event){.type = TRANSPORT_EVENT_ESTIMATE,
                                                       .state = t->state,
                                                       .estimate_bps = t->congestion.estimate_bps});
    return TRANSPORT_RECEIVED_RTCP;
}

enum transport_received transport_receive(struct transport *t, const struct net_tuple *from,
                                          uint8_t *data, size_t *len_bytes, time_us now_us)
{
    if (*len_bytes == 0 || t->state == TRANSPORT_FAILED || t->state == TRANSPORT_CLOSED) {
        t->drops.malformed++;
        return TRANSPORT_RECEIVED_NOTHING;
    }
    const uint8_t first = data[0];
    const bool dtls = first >= DTLS_FIRST && first <= DTLS_LAST;
    if (first <= STUN_LAST)
        receive_stun(t, from, data, *len_bytes, now_us);
    else if (!dtls && !rtp_is_rtp_or_rtcp(data, *len_bytes))
        t->drops.malformed++;
    else if (!ice_is_validated(t->ice, from))
        t->drops.unvalidated++;
    else if (dtls)
        receive_dtls(t, data, *len_bytes, now_us);
    else
        return receive_media(t, from, data, len_bytes, now_us);
    return TRANSPORT_RECEIVED_NOTHING;
}

/* ---- out ---- */

static void count_sent(struct transport *t, size_t len_bytes)
{
    t->packets_sent++;
    t->bytes_sent += len_bytes;
}

/* One sealed feedback packet in the scratch buffer; 0 when there is none. */
static size_t next_feedback(struct transport *t)
{
    if (!t->feedback_ready)
        return 0;
    size_t len =
        t->state == TRANSPORT_CONNECTED
            ? congestion_feedback(&t->congestion, t->scratch,
                                  TRANSPORT_DATAGRAM_MAX - SRTP_TRAILER_MAX, t->feedback_now_us)
            : 0;
    if (len > 0 && srtp_seal_rtcp(t->srtp, t->scratch, &len, sizeof(t->scratch)) == 0)
        return len;
    t->feedback_ready = false;
    return 0;
}

bool transport_next_datagram(struct transport *t, struct transport_datagram *out)
{
    const struct net_tuple *path = ice_send_tuple(t->ice);
    if (!path && t->early_at != TIME_US_NEVER)
        path = &t->early;
    out->data = t->scratch;
    out->len_bytes = ice_next_datagram(t->ice, &out->tuple, t->scratch);
    if (out->len_bytes == 0 && path) {
        out->tuple = *path;
        if (!dtls_next_datagram(t->dtls, &out->data, &out->len_bytes)) {
            out->data = t->scratch;
            out->len_bytes = next_feedback(t);
        }
    }
    if (out->len_bytes == 0)
        return false;
    count_sent(t, out->len_bytes);
    return true;
}

static size_t link_overhead(const struct transport *t)
{
    const struct net_tuple *path = ice_send_tuple(t->ice);
    return path && path->remote.family == NET_IPV6 ? UDP_IPV6_OVERHEAD : UDP_IPV4_OVERHEAD;
}

int transport_seal_rtp(struct transport *t, uint8_t *data, size_t *len_bytes, size_t capacity_bytes,
                       time_us now_us)
{
    if (t->state != TRANSPORT_CONNECTED)
        return SQ_ERR_STATE;
    if (capacity_bytes < *len_bytes + SRTP_TRAILER_MAX)
        return SQ_ERR_LIMIT;
    const size_t sealed_len = *len_bytes + srtp_profile_rtp_trailer_bytes(t->profile);
    congestion_stamp(&t->congestion, data, *len_bytes, sealed_len + link_overhead(t), now_us);
    const int error = srtp_seal_rtp(t->srtp, data, len_bytes, capacity_bytes);
    if (error == 0)
        count_sent(t, *len_bytes);
    return error;
}

int transport_seal_rtcp(struct transport *t, uint8_t *data, size_t *len_bytes,
                        size_t capacity_bytes, time_us now_us)
{
    (void)now_us;
    if (t->state != TRANSPORT_CONNECTED)
        return SQ_ERR_STATE;
    const int error = srtp_seal_rtcp(t->srtp, data, len_bytes, capacity_bytes);
    if (error == 0)
        count_sent(t, *len_bytes);
    return error;
}
