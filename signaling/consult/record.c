/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and saves consultations. Everything a patient or doctor wrote is sealed; what did not
 * change is not written. Refuses to know which events are allowed. */
#include "signaling/consult/record.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct vault_place place_of(const struct consult_record *r, const char *column)
{
    return (struct vault_place){"consultation", r->id, column};
}

void consult_record_init(struct consult_record *r, enum consult_kind kind)
{
    memset(r, 0, sizeof(*r));
    consult_init(&r->step, kind);
    r->stored.step = r->step;
}

/* ---- load ---- */

static int unseal_request(struct service *s, struct consult_record *r, const struct store_query *q,
                          int column)
{
    struct vault_place place = place_of(r, "sealed_request");
    uint8_t *text = NULL;
    size_t len = 0;
    const void *sealed = store_bytes(q, column, &len);
    int status = vault_unseal(s->vault, &place, sealed, len, &text, &len);
    if (status < 0)
        return status;
    r->request = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    return r->request ? 0 : SQ_ERR_NOMEM; /* it was authentic, so it was JSON */
}

static int unseal_reason(struct service *s, struct consult_record *r, const struct store_query *q,
                         int column)
{
    struct vault_place place = place_of(r, "sealed_reason");
    size_t len = 0;
    if (store_is_null(q, column))
        return 0;
    const void *sealed = store_bytes(q, column, &len);
    return vault_unseal(s->vault, &place, sealed, len, (uint8_t **)&r->reason, &len);
}

enum plan_flag {
    PLAN_ESCALATING = 1,
    PLAN_EXHAUSTED = 2,
    PLAN_RANG = 4,
    PLAN_REFUSED = 8,
    PLAN_UNANSWERED = 16
};

static void read_plan(struct consult_plan *plan, int64_t flags)
{
    plan->escalating = flags & PLAN_ESCALATING;
    plan->exhausted = flags & PLAN_EXHAUSTED;
    plan->rang = flags & PLAN_RANG;
    plan->refused = flags & PLAN_REFUSED;
    plan->unanswered = flags & PLAN_UNANSWERED;
}

static int64_t plan_flags(const struct consult_plan *plan)
{
    return (plan->escalating ? PLAN_ESCALATING : 0) | (plan->exhausted ? PLAN_EXHAUSTED : 0) |
           (plan->rang ? PLAN_RANG : 0) | (plan->refused ? PLAN_REFUSED : 0) |
           (plan->unanswered ? PLAN_UNANSWERED : 0);
}

/* "" stands for what a newer program wrote: no name is empty but that of no reason. */
static int read_names(struct consult *c, const struct store_query *q)
{
    int reason = consult_reason_parse(store_text(q, 3));
    c->kind = consult_kind_parse(store_text(q, 0));
    c->urgency = consult_urgency_parse(store_text(q, 1));
    c->state = consult_state_parse(store_text(q, 2));
    if (c->kind == CONSULT_KIND_COUNT || c->urgency == CONSULT_URGENCY_COUNT ||
        c->state == CONSULT_STATE_COUNT || reason < 0)
        return SQ_ERR_UNSUPPORTED;
    c->reason = (enum consult_reason)reason;
    return 0;
}

#define LIFE_COLUMNS                                                                               \
    "kind, urgency, state, reason, needs, approvals, consent, applicant_ready, strategy,"          \
    " panel_level, plan_flags, slot_start_us, slot_end_us, room_open, room_live, backfill,"        \
    " backfill_left, critical, absent_applicant, absent_members, follow_up_days, submitted_us,"    \
    " accepted_us, started_us, ended_us, signed_us"
#define LIFE_COUNT 26

/* In the order of LIFE_COLUMNS. */
static void read_life(struct consult *c, const struct store_query *q)
{
    c->needs = (uint32_t)store_int(q, 4);
    c->approvals = (uint32_t)store_int(q, 5);
    c->consent = (uint32_t)store_int(q, 6);
    c->applicant_ready = store_int(q, 7) != 0;
    c->plan.strategy = (enum consult_strategy)store_int(q, 8);
    c->plan.level = (int)store_int(q, 9);
    read_plan(&c->plan, store_int(q, 10));
    c->slot.start_utc_us = store_int(q, 11);
    c->slot.end_utc_us = store_int(q, 12);
    c->room.open = store_int(q, 13) != 0;
    c->room.live = store_int(q, 14) != 0;
    c->backfill.state = (enum consult_backfill_state)store_int(q, 15);
    c->backfill.left = (uint32_t)store_int(q, 16);
    c->critical = (enum consult_critical)store_int(q, 17);
    c->absence.applicant = store_int(q, 18) != 0;
    c->absence.members = (uint64_t)store_int(q, 19);
    c->follow_up_days = (int)store_int(q, 20);
    c->at.submitted_utc_us = store_int(q, 21);
    c->at.accepted_utc_us = store_int(q, 22);
    c->at.started_utc_us = store_int(q, 23);
    c->at.ended_utc_us = store_int(q, 24);
    c->at.signed_utc_us = store_int(q, 25);
}
#define PLACE_COLUMNS                                                                              \
    "applicant, panel, specialty, institution, inviting, inviting_desk, invited, invited_desk,"    \
    " agreement, slot, ring_us, wanted_strategy"
#define PLACE_COUNT 12

/* In the order of PLACE_COLUMNS. */
static void read_place(struct consult_record *r, const struct store_query *q, int from)
{
    struct consult_place *p = &r->place;
    struct {
        char *text;
        size_t size;
    } columns[] = {
        {r->applicant, ID_MAX},   {p->panel, ID_MAX},        {p->specialty, sizeof(p->specialty)},
        {p->institution, ID_MAX}, {p->inviting, ID_MAX},     {p->inviting_desk, ID_MAX},
        {p->invited, ID_MAX},     {p->invited_desk, ID_MAX}, {p->agreement, ID_MAX},
        {p->slot, ID_MAX}};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        store_copy_text(q, from + (int)i, columns[i].text, columns[i].size);
    p->ring_us = store_int(q, from + PLACE_COUNT - 2);
    p->strategy = (enum consult_strategy)store_int(q, from + PLACE_COUNT - 1);
}

/* Of one record: all are begun before the first is read, so that they share the way. */
enum part { ROW, MEMBERS, PRESENCE, DEADLINES, PANELS, PARTS };

static const char *const part_sql[PARTS] = {
    [ROW] = "SELECT " LIFE_COLUMNS ", " PLACE_COLUMNS ", specialist, revision, sealed_request,"
            " sealed_reason FROM consultation WHERE id = $1",
    [MEMBERS] = "SELECT account, panel, state, role, opinion, ready, took_part FROM ring"
                " WHERE consultation = $1 ORDER BY position",
    [PRESENCE] = "SELECT party, session, presence FROM participant WHERE consultation = $1",
    [DEADLINES] = "SELECT kind, at_us FROM deadline WHERE object = $1",
    [PANELS] = "SELECT panel FROM consultation_panel WHERE consultation = $1 ORDER BY position",
};

static int read_row(struct service *s, struct consult_record *r, struct store_query *q,
                    char specialist[ID_MAX])
{
    const int rest = LIFE_COUNT + PLACE_COUNT;
    if (!store_next(q))
        return SQ_ERR_NOT_FOUND; /* or the error that ends the query */
    int status = read_names(&r->step, q);
    read_life(&r->step, q);
    read_place(r, q, LIFE_COUNT);
    store_copy_text(q, rest, specialist, ID_MAX);
    r->revision = store_int(q, rest + 1);
    if (status == 0)
        status = unseal_request(s, r, q, rest + 2);
    return status == 0 ? unseal_reason(s, r, q, rest + 3) : status;
}

static void read_member(struct consult_record *r, const struct store_query *q,
                        const char *specialist)
{
    int i = r->step.member_count++;
    struct consult_member *m = &r->step.members[i];
    store_copy_text(q, 0, r->people[i].account, ID_MAX);
    store_copy_text(q, 1, r->people[i].panel, ID_MAX);
    m->ring = (enum consult_ring)store_int(q, 2);
    m->role = (enum consult_role)store_int(q, 3);
    m->opinion = (enum consult_opinion)store_int(q, 4);
    m->ready = store_int(q, 5) != 0;
    m->took_part = store_int(q, 6) != 0;
    if (specialist[0] && strcmp(specialist, r->people[i].account) == 0)
        r->step.specialist = i;
}

static void read_presence(struct consult_record *r, const struct store_query *q)
{
    int64_t party = store_int(q, 0);
    enum consult_presence presence = (enum consult_presence)store_int(q, 2);
    if (party == CONSULT_APPLICANT) {
        store_copy_text(q, 1, r->applicant_session, ID_MAX);
        r->step.applicant = presence;
    } else if (party >= 0 && party < r->step.member_count) {
        store_copy_text(q, 1, r->people[party].session, ID_MAX);
        r->step.members[party].presence = presence;
    }
}

static void read_deadline(struct consult_record *r, const struct store_query *q)
{
    enum consult_deadline kind = consult_deadline_parse(store_text(q, 0));
    if (kind != CONSULT_DEADLINE_COUNT)
        r->step.deadlines[kind] = store_int(q, 1);
}

static void read_parts(struct consult_record *r, struct store_query q[PARTS],
                       const char *specialist)
{
    while (r->step.member_count < CONSULT_MEMBERS_MAX && store_next(&q[MEMBERS]))
        read_member(r, &q[MEMBERS], specialist);
    while (store_next(&q[PRESENCE]))
        read_presence(r, &q[PRESENCE]);
    while (store_next(&q[DEADLINES]))
        read_deadline(r, &q[DEADLINES]);
    while (r->panel_count < CONSULT_PANELS_MAX && store_next(&q[PANELS]))
        store_copy_text(&q[PANELS], 0, r->panels[r->panel_count++], ID_MAX);
}

static int keep_stored(struct consult_record *r)
{
    size_t count = 1 + (size_t)r->step.member_count;
    char(*sessions)[ID_MAX] = reallocarray(r->stored.sessions, count, ID_MAX);
    if (sessions)
        r->stored.sessions = sessions;
    if (!r->known)
        r->known = json_object();
    if (!sessions || !r->known)
        return SQ_ERR_NOMEM;
    memcpy(sessions[0], r->applicant_session, ID_MAX);
    for (int i = 0; i < r->step.member_count; i++)
        memcpy(sessions[i + 1], r->people[i].session, ID_MAX);
    r->stored.step = r->step;
    r->stored.panel_count = r->panel_count;
    r->moved = false;
    return 0;
}

int consult_record_load(struct service *s, const char *id, struct consult_record *out)
{
    char specialist[ID_MAX] = "";
    struct store_query q[PARTS];
    consult_record_init(out, CONSULT_LIVE);
    snprintf(out->id, sizeof(out->id), "%s", id);
    for (int i = 0; i < PARTS; i++)
        STORE_QUERY(s->store, &q[i], part_sql[i], sv_text(out->id));
    int status = read_row(s, out, &q[ROW], specialist);
    if (status == 0)
        read_parts(out, q, specialist);
    for (int i = 0; i < PARTS; i++) {
        int ended = store_query_end(&q[i]);
        status = ended < 0 && (status == 0 || status == SQ_ERR_NOT_FOUND) ? ended : status;
    }
    if (status == 0)
        status = keep_stored(out);
    if (status < 0)
        consult_record_clear(out);
    return status;
}

void consult_record_clear(struct consult_record *r)
{
    json_decref(r->request);
    free(r->reason);
    free(r->stored.sessions);
    json_decref(r->known);
    r->known = NULL;
    r->request = NULL;
    r->reason = NULL;
    r->stored.sessions = NULL;
}

/* ---- save ---- */

static const char *specialist_of(const struct consult_record *r)
{
    int i = r->step.specialist;
    return i == CONSULT_NOBODY ? NULL : r->people[i].account;
}

static int seal_request(struct service *s, const struct consult_record *r, uint8_t **sealed,
                        size_t *len)
{
    struct vault_place place = place_of(r, "sealed_request");
    char *text = json_dumps(r->request, JSON_COMPACT);
    int status =
        text ? vault_seal(s->vault, &place, text, strlen(text), sealed, len) : SQ_ERR_NOMEM;
    free(text);
    return status;
}

static int insert_row(struct service *s, const struct consult_record *r)
{
    uint8_t *sealed = NULL;
    size_t len = 0;
    int status = seal_request(s, r, &sealed, &len);
    if (status == 0)
        status = STORE_LATER(s->store,
                             "INSERT INTO consultation (id, kind, urgency, panel, applicant, state,"
                             " reason, room_open, room_live, submitted_us, accepted_us, started_us,"
                             " ended_us, revision, sealed_request)"
                             " VALUES ($1, $2, $3, $4, $5, 'draft', '', 0, 0, 0, 0, 0, 0, 0, $6)",
                             sv_text(r->id), sv_text(consult_kind_name(r->step.kind)),
                             sv_text(consult_urgency_name(r->step.urgency)),
                             sv_text(r->place.panel), sv_text(r->applicant), sv_bytes(sealed, len));
    free(sealed);
    return status < 0 ? status : 0;
}

static int update_place(struct service *s, const struct consult_record *r)
{
    const struct consult_place *p = &r->place;
    uint8_t *sealed = NULL;
    size_t len = 0;
    int status = seal_request(s, r, &sealed, &len);
    if (status == 0)
        status = STORE_LATER(s->store,
                             "UPDATE consultation SET panel = $1, specialty = $2, institution = $3,"
                             " inviting = $4, inviting_desk = $5, invited = $6, invited_desk = $7,"
                             " agreement = $8, slot = $9, ring_us = $10, wanted_strategy = $11,"
                             " sealed_request = $12 WHERE id = $13",
                             sv_text(p->panel), sv_text(p->specialty), sv_text(p->institution),
                             sv_text(p->inviting), sv_text(p->inviting_desk), sv_text(p->invited),
                             sv_text(p->invited_desk), sv_text(p->agreement), sv_text(p->slot),
                             sv_int(p->ring_us), sv_int(p->strategy), sv_bytes(sealed, len),
                             sv_text(r->id));
    free(sealed);
    return status < 0 ? status : 0;
}

static int update_life(struct service *s, const struct consult_record *r)
{
    struct vault_place place = place_of(r, "sealed_reason");
    const struct consult *c = &r->step;
    uint8_t *sealed = NULL;
    size_t len = 0;
    int status = 0;
    if (r->reason)
        status = vault_seal(s->vault, &place, r->reason, strlen(r->reason), &sealed, &len);
    if (status == 0)
        status = STORE_LATER_ONE(
            s->store,
            "UPDATE consultation SET urgency = $1, state = $2, reason = $3, needs = $4,"
            " approvals = $5, consent = $6, applicant_ready = $7, strategy = $8, panel_level = $9,"
            " plan_flags = $10, slot_start_us = $11, slot_end_us = $12, room_open = $13,"
            " room_live = $14, backfill = $15, backfill_left = $16, critical = $17,"
            " absent_applicant = $18, absent_members = $19, follow_up_days = $20,"
            " submitted_us = $21, accepted_us = $22, started_us = $23, ended_us = $24,"
            " signed_us = $25, specialist = $26, sealed_reason = $27, revision = revision + 1"
            " WHERE id = $28 AND revision = $29",
            sv_text(consult_urgency_name(c->urgency)), sv_text(consult_state_name(c->state)),
            sv_text(consult_reason_name(c->reason)), sv_int(c->needs), sv_int(c->approvals),
            sv_int(c->consent), sv_int(c->applicant_ready), sv_int(c->plan.strategy),
            sv_int(c->plan.level), sv_int(plan_flags(&c->plan)), sv_int(c->slot.start_utc_us),
            sv_int(c->slot.end_utc_us), sv_int(c->room.open), sv_int(c->room.live),
            sv_int(c->backfill.state), sv_int(c->backfill.left), sv_int(c->critical),
            sv_int(c->absence.applicant), sv_int((int64_t)c->absence.members),
            sv_int(c->follow_up_days), sv_int(c->at.submitted_utc_us),
            sv_int(c->at.accepted_utc_us), sv_int(c->at.started_utc_us), sv_int(c->at.ended_utc_us),
            sv_int(c->at.signed_utc_us), sv_text(specialist_of(r)), sv_bytes(sealed, len),
            sv_text(r->id), sv_int(r->revision));
    free(sealed);
    return status;
}

static bool same_member(const struct consult_member *a, const struct consult_member *b)
{
    return a->role == b->role && a->ring == b->ring && a->opinion == b->opinion &&
           a->ready == b->ready && a->took_part == b->took_part;
}

static int save_members(struct service *s, const struct consult_record *r)
{
    int status = 0;
    for (int i = 0; i < r->step.member_count && status >= 0; i++) {
        const struct consult_member *m = &r->step.members[i];
        if (i < r->stored.step.member_count && same_member(m, &r->stored.step.members[i]))
            continue;
        status = STORE_LATER(
            s->store,
            "INSERT INTO ring (consultation, position, account, panel, state, role, opinion, ready,"
            " took_part) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            " ON CONFLICT (consultation, position) DO UPDATE SET state = excluded.state,"
            " role = excluded.role, opinion = excluded.opinion, ready = excluded.ready,"
            " took_part = excluded.took_part",
            sv_text(r->id), sv_int(i), sv_text(r->people[i].account), sv_text(r->people[i].panel),
            sv_int(m->ring), sv_int(m->role), sv_int(m->opinion), sv_int(m->ready),
            sv_int(m->took_part));
    }
    return status < 0 ? status : 0;
}

static int save_seat(struct service *s, const struct consult_record *r, int person,
                     const char *session, enum consult_presence presence)
{
    int at = person == CONSULT_APPLICANT ? 0 : person + 1;
    bool known = at <= r->stored.step.member_count && r->stored.sessions;
    enum consult_presence before =
        known ? consult_presence_of(&r->stored.step, person) : CONSULT_AWAY;
    if (before == presence && strcmp(session, known ? r->stored.sessions[at] : "") == 0)
        return 0;
    int status = STORE_LATER(s->store,
                             "INSERT INTO participant (consultation, party, session, presence)"
                             " VALUES ($1, $2, $3, $4) ON CONFLICT (consultation, party)"
                             " DO UPDATE SET session = excluded.session,"
                             " presence = excluded.presence",
                             sv_text(r->id), sv_int(person), sv_text(session), sv_int(presence));
    return status < 0 ? status : 0;
}

static int save_presence(struct service *s, const struct consult_record *r)
{
    int status = save_seat(s, r, CONSULT_APPLICANT, r->applicant_session, r->step.applicant);
    for (int i = 0; i < r->step.member_count && status == 0; i++)
        status = save_seat(s, r, i, r->people[i].session, r->step.members[i].presence);
    return status;
}

static int save_deadline(struct service *s, const struct consult_record *r,
                         enum consult_deadline kind)
{
    time_us at_us = r->step.deadlines[kind];
    if (at_us == r->stored.step.deadlines[kind])
        return 0;
    return service_deadline_move(s, r->id, consult_deadline_name(kind),
                                 r->stored.step.deadlines[kind], at_us);
}

/* The list of a new round may begin anew. */
static int save_panels(struct service *s, const struct consult_record *r)
{
    int status = 0;
    if (r->panel_count < r->stored.panel_count)
        status = STORE_LATER(s->store,
                             "DELETE FROM consultation_panel WHERE consultation = $1"
                             " AND position >= $2",
                             sv_text(r->id), sv_int(r->panel_count));
    for (int i = 0; i < r->panel_count && status >= 0; i++)
        if (i >= r->stored.panel_count || r->moved)
            status = STORE_LATER(s->store,
                                 "INSERT INTO consultation_panel (consultation, position, panel)"
                                 " VALUES ($1, $2, $3) ON CONFLICT (consultation, position)"
                                 " DO UPDATE SET panel = excluded.panel",
                                 sv_text(r->id), sv_int(i), sv_text(r->panels[i]));
    return status < 0 ? status : 0;
}

int consult_record_save(struct service *s, struct consult_record *r)
{
    bool first = r->revision == 0;
    int status = first ? insert_row(s, r) : 0;
    if (status == 0)
        status = update_life(s, r);
    if (status == 0 && (first || r->moved))
        status = update_place(s, r);
    if (status == 0)
        status = save_members(s, r);
    if (status == 0)
        status = save_presence(s, r);
    for (int i = 0; i < CONSULT_DEADLINE_COUNT && status == 0; i++)
        status = save_deadline(s, r, (enum consult_deadline)i);
    if (status == 0)
        status = save_panels(s, r);
    if (status == 0)
        status = keep_stored(r);
    if (status == 0)
        r->revision++;
    return status;
}

/* ---- people ---- */

const char *consult_record_account(const struct consult_record *r, int person)
{
    if (person == CONSULT_APPLICANT)
        return r->applicant;
    return person >= 0 && person < r->step.member_count ? r->people[person].account : "";
}

int consult_record_member(const struct consult_record *r, const char *account)
{
    for (int i = 0; i < r->step.member_count; i++)
        if (strcmp(r->people[i].account, account) == 0)
            return i;
    return CONSULT_NOBODY;
}
