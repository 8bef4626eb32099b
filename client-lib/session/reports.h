/* SPDX-License-Identifier: Apache-2.0 */
/* RTCP of a call: sender and receiver reports in their rhythm (RFC 3550 section 6.2, reduced
 * minimum), and what the far side's packets mean for our streams. Refuses to know: transports,
 * sealing, adaptation. */
#ifndef CLIENT_LIB_SESSION_REPORTS_H
#define CLIENT_LIB_SESSION_REPORTS_H

#include "client-lib/session/local_track.h"
#include "client-lib/session/pacer.h"
#include "client-lib/session/receive_stream.h"

#define REPORTS_INTERVAL_US (TIME_US_PER_S) /* with sound on a narrow link: 100 bytes a second */
#define REPORTS_EARLY_US                                                                           \
    (200 * TIME_US_PER_MS) /* the first few: lip sync and clocks wait for them */
#define REPORTS_EARLY_COUNT 4

struct reports {
    time_us next_us;
    uint32_t sent;
};

/* The streams of the call; NULL entries are skipped. Borrowed. */
struct reports_streams {
    struct local_track *const *local;
    size_t local_count;
    struct receive_stream *const *remote;
    size_t remote_count;
};

/* One compound packet (SR for each stream that has sent, RR otherwise, blocks, CNAME) when it is
 * due. True when something was written. `utc_us` is now. */
bool reports_write(struct reports *r, const struct reports_streams *streams, struct byte_writer *w,
                   uint32_t sender_ssrc, const char *cname, time_us utc_us, time_us now_us);

/* What came: SR, RR, NACK, PLI, FIR. Malformed compounds change nothing: SQ_ERR_INVALID. */
int reports_receive(const struct reports_streams *streams, struct pacer *pacer, const uint8_t *data,
                    size_t len_bytes, time_us rtt_us, time_us utc_us, time_us now_us);

#endif
