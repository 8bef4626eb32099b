/* SPDX-License-Identifier: Apache-2.0 */
/* Life and state of a transport: what ICE and DTLS say becomes one state, and events are queued. */
#include "rtc/transport/transport.h"
#include "base/check.h"
#include "rtc/transport/transport_private.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {
    [TRANSPORT_NEW] = "new",
    [TRANSPORT_CONNECTING] = "connecting",
    [TRANSPORT_CONNECTED] = "connected",
    [TRANSPORT_INTERRUPTED] = "interrupted",
    [TRANSPORT_FAILED] = "failed",
    [TRANSPORT_CLOSED] = "closed",
};
#define STATE_COUNT (sizeof(state_names) / sizeof(state_names[0]))

#define TO(state) (1u << TRANSPORT_##state)

/* Where each state may go. */
static const unsigned allowed[STATE_COUNT] = {
    [TRANSPORT_NEW] = TO(CONNECTING) | TO(FAILED) | TO(CLOSED),
    [TRANSPORT_CONNECTING] = TO(CONNECTED) | TO(FAILED) | TO(CLOSED),
    [TRANSPORT_CONNECTED] = TO(INTERRUPTED) | TO(CLOSED),
    [TRANSPORT_INTERRUPTED] = TO(CONNECTED) | TO(CLOSED),
    [TRANSPORT_FAILED] = TO(CLOSED),
    [TRANSPORT_CLOSED] = 0,
};

const char *transport_state_name(enum transport_state state)
{
    return (size_t)state < STATE_COUNT ? state_names[state] : "unknown";
}

void transport_push_event(struct transport *t, const struct transport_event *event)
{
    if (t->event_count == TRANSPORT_EVENTS_MAX) { /* nobody drains: the oldest is stale anyway */
        t->event_first = (t->event_first + 1) % TRANSPORT_EVENTS_MAX;
        t->event_count--;
    }
    t->events[(t->event_first + t->event_count++) % TRANSPORT_EVENTS_MAX] = *event;
}

static void set_state(struct transport *t, enum transport_state state)
{
    if (t->state == state)
        return;
    CHECK(allowed[t->state] & 1u << state);
    t->state = state;
    transport_push_event(t,
                         &(struct transport_event){.type = TRANSPORT_EVENT_STATE, .state = state});
}

static int new_ice(struct transport *t, const struct transport_config *config, time_us now_us)
{
    const struct ice_config ice = {.role = config->ice_role,
                                   .local = config->local,
                                   .remote = config->remote,
                                   .candidates = config->candidates,
                                   .candidate_count = config->candidate_count,
                                   .local_udp = config->local_udp};
    return ice_agent_new(&t->ice, &ice, now_us);
}

static int new_dtls(struct transport *t, const struct transport_config *config)
{
    struct dtls_config dtls = {.identity = config->identity,
                               .role = config->dtls_role,
                               .remote = config->remote_fingerprint,
                               .profile_count = config->profile_count};
    memcpy(dtls.profiles, config->profiles, sizeof(dtls.profiles));
    return dtls_new(&t->dtls, &dtls);
}

int transport_new(struct transport **out, const struct transport_config *config, time_us now_us)
{
    struct transport *t = calloc(1, sizeof(*t));
    if (!t)
        return SQ_ERR_NOMEM;
    t->early_at = TIME_US_NEVER;
    t->is_dtls_client = config->dtls_role == DTLS_ROLE_CLIENT;
    t->congestion.start_bps = config->start_bps;
    int error = new_ice(t, config, now_us);
    if (!error)
        error = new_dtls(t, config);
    if (error) {
        transport_free(t);
        return error;
    }
    *out = t;
    return 0;
}

void transport_free(struct transport *t)
{
    if (!t)
        return;
    srtp_session_free(t->srtp);
    dtls_free(t->dtls);
    ice_agent_free(t->ice);
    congestion_fini(&t->congestion);
    free(t);
}

/* ---- one state out of two ---- */

static bool is_over(const struct transport *t)
{
    return t->state == TRANSPORT_FAILED || t->state == TRANSPORT_CLOSED;
}

static void take_ice_events(struct transport *t)
{
    struct ice_event e;
    while (ice_next_event(t->ice, &e))
        if (e.type == ICE_EVENT_OPEN_TCP)
            transport_push_event(t, &(struct transport_event){.type = TRANSPORT_EVENT_OPEN_TCP,
                                                              .state = t->state,
                                                              .tuple = e.tuple});
    const struct net_tuple *now = ice_send_tuple(t->ice);
    if (!now || net_tuple_equal(now, &t->told))
        return;
    t->told = *now;
    transport_push_event(t, &(struct transport_event){
                                .type = TRANSPORT_EVENT_TUPLE, .state = t->state, .tuple = *now});
}

static void take_keys(struct transport *t)
{
    uint8_t keying[SRTP_KEYING_MAX];
    if (dtls_export(t->dtls, &t->profile, keying) != 0 ||
        srtp_session_new(&t->srtp, t->profile, keying, srtp_profile_keying_bytes(t->profile),
                         t->is_dtls_client) != 0)
        set_state(t, TRANSPORT_FAILED);
    explicit_bzero(keying, sizeof(keying));
}

/* The ClientHello travels right behind the first check, which saves a round trip: the relay takes
 * it because the check has just validated its tuple. */
static void start_early(struct transport *t, time_us now_us)
{
    const struct net_tuple *probed = ice_probed_tuple(t->ice);
    if (!t->is_dtls_client || t->early_at != TIME_US_NEVER || !probed)
        return;
    t->early_at = now_us;
    t->early = *probed;
    dtls_start_early(t->dtls, now_us);
}

void transport_update(struct transport *t, time_us now_us)
{
    take_ice_events(t);
    if (is_over(t))
        return;
    dtls_set_rtt(t->dtls, ice_rtt_us(t->ice));
    if (t->state == TRANSPORT_NEW)
        start_early(t, now_us);
    if (t->state == TRANSPORT_NEW && ice_send_tuple(t->ice)) {
        set_state(t, TRANSPORT_CONNECTING);
        /* Lost, unless it travelled behind the very check that was answered: before that check the
         * peer drops it. */
        dtls_start(t->dtls, t->early_at != now_us - ice_rtt_us(t->ice), now_us);
    }
    const enum dtls_state dtls = dtls_state(t->dtls);
    if (dtls == DTLS_FAILED) {
        set_state(t, TRANSPORT_FAILED);
    } else if (dtls == DTLS_CLOSED) {
        set_state(t, TRANSPORT_CLOSED);
    } else if (dtls == DTLS_CONNECTED) {
        if (!t->srtp)
            take_keys(t);
        if (!is_over(t)) {
            const bool lost = ice_agent_state(t->ice) == ICE_INTERRUPTED || !ice_send_tuple(t->ice);
            if (!lost || t->state == TRANSPORT_CONNECTED)
                set_state(t, lost ? TRANSPORT_INTERRUPTED : TRANSPORT_CONNECTED);
        }
    }
}

/* ---- setters ---- */

int transport_set_remote_fingerprint(struct transport *t, const struct dtls_fingerprint *fp,
                                     time_us now_us)
{
    const int error = dtls_set_remote_fingerprint(t->dtls, fp, now_us);
    transport_update(t, now_us);
    return error;
}

int transport_restart_ice(struct transport *t, const struct ice_credentials *local,
                          const struct ice_credentials *remote,
                          const struct ice_candidate *candidates, size_t candidate_count,
                          time_us now_us)
{
    const int error = ice_restart(t->ice, local, remote, candidates, candidate_count, now_us);
    transport_update(t, now_us);
    return error;
}

void transport_path_changed(struct transport *t, const struct net_address *local_udp,
                            time_us now_us)
{
    ice_path_changed(t->ice, local_udp, now_us);
    transport_update(t, now_us);
}

void transport_tcp_state(struct transport *t, uint32_t stream, const struct net_address *local,
                         bool up, time_us now_us)
{
    ice_tcp_state(t->ice, stream, local, up, now_us);
    transport_update(t, now_us);
}

int transport_set_extensions(struct transport *t, const struct transport_extensions *extensions)
{
    return congestion_set_extensions(&t->congestion, extensions);
}

void transport_close(struct transport *t, time_us now_us)
{
    dtls_close(t->dtls, now_us);
    if (t->state != TRANSPORT_CLOSED)
        set_state(t, TRANSPORT_CLOSED);
}

/* ---- time ---- */

time_us transport_deadline(const struct transport *t)
{
    if (is_over(t))
        return TIME_US_NEVER;
    time_us at = time_us_min(ice_deadline(t->ice), dtls_deadline(t->dtls));
    if (t->state == TRANSPORT_CONNECTED && !t->feedback_ready)
        at = time_us_min(at, congestion_deadline(&t->congestion));
    return at;
}

void transport_timeout(struct transport *t, time_us now_us)
{
    if (is_over(t))
        return;
    if (now_us >= ice_deadline(t->ice))
        ice_timeout(t->ice, now_us);
    if (now_us >= dtls_deadline(t->dtls))
        dtls_timeout(t->dtls, now_us);
    if (now_us >= congestion_deadline(&t->congestion)) {
        t->feedback_ready = true;
        t->feedback_now_us = now_us;
    }
    transport_update(t, now_us);
}

/* ---- views ---- */

bool transport_next_event(struct transport *t, struct transport_event *out)
{
    if (t->event_count == 0)
        return false;
    *out = t->events[t->event_first];
    t->event_first = (t->event_first + 1) % TRANSPORT_EVENTS_MAX;
    t->event_count--;
    return true;
}

time_us transport_lost_since(const struct transport *t)
{
    return ice_lost_since(t->ice);
}

enum transport_state transport_state(const struct transport *t)
{
    return t->state;
}

const struct net_tuple *transport_tuple(const struct transport *t)
{
    return ice_send_tuple(t->ice);
}

const char *transport_local_ufrag(const struct transport *t)
{
    return ice_local(t->ice)->ufrag;
}

const char *transport_failure(const struct transport *t)
{
    return t->state == TRANSPORT_FAILED ? dtls_failure(t->dtls) : "";
}

void transport_get_stats(const struct transport *t, struct transport_stats *out)
{
    *out = (struct transport_stats){
        .bytes_sent = t->bytes_sent,
        .bytes_received = t->bytes_received,
        .packets_sent = t->packets_sent,
        .packets_received = t->packets_received,
        .dropped_unvalidated = t->drops.unvalidated,
        .dropped_forged = t->drops.forged,
        .dropped_replayed = t->drops.replayed,
        .dropped_malformed = t->drops.malformed,
        .rtt_us = ice_rtt_us(t->ice),
        .estimate_bps = t->congestion.estimate_bps,
        .srtp_profile = t->profile,
    };
    const struct net_tuple *tuple = ice_send_tuple(t->ice);
    if (tuple)
        out->tuple = *tuple;
}
