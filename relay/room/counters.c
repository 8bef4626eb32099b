/* SPDX-License-Identifier: Apache-2.0 */
/* Names of counters; those of one name stand together, as the Prometheus text format wants. */
#include "relay/room/counters.h"
#include "base/check.h"

#define DROPPED(r)                                                                                 \
    {                                                                                              \
        "dropped_total", "reason=\"" r "\"", "Packets dropped, by reason"                          \
    }

static const struct relay_counter_name names[RELAY_COUNTER_COUNT] = {
    [RELAY_PACKETS_IN] = {"packets_total", "direction=\"in\"", "Datagrams and TCP frames"},
    [RELAY_PACKETS_OUT] = {"packets_total", "direction=\"out\"", "Datagrams and TCP frames"},
    [RELAY_BYTES_IN] = {"bytes_total", "direction=\"in\"", "Payload bytes of UDP and TCP frames"},
    [RELAY_BYTES_OUT] = {"bytes_total", "direction=\"out\"", "Payload bytes of UDP and TCP frames"},
    [RELAY_RTP_IN] = {"rtp_packets_total", "direction=\"in\"", "RTP packets of known streams"},
    [RELAY_RTP_OUT] = {"rtp_packets_total", "direction=\"out\"", "RTP packets of known streams"},
    [RELAY_NACK_RECEIVED] = {"nack_total", "direction=\"in\"", "Packets asked for again"},
    [RELAY_NACK_SENT] = {"nack_total", "direction=\"out\"", "Packets asked for again"},
    [RELAY_RTX_SENT] = {"rtx_total", "result=\"sent\"", "Packets sent again, refused or received"},
    [RELAY_RTX_REFUSED] = {"rtx_total", "result=\"refused\"",
                           "Packets sent again, refused or received"},
    [RELAY_RTX_RECEIVED] = {"rtx_total", "result=\"received\"",
                            "Packets sent again, refused or received"},
    [RELAY_PLI_RECEIVED] = {"keyframe_requests_total", "direction=\"in\"", "PLI and FIR"},
    [RELAY_PLI_SENT] = {"keyframe_requests_total", "direction=\"out\"", "PLI and FIR"},
    [RELAY_DROP_UNKNOWN_TUPLE] = DROPPED("unknown_tuple"),
    [RELAY_DROP_UNKNOWN_UFRAG] = DROPPED("unknown_ufrag"),
    [RELAY_DROP_STUN] = DROPPED("stun"),
    [RELAY_DROP_UNVALIDATED] = DROPPED("unvalidated"),
    [RELAY_DROP_FORGED] = DROPPED("forged"),
    [RELAY_DROP_REPLAYED] = DROPPED("replayed"),
    [RELAY_DROP_MALFORMED] = DROPPED("malformed"),
    [RELAY_DROP_UNKNOWN_SSRC] = DROPPED("unknown_ssrc"),
    [RELAY_DROP_POLICED] = DROPPED("policed"),
    [RELAY_DROP_PAYLOAD] = DROPPED("payload"),
    [RELAY_DROP_RTCP] = DROPPED("rtcp"),
    [RELAY_DROP_QUEUE_FULL] = DROPPED("queue_full"),
    [RELAY_DROP_NO_BUFFER] = DROPPED("no_buffer"),
    [RELAY_DROP_SEAL] = DROPPED("seal"),
    [RELAY_DROP_SOCKET] = DROPPED("socket"),
    [RELAY_DROP_TCP] = DROPPED("tcp"),
};

const struct relay_counter_name *relay_counter_name(enum relay_counter counter)
{
    CHECK(counter < RELAY_COUNTER_COUNT);
    return &names[counter];
}
