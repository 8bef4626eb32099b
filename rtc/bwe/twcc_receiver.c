/* SPDX-License-Identifier: Apache-2.0 */
/* Arrival times by wide sequence number in a fixed ring, reported per interval. A packet that comes
 * after its report is reported again with those behind it, as libwebrtc does: the sender then
 * corrects "lost". */
#include "rtc/bwe/twcc_receiver.h"

#include "base/check.h"
#include "rtc/rtcp/twcc.h"

#define WINDOW_MASK     (TWCC_RECEIVER_WINDOW - 1)
#define DELTA_TICKS_MAX INT16_MAX
#define DELTA_TICKS_MIN INT16_MIN
#define REFERENCE_TICKS (RTCP_TWCC_REFERENCE_US / RTCP_TWCC_TICK_US)

static void clear(struct twcc_receiver *r)
{
    for (size_t i = 0; i < TWCC_RECEIVER_WINDOW; i++)
        r->seqs[i] = INT64_MIN;
}

void twcc_receiver_init(struct twcc_receiver *r, time_us interval_us)
{
    memset(r, 0, sizeof *r);
    r->next_us = TIME_US_NEVER;
    clear(r);
    twcc_receiver_set_interval(r, interval_us);
}

void twcc_receiver_set_interval(struct twcc_receiver *r, time_us interval_us)
{
    if (interval_us == 0)
        interval_us = TWCC_FEEDBACK_INTERVAL_US;
    if (interval_us < TWCC_FEEDBACK_INTERVAL_MIN_US)
        interval_us = TWCC_FEEDBACK_INTERVAL_MIN_US;
    if (interval_us > TWCC_FEEDBACK_INTERVAL_MAX_US)
        interval_us = TWCC_FEEDBACK_INTERVAL_MAX_US;
    r->interval_us = interval_us;
}

static bool holds(const struct twcc_receiver *r, int64_t seq)
{
    return r->seqs[(uint64_t)seq & WINDOW_MASK] == seq;
}

void twcc_receiver_on_packet(struct twcc_receiver *r, uint16_t wide_seq16, time_us now_us)
{
    int64_t seq = seq16_unwrap(&r->unwrap, wide_seq16);
    if (!r->started) {
        r->started = true;
        r->next_seq = seq;
    }
    if (seq <= r->unwrap.newest - TWCC_RECEIVER_WINDOW) {
        r->dropped_old++;
        return;
    }
    if (holds(r, seq))
        return; /* the first arrival counts */
    r->seqs[(uint64_t)seq & WINDOW_MASK] = seq;
    r->arrivals_us[(uint64_t)seq & WINDOW_MASK] = now_us;
    if (seq < r->next_seq)
        r->next_seq = seq;
    if (r->next_seq <= r->unwrap.newest - TWCC_RECEIVER_WINDOW)
        r->next_seq = r->unwrap.newest - TWCC_RECEIVER_WINDOW + 1;
    if (r->next_us == TIME_US_NEVER)
        r->next_us = now_us + r->interval_us;
}

time_us twcc_receiver_deadline(const struct twcc_receiver *r)
{
    return r->next_us;
}

static int64_t ticks_of(time_us t)
{
    return t / RTCP_TWCC_TICK_US;
}

/* Statuses from `first` (which has arrived) on, as many as one feedback describes. */
static size_t collect(const struct twcc_receiver *r, int64_t first, int64_t *reference,
                      struct rtcp_twcc_status *out, size_t capacity)
{
    int64_t previous = ticks_of(r->arrivals_us[(uint64_t)first & WINDOW_MASK]);
    size_t count = 0, kept = 0;
    *reference = previous / REFERENCE_TICKS;
    previous = *reference * REFERENCE_TICKS;
    for (int64_t seq = first; seq <= r->unwrap.newest && count < capacity; seq++) {
        out[count] = (struct rtcp_twcc_status){.received = holds(r, seq)};
        if (out[count].received) {
            int64_t now = ticks_of(r->arrivals_us[(uint64_t)seq & WINDOW_MASK]);
            if (now - previous > DELTA_TICKS_MAX || now - previous < DELTA_TICKS_MIN)
                break; /* more than 8 s apart: a new feedback with its own reference */
            out[count].delta_ticks = (int16_t)(now - previous);
            previous = now;
            kept = count + 1;
        }
        count++;
    }
    return kept; /* ends with one that arrived: what is behind may still come */
}

bool twcc_receiver_write(struct twcc_receiver *r, struct byte_writer *w, uint32_t sender_ssrc,
                         uint32_t media_ssrc, time_us now_us)
{
    struct rtcp_twcc_status statuses[TWCC_FEEDBACK_STATUS_MAX];
    if (now_us < r->next_us)
        return false;
    int64_t arrived = r->next_seq;
    while (arrived <= r->unwrap.newest && !holds(r, arrived))
        arrived++;
    if (arrived > r->unwrap.newest) {
        r->next_us = TIME_US_NEVER;
        return false;
    }
    /* Lost ones before the first arrival belong to the report too: they get their place in front.
     */
    size_t lead = (size_t)(arrived - r->next_seq);
    if (lead >= TWCC_FEEDBACK_STATUS_MAX) {
        r->next_seq = arrived - (TWCC_FEEDBACK_STATUS_MAX - 1);
        lead = TWCC_FEEDBACK_STATUS_MAX - 1;
    }
    memset(statuses, 0, lead * sizeof statuses[0]);
    int64_t reference;
    size_t count =
        lead + collect(r, arrived, &reference, statuses + lead, TWCC_FEEDBACK_STATUS_MAX - lead);
    CHECK(count > lead);
    if (rtcp_write_twcc(w, sender_ssrc, media_ssrc, (uint16_t)(uint64_t)r->next_seq,
                        (int32_t)(reference & 0xffffff), r->feedback_count, statuses, count) != 0)
        return false;
    r->feedback_count++;
    r->next_seq += (int64_t)count;
    if (r->next_seq > r->unwrap.newest)
        r->next_us = TIME_US_NEVER;
    return true;
}
