/* SPDX-License-Identifier: Apache-2.0 */
/* Relays that operators added and relays that are drained: rows, and the table of relays brought to
 * them. A relay of the configuration file has a row without addresses once it was drained. */
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/operator/inside.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

struct kept {
    struct cluster_peer peer;
    bool drained;
};

/* *count rows at most WATCH_RELAYS of them. */
static int load(struct service *s, struct kept out[WATCH_RELAYS], size_t *count)
{
    struct store_query q;
    *count = 0;
    store_query(s->store, &q,
                "SELECT id, commands, heartbeats, drained FROM relay_node ORDER BY changed_us, id",
                NULL, 0);
    while (*count < WATCH_RELAYS && store_next(&q)) {
        struct kept *k = &out[(*count)++];
        *k = (struct kept){.drained = store_int(&q, 3) != 0};
        store_copy_text(&q, 0, k->peer.node, sizeof k->peer.node);
        store_copy_text(&q, 1, k->peer.commands, sizeof k->peer.commands);
        store_copy_text(&q, 2, k->peer.heartbeats, sizeof k->peer.heartbeats);
    }
    return store_query_end(&q);
}

static const struct kept *find(const struct kept *kept, size_t count, const char *relay)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(kept[i].peer.node, relay))
            return &kept[i];
    }
    return NULL;
}

static void add_all(struct service *s, const struct kept *kept, size_t count)
{
    const struct watch_port *p = &s->watch->port;
    for (size_t i = 0; i < count; i++) {
        int error = kept[i].peer.commands[0] ? p->add(p->relays, &kept[i].peer, watch_now(s))
                                             : 0; /* of the configuration */
        if (error && error != SQ_ERR_CONFLICT)
            log_write(LOG_ERROR, "operator.relay_not_added", LOG_TEXT("relay", kept[i].peer.node),
                      LOG_TEXT("error", sq_error_name(error)));
    }
}

static void remove_others(struct service *s, const struct kept *kept, size_t count)
{
    const struct watch_port *p = &s->watch->port;
    struct relays_info info;
    size_t i = 0;
    while (watch_info(s, i, &info)) {
        const struct kept *k = find(kept, count, info.node);
        if (!info.added || (k && k->peer.commands[0]) || p->remove(p->relays, info.node) != 0)
            i++;
    }
}

int watch_apply(struct service *s)
{
    static struct kept kept[WATCH_RELAYS]; /* one thread */
    const struct watch_port *p = &s->watch->port;
    struct relays_info info;
    size_t count;
    int status = load(s, kept, &count);
    if (status < 0)
        return status;
    add_all(s, kept, count);
    remove_others(s, kept, count);
    for (size_t i = 0; watch_info(s, i, &info); i++) {
        const struct kept *k = find(kept, count, info.node);
        bool drained = k && k->drained;
        if (info.drained != drained)
            p->drain(p->relays, info.node, drained);
    }
    return 0;
}

int watch_store_drain(struct service *s, const char *relay, bool drained, time_us utc_us)
{
    int rows = STORE_RUN(s->store,
                         "INSERT INTO relay_node (id, commands, heartbeats, level, drained,"
                         " changed_us) VALUES ($1, '', '', '', $2, $3)"
                         " ON CONFLICT (id) DO UPDATE SET drained = excluded.drained",
                         sv_text(relay), sv_int(drained), sv_int(utc_us));
    s->watch->apply_utc_us = 0; /* at the next sweep */
    return rows < 0 ? rows : 0;
}

int watch_store_relay(struct service *s, const struct cluster_peer *peer, const char *level,
                      time_us utc_us)
{
    int rows = STORE_RUN(s->store,
                         "INSERT INTO relay_node (id, commands, heartbeats, level, drained,"
                         " changed_us) VALUES ($1, $2, $3, $4, 0, $5)"
                         " ON CONFLICT (id) DO UPDATE SET commands = excluded.commands,"
                         " heartbeats = excluded.heartbeats, level = excluded.level",
                         sv_text(peer->node), sv_text(peer->commands), sv_text(peer->heartbeats),
                         sv_text(level), sv_int(utc_us));
    s->watch->apply_utc_us = 0;
    return rows < 0 ? rows : 0;
}

int watch_forget_relay(struct service *s, const char *relay)
{
    int rows = STORE_RUN(s->store, "DELETE FROM relay_node WHERE id = $1 AND commands <> ''",
                         sv_text(relay));
    s->watch->apply_utc_us = 0;
    return rows < 0 ? rows : rows == 0 ? SQ_ERR_NOT_FOUND : 0;
}

int watch_relay_levels(struct service *s, json_t **out)
{
    struct store_query q;
    int bad = 0;
    *out = json_object();
    store_query(s->store, &q, "SELECT id, level FROM relay_node WHERE level <> ''", NULL, 0);
    while (store_next(&q))
        bad |= json_object_set_new(*out, store_text(&q, 0), json_string(store_text(&q, 1)));
    int status = store_query_end(&q);
    return status < 0 ? status : bad || !*out ? SQ_ERR_NOMEM : 0;
}
