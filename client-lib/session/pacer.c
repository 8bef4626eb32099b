/* SPDX-License-Identifier: Apache-2.0 */
/* See pacer.h. */
#include "client-lib/session/pacer.h"

#include <string.h>

#define BURST_US (5 * TIME_US_PER_MS) /* a timer that is late may catch up this much, no more */
#define DEBT_MAX_US                                                                                \
    (500 * TIME_US_PER_MS) /* speech above the rate starves pictures, not for ever */

static bool is_paced(enum pacer_class class)
{
    return class >= PACER_REPAIR;
}

void pacer_init(struct pacer *p, uint32_t rate_bps)
{
    memset(p, 0, sizeof(*p));
    p->rate_bps = rate_bps;
}

void pacer_clear(struct pacer *p)
{
    for (size_t c = 0; c < PACER_CLASSES; c++) {
        struct pacer_queue *q = &p->queues[c];
        for (; q->count > 0; q->count--) {
            packet_unref(q->items[q->first].packet);
            q->first = (q->first + 1) % PACER_QUEUE_MAX;
        }
    }
    p->paced_bytes = 0;
}

void pacer_set_rate(struct pacer *p, uint32_t rate_bps)
{
    p->rate_bps = rate_bps ? rate_bps : 1;
}

void pacer_put(struct pacer *p, const struct pacer_item *item)
{
    struct pacer_queue *q = &p->queues[item->class];
    if (q->count == PACER_QUEUE_MAX) {
        p->dropped++;
        packet_unref(item->packet);
        return;
    }
    q->items[(q->first + q->count) % PACER_QUEUE_MAX] = *item;
    q->count++;
    if (is_paced(item->class))
        p->paced_bytes += item->packet->len_bytes;
}

static time_us duration_us(const struct pacer *p, uint64_t bytes)
{
    return (time_us)(bytes * 8 * (uint64_t)TIME_US_PER_S / p->rate_bps);
}

static void pop(struct pacer *p, struct pacer_queue *q, struct pacer_item *out)
{
    *out = q->items[q->first];
    q->first = (q->first + 1) % PACER_QUEUE_MAX;
    q->count--;
    if (is_paced(out->class))
        p->paced_bytes -= out->packet->len_bytes;
}

bool pacer_next(struct pacer *p, struct pacer_item *out, time_us now_us)
{
    for (size_t c = 0; c < PACER_CLASSES; c++) {
        struct pacer_queue *q = &p->queues[c];
        if (q->count == 0)
            continue;
        if (is_paced((enum pacer_class)c) && now_us < p->next_us)
            return false;
        pop(p, q, out);
        /* speech uses the link too, but waits for nobody */
        time_us from = p->next_us > now_us - BURST_US ? p->next_us : now_us - BURST_US;
        p->next_us =
            time_us_min(from + duration_us(p, out->packet->len_bytes), now_us + DEBT_MAX_US);
        return true;
    }
    return false;
}

time_us pacer_deadline(const struct pacer *p, time_us now_us)
{
    if (p->queues[PACER_CONTROL].count || p->queues[PACER_SPEECH].count)
        return now_us;
    return p->paced_bytes ? p->next_us : TIME_US_NEVER;
}

time_us pacer_backlog_us(const struct pacer *p)
{
    return duration_us(p, p->paced_bytes);
}
