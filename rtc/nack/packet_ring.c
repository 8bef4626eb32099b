/* SPDX-License-Identifier: Apache-2.0 */
/* Ring of references per producer, ledger of what was sent per consumer. Both are indexed by the
 * low bits of a sequence number and check the whole number. */
#include "rtc/nack/packet_ring.h"

#include "shanqiao/error.h"
#include <stdlib.h>

static bool is_size(size_t size, size_t max)
{
    return size >= 2 && size <= max && (size & (size - 1)) == 0;
}

int packet_ring_init(struct packet_ring *r, size_t size, time_us max_age_us)
{
    *r = (struct packet_ring){.max_age_us = max_age_us};
    if (!is_size(size, PACKET_RING_SIZE_MAX))
        return SQ_ERR_INVALID;
    r->slots = calloc(size, sizeof *r->slots);
    r->seqs = calloc(size, sizeof *r->seqs);
    if (!r->slots || !r->seqs) {
        packet_ring_fini(r);
        return SQ_ERR_NOMEM;
    }
    r->mask = (uint32_t)size - 1;
    return SQ_OK;
}

void packet_ring_fini(struct packet_ring *r)
{
    for (size_t i = 0; r->slots && i <= r->mask; i++) {
        if (r->slots[i])
            packet_unref(r->slots[i]);
    }
    free(r->slots);
    free(r->seqs);
    r->slots = NULL;
    r->seqs = NULL;
}

void packet_ring_put(struct packet_ring *r, uint16_t seq16, struct packet *p)
{
    struct packet **slot = &r->slots[seq16 & r->mask];
    struct packet *old = *slot;
    *slot = packet_ref(p);
    r->seqs[seq16 & r->mask] = seq16;
    if (old)
        packet_unref(old);
}

struct packet *packet_ring_get(const struct packet_ring *r, uint16_t seq16, time_us now_us)
{
    struct packet *p = r->slots[seq16 & r->mask];
    if (!p || r->seqs[seq16 & r->mask] != seq16 || now_us - p->received_us > r->max_age_us)
        return NULL;
    return p;
}

int resend_ledger_init(struct resend_ledger *l, size_t size)
{
    *l = (struct resend_ledger){0};
    if (!is_size(size, RESEND_LEDGER_SIZE_MAX))
        return SQ_ERR_INVALID;
    l->entries = calloc(size, sizeof *l->entries);
    if (!l->entries)
        return SQ_ERR_NOMEM;
    l->mask = (uint32_t)size - 1;
    return SQ_OK;
}

void resend_ledger_fini(struct resend_ledger *l)
{
    free(l->entries);
    l->entries = NULL;
}

void resend_ledger_put(struct resend_ledger *l, uint16_t out_seq16, uint16_t in_seq16,
                       uint64_t note, time_us now_us)
{
    l->entries[out_seq16 & l->mask] = (struct resend_entry){
        .note = note,
        .sent_us = now_us,
        .out_seq16 = out_seq16,
        .in_seq16 = in_seq16,
        .used = true,
    };
}

bool resend_ledger_take(struct resend_ledger *l, uint16_t out_seq16, time_us rtt_us, time_us now_us,
                        uint16_t *in_seq16, uint64_t *note)
{
    struct resend_entry *e = &l->entries[out_seq16 & l->mask];
    time_us spacing = rtt_us > RESEND_SPACING_MIN_US ? rtt_us : RESEND_SPACING_MIN_US;
    if (!e->used || e->out_seq16 != out_seq16) {
        l->unknown++;
        return false;
    }
    if (e->resends >= RESEND_TIMES_MAX) {
        l->refused_often++;
        return false;
    }
    /* The first request may come sooner than a round trip: a gap shows as soon as the next packet
     * arrives. */
    if (e->resends > 0 && now_us - e->sent_us < spacing) {
        l->refused_soon++;
        return false;
    }
    e->resends++;
    e->sent_us = now_us;
    *in_seq16 = e->in_seq16;
    *note = e->note;
    return true;
}
