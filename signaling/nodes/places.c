/* SPDX-License-Identifier: Apache-2.0 */
/* Which node has what: sessions and rooms. */
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/nodes/inside.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

/* First column of the only row, "" for none. */
static int ask(struct nodes *n, const char *sql, const char *value, char *out, size_t size)
{
    struct store_query q;
    out[0] = '\0';
    STORE_QUERY(n->service->store, &q, sql, sv_text(value));
    if (store_next(&q))
        store_copy_text(&q, 0, out, size);
    return store_query_end(&q);
}

/* ---- rooms ---- */

enum nodes_place nodes_room(struct nodes *n, const char *room, char owner[NODE_ID_MAX])
{
    char node[NODE_ID_MAX];
    int status = ask(n, "SELECT node FROM room_owner WHERE room = $1", room, node, sizeof node);
    if (owner)
        memcpy(owner, node, sizeof node);
    if (status < 0)
        return NODES_ELSEWHERE;
    return !*node ? NODES_NOWHERE : strcmp(node, n->id) == 0 ? NODES_HERE : NODES_ELSEWHERE;
}

int nodes_room_of(struct nodes *n, const char *object, char room[ID_MAX])
{
    return ask(n, "SELECT room FROM media_object WHERE id = $1", object, room, ID_MAX);
}

int nodes_claim(struct nodes *n, const char *room)
{
    int status = STORE_LATER(n->service->store,
                             "INSERT INTO room_owner (room, node) VALUES ($1, $2)"
                             " ON CONFLICT (room) DO NOTHING",
                             sv_text(room), sv_text(n->id));
    return status < 0 ? status : 0;
}

int nodes_release(struct nodes *n, const char *room)
{
    int status =
        STORE_LATER(n->service->store, "DELETE FROM room_owner WHERE room = $1 AND node = $2",
                    sv_text(room), sv_text(n->id));
    return status < 0 ? status : 0;
}

/* ---- sessions ---- */

int nodes_session(struct nodes *n, const char *session, char node[NODE_ID_MAX])
{
    return ask(n, "SELECT node FROM session WHERE id = $1", session, node, NODE_ID_MAX);
}

int nodes_session_here(struct nodes *n, const char *session)
{
    char former[NODE_ID_MAX], text[64];
    int status = nodes_session(n, session, former);
    if (status == 0)
        status = STORE_RUN(n->service->store, "UPDATE session SET node = $1 WHERE id = $2",
                           sv_text(n->id), sv_text(session));
    if (status < 0)
        return status;
    snprintf(text, sizeof text, "moved %s", session);
    return nodes_notify(n, former, text);
}

int nodes_session_gone(struct nodes *n, const char *session)
{
    int status =
        STORE_RUN(n->service->store, "UPDATE session SET node = '' WHERE id = $1 AND node = $2",
                  sv_text(session), sv_text(n->id));
    return status < 0 ? status : 0;
}

int nodes_each_session(struct nodes *n, int (*each)(const char *session, int64_t seq, void *user),
                       void *user)
{
    struct store_query q;
    int status = 0;
    STORE_QUERY(n->service->store, &q,
                "SELECT id, last_seq FROM session WHERE node = $1 AND ended_us IS NULL",
                sv_text(n->id));
    while (status == 0 && store_next(&q))
        status = each(store_text(&q, 0), store_int(&q, 1), user);
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

int nodes_each_owner(struct nodes *n, const char *session,
                     int (*each)(const char *node, void *user), void *user)
{
    struct store_query q;
    int status = 0;
    STORE_QUERY(n->service->store, &q,
                "SELECT DISTINCT o.node FROM media_object m JOIN room_owner o ON o.room = m.room"
                " WHERE m.session = $1 AND m.kind = 'transport' AND o.node <> $2",
                sv_text(session), sv_text(n->id));
    while (status == 0 && store_next(&q))
        status = each(store_text(&q, 0), user);
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

int nodes_each_remote(struct nodes *n, int (*each)(const char *session, void *user), void *user)
{
    struct store_query q;
    int status = 0;
    STORE_QUERY(n->service->store, &q,
                "SELECT DISTINCT m.session FROM media_object m"
                " JOIN room_owner o ON o.room = m.room JOIN session s ON s.id = m.session"
                " WHERE m.kind = 'transport' AND o.node = $1 AND s.node <> ''"
                " AND s.ended_us IS NULL",
                sv_text(n->id));
    while (status == 0 && store_next(&q))
        status = each(store_text(&q, 0), user);
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}
