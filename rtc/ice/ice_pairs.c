/* SPDX-License-Identifier: Apache-2.0 */
/* One candidate pair of the controlling side: its checks on the way, its answers. */
#include "base/random.h"
#include "rtc/ice/ice_private.h"
#include <string.h>

/* RFC 8445 section 5.1.2.1: type preference of a peer-reflexive candidate, which a check would
 * create. */
#define PRIORITY_PEER_REFLEXIVE (110u << 24 | 65535u << 8 | 255u)

bool ice_same_remote(const struct net_tuple *a, const struct net_tuple *b)
{
    return a->protocol == b->protocol && a->stream == b->stream &&
           net_address_equal(&a->remote, &b->remote);
}

void ice_pair_init(struct ice_pair *p, const struct ice_candidate *candidate,
                   const struct net_address *local_udp)
{
    memset(p, 0, sizeof(*p));
    p->candidate = *candidate;
    p->tuple.protocol = candidate->protocol;
    p->tuple.remote = candidate->address;
    p->check_at = p->open_at = TIME_US_NEVER;
    if (candidate->protocol == NET_UDP)
        p->tuple.local = *local_udp;
    else
        p->tcp = ICE_TCP_CLOSED;
}

bool ice_pair_usable(const struct ice_pair *p)
{
    return p->tcp == ICE_TCP_OPEN || (p->tcp == ICE_TCP_NONE && p->tuple.local.family != NET_NONE);
}

static size_t write_check(uint8_t *out, size_t capacity, const struct ice_agent *a,
                          const uint8_t *transaction, bool nominating)
{
    const struct ice_controlling *c = &a->controlling;
    char username[ICE_UFRAG_MAX * 2 + 2];
    const size_t theirs = strlen(c->remote.ufrag), ours = strlen(a->local.ufrag);
    memcpy(username, c->remote.ufrag, theirs);
    username[theirs] = ':';
    memcpy(username + theirs + 1, a->local.ufrag, ours);
    struct stun_writer w;
    stun_begin(&w, out, capacity, STUN_REQUEST, transaction);
    stun_put(&w, STUN_USERNAME, username, theirs + 1 + ours);
    stun_put_u64(&w, STUN_ICE_CONTROLLING, c->tie_breaker);
    stun_put_u32(&w, STUN_PRIORITY, PRIORITY_PEER_REFLEXIVE);
    if (nominating)
        stun_put(&w, STUN_USE_CANDIDATE, NULL, 0);
    return stun_end(&w, c->remote.pwd, strlen(c->remote.pwd));
}

/* Each check is a transaction of its own, also when an earlier one got no answer: so the round trip
 * is never ambiguous, and a recorded check is told from a repeated one. */
void ice_pair_send(struct ice_agent *a, struct ice_pair *p, bool nominating, time_us now_us)
{
    struct ice_out *out = ice_outbox_room(&a->outbox, &p->tuple);
    if (!out)
        return;
    struct ice_check *check = &p->checks[p->next_check];
    p->next_check = (p->next_check + 1) % ICE_OUTSTANDING_MAX;
    *check = (struct ice_check){.live = true, .nominating = nominating, .sent_us = now_us};
    random_bytes(check->transaction, sizeof(check->transaction));
    out->len_bytes = write_check(out->data, sizeof(out->data), a, check->transaction, nominating);
    ice_outbox_push(&a->outbox);
}

struct ice_check *ice_pair_find_check(struct ice_pair *p, const uint8_t *transaction)
{
    for (size_t i = 0; i < ICE_OUTSTANDING_MAX; i++)
        if (p->checks[i].live &&
            memcmp(p->checks[i].transaction, transaction, STUN_TRANSACTION_BYTES) == 0)
            return &p->checks[i];
    return NULL;
}

void ice_pair_answered(struct ice_pair *p, struct ice_check *check, time_us now_us)
{
    const time_us sample = now_us > check->sent_us ? now_us - check->sent_us : 1;
    p->rtt_us = p->rtt_us == 0 ? sample : p->rtt_us + (sample - p->rtt_us) / 8; /* RFC 6298 */
    check->live = false;
    p->valid = true;
    p->misses = 0;
    p->tcp_failures = 0;
    p->answered_us = now_us;
}
