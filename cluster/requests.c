/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands that wait for a reply; see requests.h. */
#include "cluster/requests.h"
#include "base/check.h"
#include <stdlib.h>
#include <string.h>

_Static_assert(REQUESTS_MAX == 1 << REQUEST_SLOT_BITS, "a ticket holds its slot");

void requests_init(struct requests *rs)
{
    rs->free_count = REQUESTS_MAX;
    for (size_t i = 0; i < REQUESTS_MAX; i++)
        rs->free[i] = (uint16_t)(REQUESTS_MAX - 1 - i);
    rs->next_number = 1;
    rs->due_us = TIME_US_NEVER;
}

void requests_fini(struct requests *rs)
{
    for (size_t i = 0; i < REQUESTS_MAX; i++)
        free(rs->slots[i].body);
}

struct request *requests_add(struct requests *rs, uint16_t peer, const char *body, size_t len_bytes,
                             time_us deadline_us)
{
    if (rs->free_count == 0)
        return NULL;
    char *copy = malloc(len_bytes + 1);
    if (!copy)
        return NULL;
    if (len_bytes)
        memcpy(copy, body, len_bytes);
    copy[len_bytes] = 0;
    uint16_t slot = rs->free[--rs->free_count];
    struct request *r = &rs->slots[slot];
    *r = (struct request){.ticket = rs->next_number++ << REQUEST_SLOT_BITS | slot,
                          .peer = peer,
                          .body = copy,
                          .len_bytes = len_bytes,
                          .resend_us = TIME_US_NEVER,
                          .deadline_us = deadline_us};
    rs->due_us = time_us_min(rs->due_us, deadline_us);
    return r;
}

struct request *requests_find(struct requests *rs, uint64_t ticket)
{
    struct request *r = &rs->slots[ticket % REQUESTS_MAX];
    return ticket && r->ticket == ticket && !r->expired ? r : NULL;
}

void requests_remove(struct requests *rs, struct request *r)
{
    CHECK(r->ticket && rs->free_count < REQUESTS_MAX);
    rs->free[rs->free_count++] = (uint16_t)(r->ticket % REQUESTS_MAX);
    free(r->body);
    *r = (struct request){0};
}

void requests_resend_at(struct requests *rs, struct request *r, time_us at_us)
{
    r->resend_us = at_us;
    rs->due_us = time_us_min(rs->due_us, at_us);
}

static void expire(struct requests *rs, struct request *r)
{
    r->expired = true;
    size_t at = (rs->expired_first + rs->expired_count++) % REQUESTS_MAX;
    rs->expired[at] = (uint16_t)(r->ticket % REQUESTS_MAX);
}

struct request *requests_due(struct requests *rs, time_us now_us)
{
    if (rs->cursor == 0) {
        if (now_us < rs->due_us)
            return NULL;
        rs->due_us = TIME_US_NEVER; /* found anew on the way, and by requests_resend_at */
    }
    while (rs->cursor < REQUESTS_MAX) {
        struct request *r = &rs->slots[rs->cursor++];
        if (!r->ticket || r->expired)
            continue;
        if (r->deadline_us <= now_us) {
            expire(rs, r);
            continue;
        }
        bool due = r->resend_us <= now_us;
        if (due)
            r->resend_us = TIME_US_NEVER;
        rs->due_us = time_us_min(rs->due_us, time_us_min(r->deadline_us, r->resend_us));
        if (due)
            return r;
    }
    rs->cursor = 0;
    return NULL;
}

struct request *requests_expired(struct requests *rs)
{
    if (rs->expired_count == 0)
        return NULL;
    struct request *r = &rs->slots[rs->expired[rs->expired_first]];
    rs->expired_first = (rs->expired_first + 1) % REQUESTS_MAX;
    rs->expired_count--;
    return r;
}
