/* SPDX-License-Identifier: Apache-2.0 */
/* The controlling side: when to check which pair, what to nominate, when to ask for TCP. It never
 * gives up: after consent is lost it goes on checking until a path answers again.
 *
 * Two modes. Searching: all pairs are checked (at the start, and when the selected path does not
 * answer). Settled: only the selected path is checked, for consent (and UDP now and then, while TCP
 * is selected). */
#include "base/random.h"
#include "rtc/ice/ice_private.h"
#include <string.h>

#define PACE_US           (50 * TIME_US_PER_MS)  /* Ta of RFC 8445 section 14.2 */
#define RTO_US            (500 * TIME_US_PER_MS) /* RFC 8445 section 14.3 */
#define SEARCH_RTO_MAX_US (2 * TIME_US_PER_S)    /* a pair that never answered */
#define LOST_CHECK_US                                                                              \
    (250 * TIME_US_PER_MS) /* the selected path when it is lost: back soon after the link */
#define CONSENT_CHECK_US (5 * TIME_US_PER_S)  /* RFC 7675 section 5.1, times 0.8 to 1.2 */
#define BETTER_CHECK_US  (10 * TIME_US_PER_S) /* UDP, while TCP is selected */
#define SILENCE_US                                                                                 \
    (600 * TIME_US_PER_MS) /* a flow that stops for so long may have lost its NAT binding */
#define FLOW_GAP_US   (1 * TIME_US_PER_S) /* two packets within this are a flow */
#define MISSES_SEARCH 3 /* of the selected path, then other candidates are tried */
#define TCP_DELAY_US  (1500 * TIME_US_PER_MS) /* UDP's head start */
#define TCP_RETRY_US                                                                               \
    (2 * TIME_US_PER_S) /* times failures in a row, at most TCP_RETRY_MAX of them */
#define TCP_RETRY_MAX 5

static time_us consent_interval(struct ice_controlling *c)
{
    c->jitter ^= c->jitter << 13; /* xorshift64: spreads checks, hides nothing */
    c->jitter ^= c->jitter >> 7;
    c->jitter ^= c->jitter << 17;
    const time_us spread = CONSENT_CHECK_US * 2 / 5;
    return CONSENT_CHECK_US - spread / 2 + (time_us)(c->jitter % (uint64_t)spread);
}

static uint64_t seed_of(const struct ice_credentials *c)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (const char *p = c->ufrag; *p; p++)
        h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    return h | 1;
}

static bool is_selected(const struct ice_controlling *c, const struct ice_pair *p)
{
    return c->selected != ICE_NO_PAIR && p == &c->pairs[c->selected];
}

/* UDP before TCP, then by the peer's priority. */
static bool better(const struct ice_pair *a, const struct ice_pair *b)
{
    if (a->tuple.protocol != b->tuple.protocol)
        return a->tuple.protocol == NET_UDP;
    return a->candidate.priority > b->candidate.priority;
}

/* What a TCP pair waits for: UDP's head start, or nothing where no UDP pair can be checked. */
static time_us tcp_delay(const struct ice_controlling *c)
{
    for (size_t i = 0; i < c->pair_count; i++) {
        if (c->pairs[i].tuple.protocol == NET_UDP && ice_pair_usable(&c->pairs[i]))
            return TCP_DELAY_US;
    }
    return 0;
}

/* All pairs at once; TCP that is not open after its delay. */
static void search(struct ice_controlling *c, time_us now_us)
{
    const time_us delay_us = tcp_delay(c);
    if (!c->searching)
        c->search_since_us = now_us;
    c->searching = true;
    for (size_t i = 0; i < c->pair_count; i++) {
        struct ice_pair *p = &c->pairs[i];
        if (ice_pair_usable(p))
            p->check_at = time_us_min(p->check_at, now_us);
        else if (p->tcp == ICE_TCP_CLOSED && p->open_at == TIME_US_NEVER)
            p->open_at = now_us + delay_us;
    }
}

static void settle(struct ice_controlling *c, time_us now_us)
{
    c->searching = false;
    const bool on_tcp = c->pairs[c->selected].tuple.protocol == NET_TCP;
    for (size_t i = 0; i < c->pair_count; i++) {
        struct ice_pair *p = &c->pairs[i];
        if (is_selected(c, p) || i == c->nominee)
            continue;
        const bool keep = on_tcp && p->tuple.protocol == NET_UDP && ice_pair_usable(p);
        p->check_at = keep ? time_us_min(p->check_at, now_us + BETTER_CHECK_US) : TIME_US_NEVER;
        p->open_at = TIME_US_NEVER;
    }
}

static void load_candidates(struct ice_controlling *c, const struct ice_candidate *candidates,
                            size_t count)
{
    c->pair_count = count;
    c->selected = c->nominee = ICE_NO_PAIR;
    for (size_t i = 0; i < count; i++)
        ice_pair_init(&c->pairs[i], &candidates[i], &c->local_udp);
}

void ice_controlling_start(struct ice_agent *a, const struct ice_config *config, time_us now_us)
{
    struct ice_controlling *c = &a->controlling;
    c->remote = config->remote;
    c->local_udp = config->local_udp;
    c->jitter = seed_of(&config->local);
    c->next_stream = 1;
    c->silence_at = TIME_US_NEVER;
    c->pace_at = now_us;
    random_bytes(&c->tie_breaker, sizeof(c->tie_breaker));
    load_candidates(c, config->candidates, config->candidate_count);
    search(c, now_us);
}

/* An open TCP connection to the same address is kept over a restart. */
static void inherit_stream(struct ice_pair *p, const struct ice_pair *old, size_t old_count)
{
    for (size_t i = 0; i < old_count; i++)
        if (old[i].tcp == ICE_TCP_OPEN && p->tcp == ICE_TCP_CLOSED &&
            net_address_equal(&old[i].tuple.remote, &p->tuple.remote)) {
            p->tcp = ICE_TCP_OPEN;
            p->tuple = old[i].tuple;
        }
}

void ice_controlling_restart(struct ice_agent *a, const struct ice_credentials *remote,
                             const struct ice_candidate *candidates, size_t count, time_us now_us)
{
    struct ice_controlling *c = &a->controlling;
    struct ice_pair old[ICE_CANDIDATES_MAX];
    const size_t old_count = c->pair_count;
    memcpy(old, c->pairs, sizeof(old));
    c->remote = *remote;
    load_candidates(c, candidates, count);
    for (size_t i = 0; i < c->pair_count; i++)
        inherit_stream(&c->pairs[i], old, old_count);
    search(c, now_us);
}

/* ---- checks out ---- */

/* When to check again if this one is not answered. */
static time_us retry_interval(const struct ice_controlling *c, const struct ice_pair *p)
{
    if (is_selected(c, p) && p->misses >= MISSES_SEARCH)
        return LOST_CHECK_US;
    const time_us rtt = p->rtt_us * 2 > RTO_US ? p->rtt_us * 2 : RTO_US;
    if (p->misses <= 1 || is_selected(c, p))
        return time_us_min(rtt, SEARCH_RTO_MAX_US);
    return time_us_min(rtt << (p->misses < 4 ? p->misses - 1 : 3), SEARCH_RTO_MAX_US);
}

static bool awaits_answer(const struct ice_pair *p)
{
    for (size_t i = 0; i < ICE_OUTSTANDING_MAX; i++)
        if (p->checks[i].live && p->checks[i].sent_us > p->answered_us)
            return true;
    return false;
}

static void check_pair(struct ice_agent *a, struct ice_pair *p, time_us now_us)
{
    struct ice_controlling *c = &a->controlling;
    if (awaits_answer(p))
        p->misses++;
    const bool nominating = is_selected(c, p) || (size_t)(p - c->pairs) == c->nominee;
    ice_pair_send(a, p, nominating, now_us);
    const bool background = !c->searching && !is_selected(c, p);
    p->check_at = now_us + (background ? BETTER_CHECK_US : retry_interval(c, p));
    if (is_selected(c, p) && p->misses >= MISSES_SEARCH && !c->searching)
        search(c, now_us);
}

/* The most wanted pair whose check is due; the selected one first. */
static struct ice_pair *due_pair(struct ice_controlling *c, time_us now_us)
{
    struct ice_pair *due = NULL;
    for (size_t i = 0; i < c->pair_count; i++) {
        struct ice_pair *p = &c->pairs[i];
        if (now_us < p->check_at || !ice_pair_usable(p))
            continue;
        if (!due || is_selected(c, p) ||
            (!is_selected(c, due) &&
             (p->check_at < due->check_at || (p->check_at == due->check_at && better(p, due)))))
            due = p;
    }
    return due;
}

static void expire(struct ice_controlling *c, time_us now_us)
{
    for (size_t i = 0; i < c->pair_count; i++) {
        struct ice_pair *p = &c->pairs[i];
        if (p->valid && now_us >= p->answered_us + ICE_CONSENT_US)
            p->valid = false;
        if (now_us >= p->open_at) {
            p->open_at = TIME_US_NEVER;
            p->tcp = ICE_TCP_OPENING;
            p->tuple.stream = c->next_stream++;
            p->open_requested = true;
        }
    }
}

void ice_controlling_timeout(struct ice_agent *a, time_us now_us)
{
    struct ice_controlling *c = &a->controlling;
    expire(c, now_us);
    if (now_us >= c->silence_at) {
        c->silence_at = TIME_US_NEVER;
        if (c->selected != ICE_NO_PAIR)
            c->pairs[c->selected].check_at = now_us;
    }
    if (now_us < c->pace_at)
        return;
    struct ice_pair *p = due_pair(c, now_us);
    if (!p)
        return;
    c->pace_at = now_us + PACE_US;
    check_pair(a, p, now_us);
}

time_us ice_controlling_deadline(const struct ice_agent *a)
{
    const struct ice_controlling *c = &a->controlling;
    time_us at = c->silence_at;
    for (size_t i = 0; i < c->pair_count; i++) {
        const struct ice_pair *p = &c->pairs[i];
        at = time_us_min(at, p->open_at);
        if (p->valid)
            at = time_us_min(at, p->answered_us + ICE_CONSENT_US);
        if (p->check_at != TIME_US_NEVER && ice_pair_usable(p))
            at = time_us_min(at, p->check_at > c->pace_at ? p->check_at : c->pace_at);
    }
    return at;
}

/* ---- answers in ---- */

/* A pair has proved itself. Nominate it unless something at least as good is selected or under way.
 */
static void consider(struct ice_agent *a, size_t index, time_us now_us)
{
    struct ice_controlling *c = &a->controlling;
    struct ice_pair *p = &c->pairs[index];
    if (c->selected != ICE_NO_PAIR && c->selected != index) {
        const struct ice_pair *s = &c->pairs[c->selected];
        const bool lost = s->misses >= MISSES_SEARCH || !ice_pair_usable(s);
        const bool upgrade = s->tuple.protocol == NET_TCP && p->tuple.protocol == NET_UDP;
        if (!lost && !upgrade)
            return;
    }
    if (c->nominee != ICE_NO_PAIR && c->nominee != index) {
        const struct ice_pair *n = &c->pairs[c->nominee];
        if (n->misses == 0 && !better(p, n))
            return;
    }
    c->nominee = index;
    if (c->rtt_us == 0)
        c->rtt_us = p->rtt_us;
    ice_pair_send(a, p, true, now_us); /* not paced: it answers an answer */
    p->check_at = now_us + retry_interval(c, p);
}

static void nominated(struct ice_agent *a, size_t index, time_us now_us)
{
    struct ice_controlling *c = &a->controlling;
    const bool upgrading = c->nominee != ICE_NO_PAIR && c->nominee != index &&
                           better(&c->pairs[c->nominee], &c->pairs[index]);
    if (!upgrading)
        c->nominee = ICE_NO_PAIR;
    c->selected = index;
    c->rtt_us = c->pairs[index].rtt_us;
    c->pairs[index].check_at = now_us + consent_interval(c);
    ice_select(a, &c->pairs[index].tuple, now_us);
    settle(c, now_us);
}

enum ice_received ice_controlling_receive(struct ice_agent *a, const struct net_tuple *from,
                                          const struct stun_message *m, time_us now_us)
{
    struct ice_controlling *c = &a->controlling;
    if (m->class != STUN_SUCCESS || !m->has_fingerprint)
        return ICE_DROPPED_MALFORMED; /* a lite peer never asks; an error counts as no answer */
    for (size_t i = 0; i < c->pair_count; i++) {
        struct ice_pair *p = &c->pairs[i];
        struct ice_check *check = ice_pair_find_check(p, m->transaction);
        if (!check || !ice_same_remote(&p->tuple, from)) /* RFC 8445 section 7.2.5.2.1 */
            continue;
        if (!stun_check_integrity(m, c->remote.pwd, strlen(c->remote.pwd)))
            return ICE_DROPPED_FORGED;
        const bool nominating = check->nominating;
        ice_pair_answered(p, check, now_us);
        if (nominating && (i == c->nominee || i == c->selected))
            nominated(a, i, now_us);
        else
            consider(a, i, now_us);
        return ICE_ACCEPTED;
    }
    return ICE_DROPPED_REPLAYED; /* answers none of our open checks */
}

time_us ice_lost_since(const struct ice_agent *a)
{
    const struct ice_controlling *c = &a->controlling;
    const bool lost = a->role == ICE_ROLE_CONTROLLING && c->searching && c->selected != ICE_NO_PAIR;
    return lost ? c->search_since_us : TIME_US_NEVER;
}

/* ---- the caller's news ---- */

void ice_note_received(struct ice_agent *a, const struct net_tuple *from, time_us now_us)
{
    if (a->role != ICE_ROLE_CONTROLLING)
        return;
    struct ice_controlling *c = &a->controlling;
    if (c->selected == ICE_NO_PAIR || !ice_same_remote(&a->selected, from))
        return;
    const bool flow = c->last_data_us != 0 && now_us - c->last_data_us < FLOW_GAP_US;
    c->last_data_us = now_us;
    c->silence_at = flow ? now_us + SILENCE_US : TIME_US_NEVER;
}

void ice_path_changed(struct ice_agent *a, const struct net_address *local_udp, time_us now_us)
{
    if (a->role != ICE_ROLE_CONTROLLING)
        return;
    struct ice_controlling *c = &a->controlling;
    c->local_udp = *local_udp;
    for (size_t i = 0; i < c->pair_count; i++) {
        struct ice_pair *p = &c->pairs[i];
        p->misses = 0;
        p->check_at = TIME_US_NEVER;
        if (p->tuple.protocol != NET_UDP)
            continue;
        p->tuple.local = *local_udp;
        p->valid = false;
        memset(p->checks, 0,
               sizeof(p->checks)); /* answers to the old address say nothing of the new one */
    }
    if (a->has_selected && a->selected.protocol == NET_UDP)
        a->selected.local = *local_udp;
    c->pace_at = now_us;
    search(c, now_us);
}

void ice_controlling_tcp_state(struct ice_agent *a, uint32_t stream,
                               const struct net_address *local, bool up, time_us now_us)
{
    struct ice_controlling *c = &a->controlling;
    for (size_t i = 0; i < c->pair_count; i++) {
        struct ice_pair *p = &c->pairs[i];
        if (p->tcp == ICE_TCP_NONE || p->tuple.stream != stream)
            continue;
        p->misses = 0;
        if (up && p->tcp == ICE_TCP_OPENING) {
            p->tcp = ICE_TCP_OPEN;
            p->tuple.local = *local;
            p->check_at = c->searching ? now_us : TIME_US_NEVER;
            if (is_selected(c, p))
                a->selected = p->tuple; /* the old stream is dead; the check goes ahead of media */
        } else if (!up) {
            p->tcp = ICE_TCP_CLOSED;
            p->valid = p->open_requested = false;
            p->check_at = TIME_US_NEVER;
            p->tcp_failures += p->tcp_failures < TCP_RETRY_MAX;
            if (is_selected(c, p))
                search(c, now_us);
            if (c->searching)
                p->open_at = now_us + TCP_RETRY_US * (p->tcp_failures - is_selected(c, p));
        }
    }
}

bool ice_controlling_open_event(struct ice_agent *a, struct ice_event *out)
{
    struct ice_controlling *c = &a->controlling;
    for (size_t i = 0; i < c->pair_count; i++) {
        if (!c->pairs[i].open_requested)
            continue;
        c->pairs[i].open_requested = false;
        out->type = ICE_EVENT_OPEN_TCP;
        out->tuple = c->pairs[i].tuple;
        return true;
    }
    return false;
}

const struct net_tuple *ice_controlling_best(const struct ice_agent *a)
{
    const struct ice_controlling *c = &a->controlling;
    const struct ice_pair *best = NULL;
    for (size_t i = 0; i < c->pair_count; i++)
        if (c->pairs[i].valid && (!best || better(&c->pairs[i], best)))
            best = &c->pairs[i];
    return best ? &best->tuple : NULL;
}

bool ice_controlling_has(const struct ice_agent *a, const struct net_tuple *t)
{
    const struct ice_controlling *c = &a->controlling;
    if (a->has_selected && ice_same_remote(&a->selected, t))
        return true;
    for (size_t i = 0; i < c->pair_count; i++)
        if (c->pairs[i].valid && ice_same_remote(&c->pairs[i].tuple, t))
            return true;
    return false;
}

const struct net_tuple *ice_probed_tuple(const struct ice_agent *a)
{
    if (a->role != ICE_ROLE_CONTROLLING || ice_send_tuple(a))
        return NULL;
    const struct ice_controlling *c = &a->controlling;
    const struct ice_pair *best = NULL;
    for (size_t i = 0; i < c->pair_count; i++) {
        const struct ice_pair *p = &c->pairs[i];
        if (p->tuple.protocol == NET_UDP && awaits_answer(p) && (!best || better(p, best)))
            best = p;
    }
    return best ? &best->tuple : NULL;
}
