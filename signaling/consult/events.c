/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to consultations without a request: deadlines, sessions lost and back, a restart,
 * somebody coming on duty. And who may be in a room. */
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/consult/consult.h"
#include "signaling/consult/deadlines.h"
#include "signaling/consult/perform.h"
#include "signaling/consult/referral.h"
#include "signaling/consult/routing.h"
#include "signaling/duty/duty.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOUCHED_MAX 32 /* seats of one session looked at together; rings of a panel */
#define MINUTE_US   (60 * TIME_US_PER_S)
#define KIND_SEATS  "seats" /* after a restart: who is present has to be connected by then */
#define KIND_ROOM   "room"  /* after a restart: tell the media side of this room again */
#define DUE_EFFECTS_MAX                                                                            \
    64 /* of those before: one act adds at most 64 rings with two each, and 64 */
#define ROOMS_AT_ONCE                                                                              \
    100 /* two effects each, well within EFFECTS_MAX; more rooms follow as deadlines */

_Static_assert(DUE_EFFECTS_MAX + 2 * CONSULT_MEMBERS_MAX + 64 <= EFFECTS_MAX,
               "what is due later does not stop what is due now");

static int audit_system(struct service *s, const char *act, const struct consult_record *r,
                        time_us utc_us)
{
    struct audit_act row = {
        .utc_us = utc_us, .act = act, .object = r->id, .detail = consult_state_name(r->step.state)};
    return audit_append(s->store, &row);
}

static int one_person(const struct consult_act *act, struct consult_record *r,
                      enum consult_event_type type, int person)
{
    struct consult_event e = {.type = type, .member = person};
    int status = consult_perform(act, r, &e);
    if (status == SQ_ERR_STATE || status == SQ_ERR_DENIED)
        return 0; /* over meanwhile, or its consent is gone: nobody is in the call */
    return status < 0
               ? status
               : audit_system(act->service,
                              type == CONSULT_DROP ? "consultation.drop" : "consultation.return", r,
                              act->utc_us);
}

/* ---- deadlines ---- */

/* Whoever is present without a living connection is dropped. */
static int empty_seats(const struct consult_act *act, struct consult_record *r)
{
    struct service *s = act->service;
    int status = 0;
    for (int i = CONSULT_APPLICANT; i < r->step.member_count && status == 0; i++) {
        if (consult_presence_of(&r->step, i) != CONSULT_PRESENT)
            continue;
        const char *session = i == CONSULT_APPLICANT ? r->applicant_session : r->people[i].session;
        if (!s->session_connected || !s->session_connected(s->front_user, session))
            status = one_person(act, r, CONSULT_DROP, i);
    }
    return status;
}

static int machine_is_due(const struct consult_act *act, struct consult_record *r,
                          enum consult_deadline deadline)
{
    struct consult_event e = {
        .type = CONSULT_TIMEOUT, .member = CONSULT_NOBODY, .deadline = deadline};
    if (r->step.deadlines[deadline] > act->utc_us)
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

/* Errors of one row, which may not stop the others. A deadline that the machine does not hear any
 * more is one too. */
static bool is_damage(int status)
{
    return status == SQ_ERR_FORGED || status == SQ_ERR_NOT_FOUND || status == SQ_ERR_UNSUPPORTED;
}

static int set_aside(const struct consult_act *act, const struct deadline_due *due, int error)
{
    struct audit_act row = {.utc_us = act->utc_us,
                            .act = "consultation.damaged",
                            .object = due->object,
                            .detail = sq_error_name(error)};
    log_write(LOG_ERROR, "consult.damaged", LOG_TEXT("id", due->object),
              LOG_TEXT("error", sq_error_name(error)));
    int status = service_deadline_set(act->service, due->object, due->kind, TIME_US_NEVER);
    return status < 0 ? status : audit_append(act->service->store, &row);
}

static int by_kind(const struct consult_act *act, const struct deadline_due *due,
                   struct consult_record *r)
{
    enum consult_deadline deadline = consult_deadline_parse(due->kind);
    if (deadline != CONSULT_DEADLINE_COUNT) {
        int status = machine_is_due(act, r, deadline);
        return status == SQ_ERR_STATE ? set_aside(act, due, status) : status;
    }
    int status = service_deadline_set(act->service, due->object, due->kind, TIME_US_NEVER);
    if (status < 0)
        return status;
    return strcmp(due->kind, KIND_ROOM) == 0 ? reopen(act, r) : empty_seats(act, r);
}

/* ---- sessions that go and come ---- */

#define SEATS_LATER 1

static const struct seats_move {
    const char *kind; /* of the deadline of those that are left; its object is the session */
    enum consult_presence from;
    enum consult_event_type type;
} seats_moves[] = {{"lost", CONSULT_PRESENT, CONSULT_DROP},
                   {"back", CONSULT_DROPPED, CONSULT_ENTER}};

struct touched {
    size_t count;
    struct {
        char id[ID_MAX];
        int person;
    } seats[TOUCHED_MAX];
};

/* The next portion of a session's seats, behind the last one in *t. */
static int find_seats(struct service *s, const char *session, enum consult_presence presence,
                      struct touched *t)
{
    struct store_query q;
    char last[ID_MAX] = "";
    int person = 0;
    if (t->count > 0) {
        memcpy(last, t->seats[t->count - 1].id, ID_MAX);
        person = t->seats[t->count - 1].person;
    }
    t->count = 0;
    STORE_QUERY(s->store, &q,
                "SELECT consultation, party FROM participant WHERE session = $1 AND presence = $2"
                " AND (consultation > $3 OR (consultation = $3 AND party > $4))"
                " ORDER BY consultation, party LIMIT $5",
                sv_text(session), sv_int(presence), sv_text(last), sv_int(person),
                sv_int(TOUCHED_MAX));
    while (t->count < TOUCHED_MAX && store_next(&q)) {
        store_copy_text(&q, 0, t->seats[t->count].id, ID_MAX);
        t->seats[t->count++].person = (int)store_int(&q, 1);
    }
    return store_query_end(&q);
}

static int move_seat(struct consult_act *act, struct consult_record *r, const char *id, int person,
                     enum consult_event_type type)
{
    int status = consult_record_load(act->service, id, r);
    if (status < 0)
        return is_damage(status) ? 0 : status;
    act->by = consult_record_account(r, person);
    status = one_person(act, r, type, person);
    consult_record_clear(r);
    return status;
}

static int move_later(struct consult_act *act, const char *session, const struct seats_move *move)
{
    struct effect e = {.type = EFFECT_DEADLINE, .at_utc_us = act->utc_us};
    snprintf(e.object, sizeof(e.object), "%s", session);
    int status = service_deadline_set(act->service, session, move->kind, act->utc_us);
    return status < 0 ? status : effects_add(act->effects, &e);
}

/* 0, or SEATS_LATER: those beyond what fits one transaction's effects follow as a deadline that is
 * due. */
static int move_portion(struct consult_act *act, const char *session, const struct seats_move *move,
                        const struct touched *t)
{
    int status = 0;
    struct consult_record *r = malloc(sizeof(*r));
    if (!r)
        return SQ_ERR_NOMEM;
    for (size_t i = 0; i < t->count && status == 0; i++) {
        if (act->effects->count <= DUE_EFFECTS_MAX) {
            status = move_seat(act, r, t->seats[i].id, t->seats[i].person, move->type);
        } else {
            status = move_later(act, session, move);
            status = status < 0 ? status : SEATS_LATER;
        }
    }
    free(r);
    return status;
}

/* What was left of the opposite move does not count any more. */
static int move_seats(const struct consult_act *of, const char *session,
                      const struct seats_move *move)
{
    struct touched t = {0};
    struct consult_act act = *of;
    int status =
        STORE_LATER(act.service->store, "DELETE FROM deadline WHERE object = $1", sv_text(session));
    do {
        if (status >= 0)
            status = find_seats(act.service, session, move->from, &t);
        if (status == 0 && t.count > 0)
            status = move_portion(&act, session, move, &t);
    } while (status == 0 && t.count == TOUCHED_MAX);
    return status < 0 ? status : 0;
}

int service_session_lost(struct service *s, const char *session, time_us utc_us,
                         struct effects *effects)
{
    struct consult_act act = {.service = s, .effects = effects, .by = "", .utc_us = utc_us};
    return move_seats(&act, session, &seats_moves[0]);
}

int service_session_back(struct service *s, const char *session, time_us utc_us,
                         struct effects *effects)
{
    struct consult_act act = {.service = s, .effects = effects, .by = "", .utc_us = utc_us};
    return move_seats(&act, session, &seats_moves[1]);
}

/* ---- what is due ---- */

static int one_due(const struct consult_act *act, const struct deadline_due *due,
                   struct consult_record *r)
{
    if (strcmp(due->kind, REFERRAL_DEADLINE) == 0) {
        int status = referral_due(act, due->object);
        return is_damage(status) ? set_aside(act, due, status) : status;
    }
    for (size_t i = 0; i < sizeof seats_moves / sizeof seats_moves[0]; i++)
        if (strcmp(due->kind, seats_moves[i].kind) == 0)
            return move_seats(act, due->object, &seats_moves[i]);
    int status = consult_record_load(act->service, due->object, r);
    if (is_damage(status))
        return set_aside(act, due, status);
    if (status < 0)
        return status;
    status = by_kind(act, due, r);
    consult_record_clear(r);
    return status;
}

int service_deadlines_due(struct service *s, time_us utc_us, struct effects *effects, bool *more)
{
    struct deadline_due due[DEADLINES_AT_ONCE];
    size_t count = 0, done = 0;
    struct consult_act act = {.service = s, .effects = effects, .by = "", .utc_us = utc_us};
    *more = false;
    int status = deadlines_take(s, utc_us, due, &count);
    if (status < 0 || count == 0)
        return status;
    struct consult_record *r = malloc(sizeof(*r));
    if (!r)
        return SQ_ERR_NOMEM;
    while (done < count && status == 0 && effects->count <= DUE_EFFECTS_MAX)
        status = one_due(&act, &due[done++], r);
    free(r);
    *more = done < count || count == DEADLINES_AT_ONCE;
    return status;
}

/* ---- duty ---- */

/* Of one who rings alone the others are left alone. */
#define RINGS "c.strategy <> 1 AND c.kind IN ('live', 'emergency', 'guidance')"

static int find_rings(struct service *s, const char *panel, const char *account,
                      struct touched *out)
{
    struct store_query q;
    out->count = 0;
    STORE_QUERY(s->store, &q,
                "SELECT c.id FROM consultation c JOIN consultation_panel p ON p.consultation = c.id"
                " WHERE p.panel = $1 AND c.state = 'routed' AND " RINGS " AND c.applicant <> $2"
                " AND NOT EXISTS (SELECT 1 FROM ring r WHERE r.consultation = c.id"
                "  AND r.account = $2) ORDER BY c.submitted_us, c.id",
                sv_text(panel), sv_text(account));
    while (out->count < TOUCHED_MAX && store_next(&q))
        store_copy_text(&q, 0, out->seats[out->count++].id, ID_MAX);
    return store_query_end(&q);
}

static int join_ring(const struct consult_act *act, struct consult_record *r, const char *panel,
                     const char *account)
{
    struct consult_event e = {.type = CONSULT_ADD, .role = CONSULT_EXPERT};
    e.member = routing_seat(r, r->step.member_count, account, panel);
    if (e.member == SQ_ERR_LIMIT)
        return 0; /* it rings for as many as can be rung */
    int status = consult_perform(act, r, &e);
    return status == SQ_ERR_STATE || status == SQ_ERR_LIMIT ? 0 : status;
}

int consult_came_on_duty(struct service *s, struct effects *effects, const char *panel,
                         const char *account, time_us utc_us)
{
    struct touched touched;
    struct consult_act act = {.service = s, .effects = effects, .by = "", .utc_us = utc_us};
    int status = find_rings(s, panel, account, &touched);
    if (status < 0 || touched.count == 0)
        return status;
    struct consult_record *r = malloc(sizeof(*r));
    if (!r)
        return SQ_ERR_NOMEM;
    for (size_t i = 0; i < touched.count && status == 0 && effects->count <= EFFECTS_MAX / 2; i++) {
        status = consult_record_load(s, touched.seats[i].id, r);
        if (status < 0) {
            status = is_damage(status) ? 0 : status;
            continue;
        }
        status = join_ring(&act, r, panel, account);
        consult_record_clear(r);
    }
    free(r);
    return status;
}

int consult_signed_in(struct service *s, struct effects *effects, const char *account,
                      time_us utc_us)
{
    char panels[TOUCHED_MAX][ID_MAX];
    size_t count = 0;
    int status = duty_panels(s, account, utc_us, panels, TOUCHED_MAX, &count);
    for (size_t i = 0; i < count && status == 0; i++)
        status = consult_came_on_duty(s, effects, panels[i], account, utc_us);
    return status;
}

static int find_own_rings(struct service *s, const char *account, struct touched *out)
{
    struct store_query q;
    out->count = 0;
    STORE_QUERY(s->store, &q,
                "SELECT c.id FROM ring r JOIN consultation c ON c.id = r.consultation"
                " WHERE r.account = $1 AND r.state IN ($2, $3) AND c.state = 'routed'"
                " AND c.kind IN ('live', 'emergency', 'guidance') ORDER BY c.submitted_us, c.id",
                sv_text(account), sv_int(CONSULT_RING_ON), sv_int(CONSULT_RING_WAITING));
    while (out->count < TOUCHED_MAX && store_next(&q))
        store_copy_text(&q, 0, out->seats[out->count++].id, ID_MAX);
    return store_query_end(&q);
}

static int leave_ring(const struct consult_act *act, struct consult_record *r, const char *account)
{
    struct consult_event e = {.type = CONSULT_GONE, .member = consult_record_member(r, account)};
    int status = consult_perform(act, r, &e);
    return status == SQ_ERR_STATE ? 0 /* others ring beside */
           : status < 0           ? status
                                  : audit_system(act->service, "consultation.gone", r, act->utc_us);
}

int consult_signed_out(struct service *s, struct effects *effects, const char *account,
                       time_us utc_us)
{
    struct touched touched;
    struct consult_act act = {.service = s, .effects = effects, .by = "", .utc_us = utc_us};
    int status = find_own_rings(s, account, &touched);
    if (status < 0 || touched.count == 0)
        return status;
    struct consult_record *r = malloc(sizeof(*r));
    if (!r)
        return SQ_ERR_NOMEM;
    for (size_t i = 0; i < touched.count && status == 0 && effects->count <= EFFECTS_MAX / 2; i++) {
        status = consult_record_load(s, touched.seats[i].id, r);
        if (status < 0) {
            status = is_damage(status) ? 0 : status;
            continue;
        }
        status = leave_ring(&act, r, account);
        consult_record_clear(r);
    }
    free(r);
    return status;
}

int consult_roster_changed(struct service *s, struct effects *effects, const char *panel,
                           time_us utc_us)
{
    struct duty_roster roster;
    int status = duty_roster(s, panel, "", utc_us, &roster);
    for (size_t i = 0; status == 0 && i < roster.count; i++)
        status = consult_came_on_duty(s, effects, panel, roster.accounts[i], utc_us);
    return status;
}

/* The panels that ring, from the last one looked at on. */
static int find_panels(struct service *s, char (*panels)[ID_MAX], size_t *count)
{
    struct store_query q;
    *count = 0;
    STORE_QUERY(s->store, &q,
                "SELECT DISTINCT p.panel FROM consultation c JOIN consultation_panel p"
                " ON p.consultation = c.id WHERE c.state = 'routed' AND " RINGS
                " AND p.panel > $1 ORDER BY p.panel LIMIT $2",
                sv_text(s->shifts.panel), sv_int(TOUCHED_MAX));
    while (*count < TOUCHED_MAX && store_next(&q))
        store_copy_text(&q, 0, panels[(*count)++], ID_MAX);
    return store_query_end(&q);
}

int consult_shifts_sweep(struct service *s, time_us utc_us, struct effects *effects)
{
    char panels[TOUCHED_MAX][ID_MAX];
    size_t count = 0, done = 0;
    if (utc_us < s->shifts.next_utc_us)
        return 0;
    int status = find_panels(s, panels, &count);
    while (status == 0 && done < count && effects->count <= EFFECTS_MAX / 2) {
        status = consult_roster_changed(s, effects, panels[done], utc_us);
        if (status == 0)
            memcpy(s->shifts.panel, panels[done++], ID_MAX);
    }
    if (status < 0 || done < count || count == TOUCHED_MAX)
        return status; /* the others a second later */
    s->shifts.panel[0] = '\0';
    s->shifts.next_utc_us = (utc_us / MINUTE_US + 1) * MINUTE_US; /* shifts begin on minutes */
    return 0;
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
    return status < 0 ? status : service_deadline_changed(s, NULL);
}

/* ---- media ---- */

/* 0: is rung; 3: accepted; 6: observes, where the patient consented to teaching. */
#define SEAT_IN_ROOM                                                                               \
    "SELECT c.applicant = $2, COALESCE(c.specialist, '') = $2, COALESCE((SELECT r.state FROM ring" \
    " r WHERE r.consultation = c.id AND r.account = $2 AND r.state IN (0, 3, 6)), -1),"            \
    " c.room_live, a.roles, c.consent"                                                             \
    " FROM consultation c JOIN account a ON a.id = $2"                                             \
    " WHERE c.id = $1 AND c.room_open = 1 AND a.disabled = 0"

static enum relation seat_relation(const struct store_query *q)
{
    int64_t ring = store_int(q, 2);
    if (store_int(q, 0))
        return RELATION_APPLICANT;
    if (store_int(q, 1))
        return RELATION_SPECIALIST;
    if (ring == CONSULT_RING_NONE && store_int(q, 5) & CONSULT_CONSENT_TEACHING)
        return RELATION_OBSERVER;
    return ring == CONSULT_RING_WON  ? RELATION_MEMBER
           : ring == CONSULT_RING_ON ? RELATION_RUNG
                                     : RELATION_NONE;
}

enum room_right consult_room_right(struct service *s, const char *room, const char *account)
{
    struct store_query q;
    enum relation relation = RELATION_NONE;
    bool live = false;
    uint32_t roles = 0;
    STORE_QUERY(s->store, &q, SEAT_IN_ROOM, sv_text(room), sv_text(account));
    if (store_next(&q)) {
        relation = seat_relation(&q);
        live = store_int(&q, 3) != 0;
        roles = (uint32_t)store_int(&q, 4);
    }
    if (store_query_end(&q) < 0 || !rights_allow(roles, relation, ACT_JOIN_MEDIA))
        return ROOM_RIGHT_NONE;
    if (relation == RELATION_RUNG)
        return ROOM_RIGHT_RUNG;
    if (!live)
        return relation == RELATION_OBSERVER ? ROOM_RIGHT_NONE : ROOM_RIGHT_WAITING;
    return rights_allow(roles, relation, ACT_SPEAK) ? ROOM_RIGHT_LIVE : ROOM_RIGHT_LISTEN;
}
