/* SPDX-License-Identifier: Apache-2.0 */
/* The list of missing packets, ascending, in one array: gaps append at the end, arrivals are found
 * by bisection. */
#include "rtc/nack/nack_generator.h"

#include <string.h>

void nack_generator_init(struct nack_generator *n, const struct nack_config *config)
{
    memset(n, 0, sizeof *n);
    n->config = *config;
    if (n->config.tries_max == 0)
        n->config.tries_max = NACK_TRIES_DEFAULT;
    if (n->config.tries_max > NACK_TRIES_MAX)
        n->config.tries_max = NACK_TRIES_MAX;
    if (n->config.reorder_packets == 0)
        n->config.reorder_packets = NACK_REORDER_PACKETS;
    if (n->config.reorder_us == 0)
        n->config.reorder_us = NACK_REORDER_US;
}

/* Index of the first entry with a number of at least seq. */
static size_t lower_bound(const struct nack_generator *n, int64_t seq)
{
    size_t low = 0, high = n->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (n->entries[middle].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void remove_range(struct nack_generator *n, size_t from, size_t to)
{
    memmove(&n->entries[from], &n->entries[to], (n->count - to) * sizeof n->entries[0]);
    n->count -= to - from;
}

static void give_up(struct nack_generator *n, size_t packets)
{
    n->given_up += packets;
    n->key_frame_wanted |= n->config.key_frames && packets > 0;
}

/* Numbers (from, to) are missing since now. The oldest make room when the list is full. */
static void add_gap(struct nack_generator *n, int64_t from, int64_t to, time_us now_us)
{
    size_t gap = (size_t)(to - from);
    if (n->count + gap > NACK_ENTRIES_MAX) {
        size_t drop = n->count + gap - NACK_ENTRIES_MAX;
        drop = drop < n->count ? drop : n->count;
        remove_range(n, 0, drop);
        give_up(n, drop);
    }
    for (int64_t seq = from; seq < to; seq++)
        n->entries[n->count++] = (struct nack_entry){.seq = seq, .missed_us = now_us};
}

enum nack_seen nack_generator_on_packet(struct nack_generator *n, uint16_t seq16, time_us now_us)
{
    bool first = !n->unwrap.started;
    int64_t before = n->unwrap.newest;
    int64_t seq = seq16_unwrap(&n->unwrap, seq16);
    if (first)
        return NACK_SEEN_NEW;
    if (seq > before + NACK_GAP_MAX) {
        give_up(n, n->count + 1); /* whatever was between is gone: video needs a key frame */
        n->count = 0;
        return NACK_SEEN_RESET;
    }
    if (seq > before) {
        add_gap(n, before + 1, seq, now_us);
        return NACK_SEEN_NEW;
    }
    size_t i = lower_bound(n, seq);
    if (i == n->count || n->entries[i].seq != seq)
        return NACK_SEEN_OLD;
    n->recovered += n->entries[i].tries > 0;
    remove_range(n, i, i + 1);
    return NACK_SEEN_RECOVERED;
}

void nack_generator_on_key_frame(struct nack_generator *n, uint16_t seq16)
{
    remove_range(n, 0, lower_bound(n, seq16_unwrap_peek(&n->unwrap, seq16)));
    n->key_frame_wanted = false;
}

static time_us retry_after_us(time_us rtt_us)
{
    if (rtt_us == 0)
        return NACK_RTT_DEFAULT_US;
    return rtt_us < NACK_RETRY_MIN_US ? NACK_RETRY_MIN_US : rtt_us;
}

static time_us due_us(const struct nack_generator *n, const struct nack_entry *e, time_us rtt_us)
{
    if (e->tries > 0)
        return e->sent_us + retry_after_us(rtt_us);
    if (n->unwrap.newest - e->seq >= n->config.reorder_packets)
        return e->missed_us;
    return e->missed_us + n->config.reorder_us;
}

static bool hopeless(const struct nack_generator *n, const struct nack_entry *e, time_us now_us)
{
    if (n->config.deadline_us != 0 && now_us - e->missed_us >= n->config.deadline_us)
        return true;
    return e->tries >= n->config.tries_max;
}

size_t nack_generator_take(struct nack_generator *n, uint16_t *out, size_t capacity, time_us rtt_us,
                           time_us now_us)
{
    size_t taken = 0, kept = 0, lost = 0;
    for (size_t i = 0; i < n->count; i++) {
        struct nack_entry e = n->entries[i];
        bool due = now_us >= due_us(n, &e, rtt_us);
        if (due && hopeless(n, &e, now_us)) {
            lost++;
            continue;
        }
        if (due && taken < capacity) {
            out[taken++] = (uint16_t)(uint64_t)e.seq;
            e.tries++;
            e.sent_us = now_us;
        }
        n->entries[kept++] = e;
    }
    n->count = kept;
    n->requested += taken;
    give_up(n, lost);
    return taken;
}

time_us nack_generator_deadline(const struct nack_generator *n, time_us rtt_us)
{
    time_us earliest = TIME_US_NEVER;
    for (size_t i = 0; i < n->count; i++)
        earliest = time_us_min(earliest, due_us(n, &n->entries[i], rtt_us));
    return earliest;
}

bool nack_take_key_frame_request(struct nack_generator *n)
{
    bool wanted = n->key_frame_wanted;
    n->key_frame_wanted = false;
    return wanted;
}
