/* SPDX-License-Identifier: Apache-2.0 */
/* A change of somebody's rights is felt at once: a method applies it by itself, another program
 * leaves a row, and the next sweep of any node applies that (its effects find the nodes that they
 * concern). Refuses to know why rights changed. */
#include "shanqiao/error.h"
#include "signaling/auth/session.h"
#include "signaling/consult/consult.h"
#include "signaling/consult/step.h"
#include "signaling/duty/duty.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

#define CHANGES_MAX 64 /* of one sweep; the next follows within a second */
#define ROOMS_MAX   32 /* in which one account has media; nobody is in as many */

struct ids {
    size_t count;
    char items[CHANGES_MAX][ID_MAX];
};

int auth_account_changed(struct store *store, const char *account, time_us utc_us)
{
    int status = STORE_RUN(store,
                           "INSERT INTO account_change (number, account, at_us)"
                           " SELECT COALESCE(MAX(number), 0) + 1, CAST($1 AS TEXT),"
                           " CAST($2 AS BIGINT) FROM account_change",
                           sv_text(account), sv_int(utc_us));
    return status < 0 ? status : 0;
}

static int media_rooms(struct service *s, const char *account, struct ids *out)
{
    struct store_query q;
    out->count = 0;
    STORE_QUERY(s->store, &q, "SELECT DISTINCT room FROM media_object WHERE account = $1 LIMIT 32",
                sv_text(account));
    while (out->count < ROOMS_MAX && store_next(&q))
        store_copy_text(&q, 0, out->items[out->count++], ID_MAX);
    return store_query_end(&q);
}

/* Does the session sit in a room that its account may not be in? */
static int sits_without_right(struct service *s, const char *session, const char *account,
                              bool *out)
{
    struct ids seats = {0};
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT consultation FROM participant WHERE session = $1 AND presence = $2",
                sv_text(session), sv_int(CONSULT_PRESENT));
    while (seats.count < ROOMS_MAX && store_next(&q))
        store_copy_text(&q, 0, seats.items[seats.count++], ID_MAX);
    int status = store_query_end(&q);
    for (size_t i = 0; i < seats.count && status == 0; i++)
        *out = *out || consult_room_right(s, seats.items[i], account) == ROOM_RIGHT_NONE;
    return status;
}

static int leave(const char *room, const char *account, struct effects *effects)
{
    struct effect e = {.type = EFFECT_ROOM_REMOVE};
    snprintf(e.object, sizeof(e.object), "%s", room);
    snprintf(e.account, sizeof(e.account), "%s", account);
    return effects_add(effects, &e);
}

static int tell(struct service *s, const char *account, struct effects *effects)
{
    struct store_query q;
    struct effect e = {.type = EFFECT_NOTIFY, .method = "account.changed"};
    bool there = false;
    STORE_QUERY(s->store, &q, "SELECT roles FROM account WHERE id = $1 AND disabled = 0",
                sv_text(account));
    if ((there = store_next(&q)))
        e.params = json_pack("{s:o}", "roles", auth_roles_json((uint32_t)store_int(&q, 0)));
    int status = store_query_end(&q);
    if (status < 0 || !there || !e.params) {
        json_decref(e.params);
        return status < 0 ? status : there ? SQ_ERR_NOMEM : 0;
    }
    snprintf(e.account, sizeof(e.account), "%s", account);
    return effects_add(effects, &e);
}

int auth_account_apply(struct service *s, const char *account, time_us utc_us,
                       struct effects *effects)
{
    struct ids rooms;
    char session[ID_MAX];
    bool left = false;
    int status = media_rooms(s, account, &rooms);
    for (size_t i = 0; i < rooms.count && status >= 0; i++) {
        if (consult_room_right(s, rooms.items[i], account) != ROOM_RIGHT_NONE)
            continue;
        status = leave(rooms.items[i], account, effects);
        left = true;
    }
    if (status >= 0)
        status = session_of_account(s, account, utc_us, session);
    if (status >= 0 && !left && session[0])
        status = sits_without_right(s, session, account, &left);
    if (status >= 0 && left && session[0]) /* the others see the seat empty */
        status = service_session_lost(s, session, utc_us, effects);
    return status < 0 ? status : tell(s, account, effects);
}

static int load_changes(struct service *s, struct ids *out, int64_t *last)
{
    struct store_query q;
    out->count = 0;
    *last = 0;
    store_query(s->store, &q, "SELECT number, account FROM account_change ORDER BY number LIMIT 64",
                NULL, 0);
    while (out->count < CHANGES_MAX && store_next(&q)) {
        *last = store_int(&q, 0);
        store_copy_text(&q, 1, out->items[out->count++], ID_MAX);
    }
    return store_query_end(&q);
}

int changes_sweep(struct service *s, time_us utc_us, struct effects *effects)
{
    struct ids accounts;
    int64_t last = 0;
    int status = load_changes(s, &accounts, &last);
    for (size_t i = 0; i < accounts.count && status >= 0; i++)
        status = auth_account_apply(s, accounts.items[i], utc_us, effects);
    if (status < 0 || accounts.count == 0)
        return status;
    status = STORE_RUN(s->store, "DELETE FROM account_change WHERE number <= $1", sv_int(last));
    return status < 0 ? status : 0;
}
