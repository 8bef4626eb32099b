/* SPDX-License-Identifier: Apache-2.0 */
/* History of sent packets in a fixed ring, matched with feedback by wide sequence number. */
#include "rtc/bwe/twcc_sender.h"

#include <string.h>

#define HISTORY_MASK (TWCC_SENDER_HISTORY - 1)
#define REFERENCE_BITS                                                                             \
    8 /* the 24-bit reference in the top of 32 bits, so that it unwraps like a timestamp */

void twcc_sender_init(struct twcc_sender *s)
{
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < TWCC_SENDER_HISTORY; i++)
        s->history[i].seq = INT64_MIN;
}

uint16_t twcc_sender_on_send(struct twcc_sender *s, size_t size_bytes, time_us now_us)
{
    struct twcc_sent *slot = &s->history[(uint64_t)s->next_seq & HISTORY_MASK];
    if (slot->state == TWCC_IN_FLIGHT)
        s->in_flight_bytes -= slot->size_bytes;
    *slot = (struct twcc_sent){
        .seq = s->next_seq,
        .sent_us = now_us,
        .size_bytes = (uint16_t)(size_bytes > UINT16_MAX ? UINT16_MAX : size_bytes),
        .state = TWCC_IN_FLIGHT,
    };
    s->in_flight_bytes += slot->size_bytes;
    return (uint16_t)(uint64_t)s->next_seq++;
}

/* True when this status is news. */
static bool settle(struct twcc_sender *s, struct twcc_sent *sent, bool received)
{
    uint8_t state = received ? TWCC_ARRIVED : TWCC_LOST;
    if (sent->state == TWCC_IN_FLIGHT)
        s->in_flight_bytes -= sent->size_bytes;
    else if (sent->state == state || sent->state == TWCC_ARRIVED)
        return false;
    sent->state = state;
    return true;
}

/* The full number of a 16-bit one at or before the newest sent. */
static int64_t unwrap_sent(const struct twcc_sender *s, uint16_t seq16)
{
    int64_t newest = s->next_seq - 1;
    return newest - (uint16_t)((uint16_t)(uint64_t)newest - seq16);
}

size_t twcc_sender_on_feedback(struct twcc_sender *s, const struct rtcp_twcc *feedback,
                               struct twcc_result *out, size_t capacity)
{
    struct rtcp_twcc_iterator it;
    struct rtcp_twcc_status status;
    uint32_t reference32 = (uint32_t)feedback->reference << REFERENCE_BITS;
    int64_t reference = ts32_unwrap(&s->reference, reference32) >> REFERENCE_BITS;
    time_us arrival_us = reference * RTCP_TWCC_REFERENCE_US;
    size_t count = 0;
    int64_t seq = unwrap_sent(s, feedback->base_seq16);

    rtcp_twcc_begin(&it, feedback);
    for (; rtcp_twcc_next(&it, &status); seq++) {
        if (status.received)
            arrival_us += (time_us)status.delta_ticks * RTCP_TWCC_TICK_US;
        struct twcc_sent *sent = &s->history[(uint64_t)seq & HISTORY_MASK];
        if (sent->seq != seq || sent->state == TWCC_UNUSED) {
            s->unknown_results++;
            continue;
        }
        if (count == capacity || !settle(s, sent, status.received))
            continue;
        out[count++] = (struct twcc_result){
            .seq = seq,
            .sent_us = sent->sent_us,
            .arrived_us = status.received ? arrival_us : TIME_US_NEVER,
            .size_bytes = sent->size_bytes,
        };
    }
    return count;
}
