/* SPDX-License-Identifier: Apache-2.0 */
/* See signal.h. */
#include "signaling/proto/signal.h"

#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/proto/across.h"
#include "signaling/proto/jsonrpc.h"
#include <stdlib.h>
#include <string.h>

#define MILLIONTHS 1000000

bool signal_take_token(struct peer *peer, time_us now_us)
{
    const int64_t full = (int64_t)SIGNAL_RATE_BURST * MILLIONTHS;
    time_us passed_us = time_us_min(now_us - peer->signals_us, SIGNAL_RATE_BURST * TIME_US_PER_S);
    peer->signals_us = now_us;
    peer->signals += passed_us * SIGNAL_RATE_PER_S * MILLIONTHS / TIME_US_PER_S;
    if (peer->signals > full)
        peer->signals = full;
    if (peer->signals < MILLIONTHS)
        return false;
    peer->signals -= MILLIONTHS;
    return true;
}

/* Takes over `text`. */
static void to_peer(struct dispatch *d, const struct peer *peer, char *text, size_t len)
{
    if (peer->closing)
        free(text);
    else
        group_send(d, peer->connection, NULL, text, len);
}

static void to_other_node(struct dispatch *d, const char *session, const char *text, time_us now_us,
                          time_us utc_us)
{
    struct unit u;
    unit_begin(&u, d, now_us, utc_us);
    across_signal(&u, session, text);
    unit_end(&u);
}

static void send(struct dispatch *d, const struct effect *e, time_us now_us, time_us utc_us)
{
    char session[ID_MAX];
    size_t len = 0;
    if (auth_session_of(d->service, e->account, utc_us, session) || !session[0])
        return;
    const struct peer *peer = peers_find_session(&d->peers, session);
    if (!peer && !d->config.nodes)
        return;
    char *text = jsonrpc_notification(e->method, e->params, JSONRPC_NO_SEQ, &len);
    if (!text) {
        log_write(LOG_ERROR, "dispatch.no_memory");
        return;
    }
    if (peer) {
        to_peer(d, peer, text, len);
        return;
    }
    to_other_node(d, session, text, now_us, utc_us);
    free(text);
}

void signal_send(struct dispatch *d, const struct effects *effects, time_us now_us, time_us utc_us)
{
    for (size_t i = 0; i < effects->count; i++) {
        if (effects->items[i].type == EFFECT_SIGNAL)
            send(d, &effects->items[i], now_us, utc_us);
    }
}

void signal_take_mail(struct dispatch *d, const json_t *body)
{
    const char *session = json_string_value(json_object_get(body, "session"));
    const char *said = json_string_value(json_object_get(body, "text"));
    const struct peer *peer = session ? peers_find_session(&d->peers, session) : NULL;
    char *text = peer && said ? strdup(said) : NULL;
    if (text)
        to_peer(d, peer, text, strlen(text));
}
