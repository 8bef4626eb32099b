/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker counts, in one table: the metrics page prints it, tests read it. Refuses to know:
 * addresses, ids. */
#ifndef RELAY_ROOM_COUNTERS_H
#define RELAY_ROOM_COUNTERS_H

#include <stdint.h>

enum relay_counter {
    RELAY_PACKETS_IN = 0,
    RELAY_BYTES_IN,
    RELAY_PACKETS_OUT,
    RELAY_BYTES_OUT,
    RELAY_RTP_IN,
    RELAY_RTP_OUT,
    RELAY_NACK_RECEIVED, /* packets that receivers asked for */
    RELAY_RTX_SENT,
    RELAY_RTX_REFUSED,
    RELAY_NACK_SENT,
    RELAY_RTX_RECEIVED,
    RELAY_PLI_RECEIVED,
    RELAY_PLI_SENT,
    RELAY_DROP_UNKNOWN_TUPLE, /* neither a validated tuple nor a check for one of our user fragments
                               */
    RELAY_DROP_UNKNOWN_UFRAG,
    RELAY_DROP_STUN,        /* malformed or forged check */
    RELAY_DROP_UNVALIDATED, /* these four: rtc/transport's, of living and closed transports */
    RELAY_DROP_FORGED,
    RELAY_DROP_REPLAYED,
    RELAY_DROP_MALFORMED,
    RELAY_DROP_UNKNOWN_SSRC,
    RELAY_DROP_POLICED,    /* over the rate that one participant may send */
    RELAY_DROP_PAYLOAD,    /* payload type or payload that its codec's parser refuses */
    RELAY_DROP_RTCP,       /* malformed RTCP */
    RELAY_DROP_QUEUE_FULL, /* more to send than the queue holds */
    RELAY_DROP_NO_BUFFER,  /* packet pool used up */
    RELAY_DROP_SEAL,       /* sealing refused */
    RELAY_DROP_SOCKET,     /* the kernel refused a datagram */
    RELAY_DROP_TCP,        /* TCP: connection cap, bad frame, or a connection too slow */
    RELAY_COUNTER_COUNT
};

/* Prometheus name without prefix and its label part ("" or "reason=\"x\""), and help. Static
 * storage. */
struct relay_counter_name {
    const char *name;
    const char *label;
    const char *help;
};
const struct relay_counter_name *relay_counter_name(enum relay_counter counter);

#endif
