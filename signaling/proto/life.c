/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher around its requests: its table of methods, how it comes up and ends, its
 * connections and their rate, and what time brings (sign-ins that never came, deadlines of
 * consultations, media). Refuses to know what a request says; that is dispatch.c. */
#include "signaling/proto/life.h"

#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/media/media.h"
#include "signaling/nodes/nodes.h"
#include "signaling/proto/across.h"
#include "signaling/proto/schema.h"
#include "signaling/proto/signal.h"
#include "signaling/proto/unit.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OVERDUE_US         (50 * TIME_US_PER_MS) /* until a deadline that failed is tried again */
#define TOKENS_PER_MESSAGE 1000000               /* tokens are counted in millionths of a message */

/* ---- the table ---- */

static bool has_schema(const struct dispatch_config *config, const char *name)
{
    return json_object_get(schema_set_method(config->schemas, name), "params") != NULL;
}

static bool methods_have_schemas(const struct dispatch_config *config)
{
    bool good = true;
    for (size_t t = 0; t < config->table_count; t++) {
        for (size_t i = 0; i < config->tables[t].count; i++) {
            if (has_schema(config, config->tables[t].methods[i].name))
                continue;
            log_write(LOG_ERROR, "dispatch.no_schema",
                      LOG_TEXT("method", config->tables[t].methods[i].name));
            good = false;
        }
    }
    return good;
}

const struct method *dispatch_find_method(const struct dispatch *d, const char *name)
{
    for (size_t i = 0; i < SESSION_METHOD_COUNT; i++) {
        if (!strcmp(session_methods[i].name, name))
            return &session_methods[i];
    }
    for (size_t t = 0; t < d->config.table_count; t++) {
        const struct method_table *table = &d->config.tables[t];
        for (size_t i = 0; i < table->count; i++) {
            if (!strcmp(table->methods[i].name, name))
                return &table->methods[i];
        }
    }
    return NULL;
}

/* ---- the whole ---- */

/* On any node. */
static bool connected(void *user, const char *session)
{
    return dispatch_connected(user, session) || across_connected(user, session);
}

int dispatch_new(struct dispatch **out, const struct dispatch_config *config)
{
    if (!methods_have_schemas(config))
        return SQ_ERR_INVALID;
    struct dispatch *d = calloc(1, sizeof *d);
    if (!d)
        return SQ_ERR_NOMEM;
    d->config = *config;
    d->service = config->service;
    d->deadline_utc_us = TIME_US_NEVER;
    if (peers_init(&d->peers)) {
        free(d);
        return SQ_ERR_NOMEM;
    }
    d->service->session_connected = connected;
    d->service->front_user = d;
    *out = d;
    return 0;
}

void dispatch_free(struct dispatch *d)
{
    if (!d)
        return;
    group_drop(d);
    while (d->pending)
        dispatch_pending_free(d, d->pending);
    while (d->away)
        session_forget_away(d, d->away->session);
    across_free(d);
    d->service->session_connected = NULL;
    d->service->front_user = NULL;
    peers_fini(&d->peers);
    outputs_clear(&d->outputs);
    free(d);
}

int dispatch_start(struct dispatch *d, time_us now_us, time_us utc_us)
{
    struct effects effects = {0};
    struct unit u;
    unit_begin(&u, d, now_us, utc_us);
    unit_fail(&u, service_recover(d->service, utc_us, &effects));
    d->recovering = true;
    unit_take_effects(&u, &effects);
    d->recovering = false;
    int error = unit_end(&u);
    if (!error)
        error = group_commit(d);
    across_started(d, now_us);
    return error ? error : service_next_deadline(d->service, &d->deadline_utc_us);
}

struct service *dispatch_service(const struct dispatch *d)
{
    return d->service;
}

bool dispatch_connected(const struct dispatch *d, const char *session)
{
    return peers_find_session(&d->peers, session) != NULL;
}

/* ---- connections ---- */

bool dispatch_take_token(struct peer *peer, time_us now_us)
{
    const int64_t full = (int64_t)DISPATCH_RATE_BURST * TOKENS_PER_MESSAGE;
    time_us passed_us = now_us - peer->tokens_us;
    peer->tokens_us = now_us;
    if (passed_us > DISPATCH_RATE_BURST * TIME_US_PER_S)
        passed_us = DISPATCH_RATE_BURST * TIME_US_PER_S;
    peer->tokens += passed_us * DISPATCH_RATE_PER_S * TOKENS_PER_MESSAGE / TIME_US_PER_S;
    if (peer->tokens > full)
        peer->tokens = full;
    if (peer->tokens < TOKENS_PER_MESSAGE) {
        peer->refused++;
        return false;
    }
    peer->tokens -= TOKENS_PER_MESSAGE;
    peer->refused = 0;
    return true;
}

int dispatch_open(struct dispatch *d, uint64_t connection, time_us now_us)
{
    struct peer *peer = peers_add(&d->peers, connection, now_us);
    if (peer) {
        peer->tokens = (int64_t)DISPATCH_RATE_BURST * TOKENS_PER_MESSAGE;
        peer->signals = (int64_t)SIGNAL_RATE_BURST * TOKENS_PER_MESSAGE;
        peer->signals_us = now_us;
    }
    return peer ? 0 : SQ_ERR_NOMEM;
}

void dispatch_keep_token(struct dispatch *d, uint64_t connection, const char *token)
{
    struct peer *peer = peers_find(&d->peers, connection);
    _Static_assert(PEER_TOKEN_MAX == AUTH_TOKEN_MAX, "one size");
    if (peer && strlen(token) < sizeof peer->token)
        snprintf(peer->token, sizeof peer->token, "%s", token);
}

void dispatch_closed(struct dispatch *d, uint64_t connection, time_us now_us, time_us utc_us)
{
    struct peer *peer = peers_find(&d->peers, connection);
    char session[ID_MAX];
    if (!peer)
        return;
    memcpy(session, peer->caller.session, sizeof session);
    peers_remove(&d->peers, peer);
    if (session[0])
        session_left(d, session, now_us, utc_us);
}

void dispatch_close_peer(struct dispatch *d, struct peer *peer, uint16_t code)
{
    peer->closing = true;
    group_close(d, peer->connection, code);
}

/* ---- time ---- */

/* Who has not signed in in time. */
static void close_silent(struct dispatch *d, time_us now_us)
{
    if (d->peers.bound == d->peers.count)
        return; /* those who have are many, and need no look */
    for (struct peer *p = d->peers.oldest; p; p = p->newer) {
        if (now_us - p->opened_us < DISPATCH_SIGN_IN_US)
            return;
        if (!p->caller.session[0] && !p->closing && !p->pending)
            dispatch_close_peer(d, p, DISPATCH_CLOSE_SIGN_IN);
    }
}

static void run_deadlines(struct dispatch *d, time_us now_us, time_us utc_us)
{
    bool more = d->deadline_utc_us <= utc_us;
    while (more) {
        struct effects effects = {0};
        struct unit u;
        unit_begin(&u, d, now_us, utc_us);
        more = false;
        if (!u.error)
            unit_fail(&u, service_deadlines_due(d->service, utc_us, &effects, &more));
        unit_take_effects(&u, &effects);
        if (unit_end(&u))
            break;
        if (service_next_deadline(d->service, &d->deadline_utc_us))
            break;
    }
}

static void step_media(struct dispatch *d, time_us now_us, time_us utc_us)
{
    struct unit u;
    if (!d->config.media || !media_listen(d->config.media, now_us))
        return;
    unit_begin(&u, d, now_us, utc_us);
    if (across_may(&u))
        media_step(d->config.media, now_us);
    unit_take_media(&u);
    unit_end(&u);
}

void dispatch_step(struct dispatch *d, time_us now_us, time_us utc_us)
{
    close_silent(d, now_us);
    across_step(d, now_us, utc_us);
    session_step(d, now_us, utc_us);
    run_deadlines(d, now_us, utc_us);
    step_media(d, now_us, utc_us);
}

time_us dispatch_deadline(const struct dispatch *d, time_us now_us, time_us utc_us)
{
    time_us at_us = d->sweep_us;
    if (d->deadline_utc_us != TIME_US_NEVER)
        at_us =
            time_us_min(at_us, now_us + (d->deadline_utc_us > utc_us ? d->deadline_utc_us - utc_us
                                                                     : OVERDUE_US));
    if (d->config.media)
        at_us = time_us_min(at_us, media_deadline(d->config.media));
    return time_us_min(at_us, across_deadline(d, now_us));
}

int dispatch_fd(const struct dispatch *d)
{
    return d->config.nodes ? store_fd(d->service->store) : -1;
}

bool dispatch_over(const struct dispatch *d)
{
    return d->config.nodes && nodes_lost(d->config.nodes);
}

bool dispatch_next(struct dispatch *d, struct dispatch_output *out)
{
    if (d->outputs.next == d->outputs.count) {
        d->outputs.next = d->outputs.count = 0;
        group_commit(d);
        if (!d->outputs.count)
            return false;
    }
    *out = d->outputs.items[d->outputs.next++];
    return true;
}
