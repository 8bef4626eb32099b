/* SPDX-License-Identifier: Apache-2.0 */
/* The agent: what both roles share (state, selection, consent, events), and who does the rest. */
#include "rtc/ice/ice.h"
#include "base/check.h"
#include "rtc/ice/ice_private.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

static int check_config(const struct ice_config *c)
{
    if (!ice_credentials_valid(&c->local) || c->candidate_count > ICE_CANDIDATES_MAX)
        return SQ_ERR_INVALID;
    if (c->role == ICE_ROLE_CONTROLLING && !ice_credentials_valid(&c->remote))
        return SQ_ERR_INVALID;
    return 0;
}

int ice_agent_new(struct ice_agent **out, const struct ice_config *config, time_us now_us)
{
    const int error = check_config(config);
    if (error)
        return error;
    struct ice_agent *a = calloc(1, sizeof(*a));
    if (!a)
        return SQ_ERR_NOMEM;
    a->role = config->role;
    a->local = config->local;
    a->consent_until = TIME_US_NEVER;
    if (a->role == ICE_ROLE_CONTROLLING)
        ice_controlling_start(a, config, now_us);
    *out = a;
    return 0;
}

void ice_agent_free(struct ice_agent *a)
{
    free(a);
}

void ice_set_state(struct ice_agent *a, enum ice_state state)
{
    if (a->state == state)
        return;
    CHECK(state != ICE_NEW && (state != ICE_INTERRUPTED || a->state == ICE_CONNECTED));
    a->state = state;
    a->event_state = true;
}

void ice_select(struct ice_agent *a, const struct net_tuple *tuple, time_us now_us)
{
    if (!a->has_selected || !net_tuple_equal(&a->selected, tuple)) {
        a->selected = *tuple;
        a->has_selected = true;
        a->event_tuple = true;
    }
    a->consent_until = now_us + ICE_CONSENT_US;
    ice_set_state(a, ICE_CONNECTED);
}

enum ice_received ice_receive(struct ice_agent *a, const struct net_tuple *from,
                              const uint8_t *data, size_t len_bytes, time_us now_us)
{
    struct stun_message m;
    if (stun_parse(&m, data, len_bytes) != 0 || m.method != STUN_METHOD_BINDING)
        return ICE_DROPPED_MALFORMED;
    return a->role == ICE_ROLE_LITE ? ice_lite_receive(a, from, &m, now_us)
                                    : ice_controlling_receive(a, from, &m, now_us);
}

time_us ice_deadline(const struct ice_agent *a)
{
    const time_us consent = a->state == ICE_CONNECTED ? a->consent_until : TIME_US_NEVER;
    const time_us role =
        a->role == ICE_ROLE_LITE ? ice_lite_deadline(a) : ice_controlling_deadline(a);
    return time_us_min(consent, role);
}

void ice_timeout(struct ice_agent *a, time_us now_us)
{
    if (a->state == ICE_CONNECTED && now_us >= a->consent_until)
        ice_set_state(a, ICE_INTERRUPTED);
    if (a->role == ICE_ROLE_LITE)
        ice_lite_timeout(a, now_us);
    else
        ice_controlling_timeout(a, now_us);
}

size_t ice_next_datagram(struct ice_agent *a, struct net_tuple *tuple, uint8_t *out)
{
    struct ice_outbox *box = &a->outbox;
    if (box->count == 0)
        return 0;
    const struct ice_out *next = &box->ring[box->first];
    *tuple = next->tuple;
    memcpy(out, next->data, next->len_bytes);
    box->first = (box->first + 1) % ICE_OUTBOX_MAX;
    box->count--;
    return next->len_bytes;
}

bool ice_next_event(struct ice_agent *a, struct ice_event *out)
{
    *out = (struct ice_event){.state = a->state, .tuple = a->selected};
    if (a->event_tuple) {
        a->event_tuple = false;
        out->type = ICE_EVENT_TUPLE;
        return true;
    }
    if (a->event_state) {
        a->event_state = false;
        out->type = ICE_EVENT_STATE;
        return true;
    }
    return a->role == ICE_ROLE_CONTROLLING && ice_controlling_open_event(a, out);
}

int ice_restart(struct ice_agent *a, const struct ice_credentials *local,
                const struct ice_credentials *remote, const struct ice_candidate *candidates,
                size_t candidate_count, time_us now_us)
{
    if (!ice_credentials_valid(local) || candidate_count > ICE_CANDIDATES_MAX)
        return SQ_ERR_INVALID;
    if (a->role == ICE_ROLE_CONTROLLING && (!remote || !ice_credentials_valid(remote)))
        return SQ_ERR_INVALID;
    a->previous = a->local;
    a->has_previous = true;
    a->local = *local;
    if (a->role == ICE_ROLE_CONTROLLING)
        ice_controlling_restart(a, remote, candidates, candidate_count, now_us);
    return 0;
}

void ice_tcp_state(struct ice_agent *a, uint32_t stream, const struct net_address *local, bool up,
                   time_us now_us)
{
    if (stream == 0)
        return;
    if (a->role == ICE_ROLE_CONTROLLING)
        ice_controlling_tcp_state(a, stream, local, up, now_us);
    else if (!up)
        ice_lite_stream_down(a, stream, now_us);
}

enum ice_state ice_agent_state(const struct ice_agent *a)
{
    return a->state;
}

bool ice_is_validated(const struct ice_agent *a, const struct net_tuple *t)
{
    return a->role == ICE_ROLE_LITE ? ice_lite_has(a, t) : ice_controlling_has(a, t);
}

const struct net_tuple *ice_selected(const struct ice_agent *a)
{
    return a->has_selected ? &a->selected : NULL;
}

const struct net_tuple *ice_send_tuple(const struct ice_agent *a)
{
    if (a->has_selected)
        return &a->selected;
    return a->role == ICE_ROLE_LITE ? ice_lite_latest(a) : ice_controlling_best(a);
}

const struct ice_credentials *ice_local(const struct ice_agent *a)
{
    return &a->local;
}

time_us ice_rtt_us(const struct ice_agent *a)
{
    return a->role == ICE_ROLE_CONTROLLING ? a->controlling.rtt_us : 0;
}
