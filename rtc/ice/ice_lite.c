/* SPDX-License-Identifier: Apache-2.0 */
/* The lite side (RFC 8445 section 2.5 and 7.3): answers authenticated checks, remembers at most
 * ICE_TUPLES_MAX tuples, follows nomination. Everything else is dropped without an answer. */
#include "base/check.h"
#include "rtc/ice/ice_private.h"
#include <string.h>

#define ERROR_UNKNOWN_ATTRIBUTE 420
#define ERROR_ROLE_CONFLICT     487

static bool username_is_for(const struct stun_message *m, const struct ice_credentials *c)
{
    const size_t len = strlen(c->ufrag);
    return m->username_len > len + 1 && m->username[len] == ':' &&
           memcmp(m->username, c->ufrag, len) == 0;
}

/* The credentials that the check was made with; NULL when it is not authentic. */
static const struct ice_credentials *authenticate(const struct ice_agent *a,
                                                  const struct stun_message *m)
{
    const struct ice_credentials *tried[2] = {&a->local, a->has_previous ? &a->previous : NULL};
    for (size_t i = 0; i < 2; i++)
        if (tried[i] && username_is_for(m, tried[i]) &&
            stun_check_integrity(m, tried[i]->pwd, strlen(tried[i]->pwd)))
            return tried[i];
    return NULL;
}

static const struct ice_recent *find_recent(const struct ice_lite *l, const uint8_t *transaction)
{
    for (size_t i = 0; i < l->recent_count; i++)
        if (memcmp(l->recent[i].transaction, transaction, STUN_TRANSACTION_BYTES) == 0)
            return &l->recent[i];
    return NULL;
}

static void remember(struct ice_lite *l, const struct stun_message *m, const struct net_tuple *from)
{
    struct ice_recent *r = &l->recent[l->recent_next];
    memcpy(r->transaction, m->transaction, STUN_TRANSACTION_BYTES);
    r->tuple = *from;
    l->recent_next = (l->recent_next + 1) % ICE_RECENT_MAX;
    if (l->recent_count < ICE_RECENT_MAX)
        l->recent_count++;
}

static struct ice_lite_tuple *find_tuple(struct ice_lite *l, const struct net_tuple *t)
{
    for (size_t i = 0; i < l->tuple_count; i++)
        if (net_tuple_equal(&l->tuples[i].tuple, t))
            return &l->tuples[i];
    return NULL;
}

static bool is_selected(const struct ice_agent *a, const struct net_tuple *t)
{
    return a->has_selected && net_tuple_equal(&a->selected, t);
}

/* A place for one more tuple: a free one, or that of the longest silent one that is not selected.
 */
static struct ice_lite_tuple *take_place(struct ice_agent *a)
{
    struct ice_lite *l = &a->lite;
    if (l->tuple_count < ICE_TUPLES_MAX)
        return &l->tuples[l->tuple_count++];
    struct ice_lite_tuple *oldest = NULL;
    for (size_t i = 0; i < l->tuple_count; i++) {
        struct ice_lite_tuple *t = &l->tuples[i];
        if (!is_selected(a, &t->tuple) && (!oldest || t->last_check_us < oldest->last_check_us))
            oldest = t;
    }
    CHECK(oldest);
    return oldest;
}

static void answer(struct ice_agent *a, const struct net_tuple *to, const struct stun_message *m,
                   const struct ice_credentials *c, uint16_t error)
{
    struct ice_out *out = ice_outbox_room(&a->outbox, to);
    if (!out)
        return;
    struct stun_writer w;
    stun_begin(&w, out->data, sizeof(out->data), error ? STUN_ERROR : STUN_SUCCESS, m->transaction);
    if (!error)
        stun_put_xor_address(&w, &to->remote);
    else
        stun_put_error(&w, error, "");
    if (error == ERROR_UNKNOWN_ATTRIBUTE)
        stun_put_unknown(&w, m->unknown, m->unknown_count);
    out->len_bytes = stun_end(&w, c->pwd, strlen(c->pwd));
    ice_outbox_push(&a->outbox);
}

/* An authentic check that was not seen before. */
static void accept_check(struct ice_agent *a, const struct net_tuple *from,
                         const struct stun_message *m, time_us now_us)
{
    struct ice_lite_tuple *t = find_tuple(&a->lite, from);
    if (!t) {
        t = take_place(a);
        t->tuple = *from;
    }
    t->last_check_us = now_us;
    if (m->use_candidate || is_selected(a, from))
        ice_select(a, from, now_us);
}

enum ice_received ice_lite_receive(struct ice_agent *a, const struct net_tuple *from,
                                   const struct stun_message *m, time_us now_us)
{
    if (m->class != STUN_REQUEST || !m->has_fingerprint || !m->has_priority ||
        !(m->has_controlling || m->has_controlled)) /* RFC 8445 section 7.1: all are mandatory */
        return ICE_DROPPED_MALFORMED;
    const struct ice_credentials *c = m->username ? authenticate(a, m) : NULL;
    if (!c)
        return ICE_DROPPED_FORGED;
    const struct ice_recent *seen = find_recent(&a->lite, m->transaction);
    if (seen && !net_tuple_equal(&seen->tuple, from))
        return ICE_DROPPED_REPLAYED; /* somebody recorded a check and sends it from elsewhere */
    if (m->unknown_count > 0 || m->has_controlled) {
        answer(a, from, m, c, m->unknown_count ? ERROR_UNKNOWN_ATTRIBUTE : ERROR_ROLE_CONFLICT);
        return ICE_ACCEPTED;
    }
    answer(a, from, m, c, 0);
    if (seen)
        return ICE_ACCEPTED; /* a retransmission: answered again, nothing more */
    remember(&a->lite, m, from);
    if (c == &a->local)
        a->has_previous = false;
    accept_check(a, from, m, now_us);
    return ICE_ACCEPTED;
}

time_us ice_lite_deadline(const struct ice_agent *a)
{
    time_us at = TIME_US_NEVER;
    for (size_t i = 0; i < a->lite.tuple_count; i++)
        if (!is_selected(a, &a->lite.tuples[i].tuple))
            at = time_us_min(at, a->lite.tuples[i].last_check_us + ICE_CONSENT_US);
    return at;
}

void ice_lite_timeout(struct ice_agent *a, time_us now_us)
{
    struct ice_lite *l = &a->lite;
    for (size_t i = l->tuple_count; i-- > 0;)
        if (!is_selected(a, &l->tuples[i].tuple) &&
            now_us >= l->tuples[i].last_check_us + ICE_CONSENT_US)
            l->tuples[i] = l->tuples[--l->tuple_count];
}

void ice_lite_stream_down(struct ice_agent *a, uint32_t stream, time_us now_us)
{
    struct ice_lite *l = &a->lite;
    for (size_t i = l->tuple_count; i-- > 0;)
        if (l->tuples[i].tuple.stream == stream && !is_selected(a, &l->tuples[i].tuple))
            l->tuples[i] = l->tuples[--l->tuple_count];
    if (a->has_selected && a->selected.stream == stream && a->state == ICE_CONNECTED)
        a->consent_until = now_us; /* the next timeout finds it interrupted */
}

const struct net_tuple *ice_lite_latest(const struct ice_agent *a)
{
    const struct ice_lite_tuple *latest = NULL;
    for (size_t i = 0; i < a->lite.tuple_count; i++)
        if (!latest || a->lite.tuples[i].last_check_us > latest->last_check_us)
            latest = &a->lite.tuples[i];
    return latest ? &latest->tuple : NULL;
}

bool ice_lite_has(const struct ice_agent *a, const struct net_tuple *t)
{
    for (size_t i = 0; i < a->lite.tuple_count; i++)
        if (net_tuple_equal(&a->lite.tuples[i].tuple, t))
            return true;
    return false;
}
