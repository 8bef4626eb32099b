/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to consultations without a request: deadlines, sessions lost and back, a restart.
 * And who may be in a room. */
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/consult/consult.h"
#include "signaling/consult/perform.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DUE_MAX                                                                                    \
    16 /* consultations handled by one call of service_deadlines_due; one adds at most 70 effects  \
        */
#define TOUCHED_MAX 32 /* consultations that one session is present in */
#define KIND_STATE  "state"
#define KIND_SEATS  "seats" /* after a restart: who is present has to be connected by then */
#define KIND_ROOM   "room"  /* after a restart: tell the media side of this room again */
#define KIND_MAX    16
#define ROOMS_AT_ONCE                                                                              \
    100 /* two effects each, well within EFFECTS_MAX; more rooms follow as deadlines */

struct due {
    char id[ID_MAX];
    char kind[KIND_MAX];
};

static int audit_system(struct service *s, const char *act, const struct consult_record *r,
                        time_us utc_us)
{
    struct audit_act row = {
        .utc_us = utc_us, .act = act, .object = r->id, .detail = consult_state_name(r->step.state)};
    return audit_append(s->store, &row);
}

static int forget_deadline(struct service *s, const struct due *due)
{
    int status = STORE_RUN(s->store, "DELETE FROM deadline WHERE object = $1 AND kind = $2",
                           sv_text(due->id), sv_text(due->kind));
    return status < 0 ? status : 0;
}

static int one_party(const struct consult_act *act, struct consult_record *r,
                     enum consult_event_type type, int party)
{
    struct consult_event e = {.type = type, .member = consult_record_person(r, (enum seat)party)};
    int status = consult_perform(act, r, &e);
    if (status == SQ_ERR_STATE)
        return 0; /* over meanwhile: nobody is in the call */
    return status < 0
               ? status
               : audit_system(act->service,
                              type == CONSULT_DROP ? "consultation.drop" : "consultation.return", r,
                              act->utc_us);
}

/* Whoever is present without a living connection is dropped. */
static int empty_seats(const struct consult_act *act, struct consult_record *r)
{
    struct service *s = act->service;
    int status = 0;
    for (int party = 0; party < SEATS && status == 0; party++) {
        bool connected =
            s->session_connected && s->session_connected(s->front_user, r->sessions[party]);
        if (consult_presence_of(&r->step, consult_record_person(r, (enum seat)party)) ==
                CONSULT_PRESENT &&
            !connected)
            status = one_party(act, r, CONSULT_DROP, party);
    }
    return status;
}

static int state_is_due(const struct consult_act *act, struct consult_record *r)
{
    struct consult_event e = {.type = CONSULT_TIMEOUT};
    if (r->step.deadlines[CONSULT_DUE_STATE] > act->utc_us)
        return 0; /* it was moved */
    int status = consult_perform(act, r, &e);
    return status < 0 ? status : audit_system(act->service, "consultation.timeout", r, act->utc_us);
}

static int add_room(struct effects *effects, enum effect_type type, const char *id)
{
    struct effect e = {.type = type};
    snprintf(e.object, sizeof(e.object), "%s", id);
    return effects_add(effects, &e);
}

static int add_rooms(struct effects *effects, const char *id, bool live)
{
    int status = add_room(effects, EFFECT_ROOM_OPEN, id);
    return status == 0 && live ? add_room(effects, EFFECT_ROOM_LIVE, id) : status;
}

static int reopen(const struct consult_act *act, const struct consult_record *r)
{
    return r->step.room.open ? add_rooms(act->effects, r->id, r->step.room.live) : 0;
}

/* Errors of one row, which may not stop the others. */
static bool is_damage(int status)
{
    return status == SQ_ERR_FORGED || status == SQ_ERR_NOT_FOUND || status == SQ_ERR_UNSUPPORTED;
}

static int set_aside(const struct consult_act *act, const struct due *due, int error)
{
    struct audit_act row = {.utc_us = act->utc_us,
                            .act = "consultation.damaged",
                            .object = due->id,
                            .detail = sq_error_name(error)};
    log_write(LOG_ERROR, "consult.damaged", LOG_TEXT("id", due->id),
              LOG_TEXT("error", sq_error_name(error)));
    int status = forget_deadline(act->service, due);
    return status < 0 ? status : audit_append(act->service->store, &row);
}

static int one_due(const struct consult_act *act, const struct due *due, struct consult_record *r)
{
    int status = consult_record_load(act->service, due->id, r);
    if (is_damage(status))
        return set_aside(act, due, status);
    if (status < 0)
        return status;
    bool state = strcmp(due->kind, KIND_STATE) == 0;
    bool room = strcmp(due->kind, KIND_ROOM) == 0;
    if (!state)
        status = forget_deadline(act->service, due);
    if (status == 0)
        status = state ? state_is_due(act, r) : room ? reopen(act, r) : empty_seats(act, r);
    consult_record_clear(r);
    return status;
}

static int find_due(struct service *s, time_us utc_us, struct due due[DUE_MAX], size_t *count)
{
    struct store_query q;
    *count = 0;
    STORE_QUERY(s->store, &q,
                "SELECT object, kind FROM deadline WHERE at_us <= $1 ORDER BY at_us LIMIT 16",
                sv_int(utc_us));
    while (*count < DUE_MAX && store_next(&q)) {
        store_copy_text(&q, 0, due[*count].id, ID_MAX);
        store_copy_text(&q, 1, due[(*count)++].kind, KIND_MAX);
    }
    return store_query_end(&q);
}

int service_deadlines_due(struct service *s, time_us utc_us, struct effects *effects, bool *more)
{
    struct due due[DUE_MAX];
    size_t count = 0;
    struct consult_act act = {.service = s, .effects = effects, .by = "", .utc_us = utc_us};
    *more = false;
    int status = find_due(s, utc_us, due, &count);
    if (status < 0 || count == 0)
        return status;
    struct consult_record *r = malloc(sizeof(*r));
    if (!r)
        return SQ_ERR_NOMEM;
    size_t done = 0;
    while (done < count && status == 0 && effects->count <= EFFECTS_MAX / 2)
        status = one_due(&act, &due[done++], r);
    free(r);
    *more = done < count || count == DUE_MAX;
    return status;
}

int service_next_deadline(struct service *s, time_us *at_utc_us)
{
    struct store_query q;
    *at_utc_us = TIME_US_NEVER;
    store_query(s->store, &q, "SELECT at_us FROM deadline ORDER BY at_us LIMIT 1", NULL, 0);
    if (store_next(&q))
        *at_utc_us = store_int(&q, 0);
    return store_query_end(&q);
}

/* ---- sessions that go and come ---- */

struct touched {
    size_t count;
    struct {
        char id[ID_MAX];
        int party;
    } seats[TOUCHED_MAX];
};

static int find_seats(struct service *s, const char *session, enum consult_presence presence,
                      struct touched *out)
{
    struct store_query q;
    out->count = 0;
    STORE_QUERY(s->store, &q,
                "SELECT consultation, party FROM participant WHERE session = $1 AND presence = $2",
                sv_text(session), sv_int(presence));
    while (out->count < TOUCHED_MAX && store_next(&q)) {
        store_copy_text(&q, 0, out->seats[out->count].id, ID_MAX);
        out->seats[out->count++].party = (int)store_int(&q, 1);
    }
    return store_query_end(&q);
}

static int move_seats(struct service *s, const char *session, enum consult_presence from,
                      enum consult_event_type type, time_us utc_us, struct effects *effects)
{
    struct touched touched;
    int status = find_seats(s, session, from, &touched);
    struct consult_act act = {.service = s, .effects = effects, .by = "", .utc_us = utc_us};
    if (status < 0 || touched.count == 0)
        return status;
    struct consult_record *r = malloc(sizeof(*r));
    if (!r)
        return SQ_ERR_NOMEM;
    for (size_t i = 0; i < touched.count && status == 0; i++) {
        status = consult_record_load(s, touched.seats[i].id, r);
        if (is_damage(status)) {
            status = 0;
            continue;
        }
        if (status < 0)
            break;
        act.by =
            consult_record_account(r, consult_record_person(r, (enum seat)touched.seats[i].party));
        status = one_party(&act, r, type, touched.seats[i].party);
        consult_record_clear(r);
    }
    free(r);
    return status;
}

int service_session_lost(struct service *s, const char *session, time_us utc_us,
                         struct effects *effects)
{
    return move_seats(s, session, CONSULT_PRESENT, CONSULT_DROP, utc_us, effects);
}

int service_session_back(struct service *s, const char *session, time_us utc_us,
                         struct effects *effects)
{
    return move_seats(s, session, CONSULT_DROPPED, CONSULT_ENTER, utc_us, effects);
}

/* ---- restart ---- */

/* The first rooms at once; returns the id of the last one in `last`, "" when there is none. */
static int reopen_first(struct service *s, struct effects *effects, char last[ID_MAX])
{
    struct store_query q;
    int status = 0;
    last[0] = '\0';
    STORE_QUERY(s->store, &q,
                "SELECT id, room_live FROM consultation WHERE room_open = 1 ORDER BY id LIMIT $1",
                sv_int(ROOMS_AT_ONCE));
    while (status == 0 && store_next(&q)) {
        store_copy_text(&q, 0, last, ID_MAX);
        status = add_rooms(effects, last, store_int(&q, 1) != 0);
    }
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

int service_recover(struct service *s, time_us utc_us, struct effects *effects)
{
    char last[ID_MAX];
    int status = reopen_first(s, effects, last);
    if (status == 0)
        status = STORE_RUN(s->store,
                           "INSERT INTO deadline (object, kind, at_us)"
                           " SELECT id, $1, CAST($2 AS BIGINT) FROM consultation"
                           " WHERE room_open = 1 AND id > $3"
                           " ON CONFLICT (object, kind) DO UPDATE SET at_us = excluded.at_us",
                           sv_text(KIND_ROOM), sv_int(utc_us), sv_text(last));
    if (status >= 0)
        status = STORE_RUN(s->store,
                           "INSERT INTO deadline (object, kind, at_us)"
                           " SELECT DISTINCT consultation, $1, CAST($2 AS BIGINT)"
                           " FROM participant WHERE presence = $3"
                           " ON CONFLICT (object, kind) DO UPDATE SET at_us = excluded.at_us",
                           sv_text(KIND_SEATS), sv_int(utc_us + s->limits.presence_grace_us),
                           sv_int(CONSULT_PRESENT));
    return status < 0 ? status : 0;
}

/* ---- media ---- */

enum room_right consult_room_right(struct service *s, const char *room, const char *account)
{
    struct store_query q;
    enum relation relation = RELATION_NONE;
    bool live = false;
    uint32_t roles = 0;
    STORE_QUERY(s->store, &q,
                "SELECT c.applicant = $2, COALESCE(c.specialist, '') = $2,"
                " EXISTS (SELECT 1 FROM ring r WHERE r.consultation = c.id AND r.account = $2"
                "  AND r.state = 0), c.room_live, a.roles"
                " FROM consultation c JOIN account a ON a.id = $2"
                " WHERE c.id = $1 AND c.room_open = 1 AND a.disabled = 0",
                sv_text(room), sv_text(account));
    if (store_next(&q)) {
        relation = store_int(&q, 0)   ? RELATION_APPLICANT
                   : store_int(&q, 1) ? RELATION_SPECIALIST
                   : store_int(&q, 2) ? RELATION_RUNG
                                      : RELATION_NONE;
        live = store_int(&q, 3) != 0;
        roles = (uint32_t)store_int(&q, 4);
    }
    if (store_query_end(&q) < 0 || !rights_allow(roles, relation, ACT_JOIN_MEDIA))
        return ROOM_RIGHT_NONE;
    if (relation == RELATION_RUNG)
        return ROOM_RIGHT_RUNG;
    return live ? ROOM_RIGHT_LIVE : ROOM_RIGHT_WAITING;
}
