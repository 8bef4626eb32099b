/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and saves consultations. Everything a patient or doctor wrote is sealed. */
#include "signaling/consult/record.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_STATE "state"

static struct vault_place place_of(const struct consult_record *r, const char *column)
{
    return (struct vault_place){"consultation", r->id, column};
}

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

static int read_columns(struct consult_record *r, const struct store_query *q)
{
    store_copy_text(q, 0, r->kind, sizeof(r->kind));
    store_copy_text(q, 1, r->urgency, sizeof(r->urgency));
    store_copy_text(q, 2, r->panel, sizeof(r->panel));
    store_copy_text(q, 3, r->applicant, sizeof(r->applicant));
    r->step.state = consult_state_parse(store_text(q, 4));
    int reason = consult_reason_parse(store_text(q, 5));
    if (r->step.state == CONSULT_STATE_COUNT || reason < 0)
        return SQ_ERR_UNSUPPORTED; /* written by a newer program */
    r->step.reason = (enum consult_reason)reason;
    r->step.room.open = store_int(q, 6) != 0;
    r->step.room.live = store_int(q, 7) != 0;
    r->step.at.submitted_utc_us = store_int(q, 8);
    r->step.at.accepted_utc_us = store_int(q, 9);
    r->step.at.started_utc_us = store_int(q, 10);
    r->step.at.ended_utc_us = store_int(q, 11);
    r->revision = store_int(q, 12);
    return 0;
}

static int load_row(struct service *s, struct consult_record *r)
{
    struct store_query q;
    int status = SQ_ERR_NOT_FOUND;
    STORE_QUERY(s->store, &q,
                "SELECT kind, urgency, panel, applicant, state, reason, room_open, room_live,"
                " submitted_us, accepted_us, started_us, ended_us, revision, sealed_request,"
                " sealed_reason FROM consultation WHERE id = $1",
                sv_text(r->id));
    if (store_next(&q)) {
        status = read_columns(r, &q);
        if (status == 0)
            status = unseal_request(s, r, &q, 13);
        if (status == 0)
            status = unseal_reason(s, r, &q, 14);
    }
    int ended = store_query_end(&q);
    return ended < 0 ? ended : status;
}

static int load_rings(struct service *s, struct consult_record *r)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT account, state FROM ring WHERE consultation = $1 ORDER BY position",
                sv_text(r->id));
    while (r->step.member_count < CONSULT_MEMBERS_MAX && store_next(&q)) {
        int i = r->step.member_count++;
        store_copy_text(&q, 0, r->rung[i], ID_MAX);
        r->step.members[i].ring = (enum consult_ring)store_int(&q, 1);
        if (r->step.members[i].ring == CONSULT_RING_WON)
            r->step.specialist = i;
    }
    return store_query_end(&q);
}

static int load_presence(struct service *s, struct consult_record *r)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT party, session, presence FROM participant WHERE consultation = $1",
                sv_text(r->id));
    while (store_next(&q)) {
        int64_t party = store_int(&q, 0);
        if (party < 0 || party >= SEATS)
            continue;
        store_copy_text(&q, 1, r->sessions[party], ID_MAX);
        int person = consult_record_person(r, (enum seat)party);
        if (person != CONSULT_NOBODY)
            *(person < 0 ? &r->step.applicant : &r->step.members[person].presence) =
                (enum consult_presence)store_int(&q, 2);
    }
    return store_query_end(&q);
}

static int load_deadline(struct service *s, struct consult_record *r)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, "SELECT at_us FROM deadline WHERE object = $1 AND kind = $2",
                sv_text(r->id), sv_text(DEADLINE_STATE));
    if (store_next(&q))
        r->step.deadlines[CONSULT_DUE_STATE] = store_int(&q, 0);
    return store_query_end(&q);
}

int consult_record_load(struct service *s, const char *id, struct consult_record *out)
{
    memset(out, 0, sizeof(*out));
    consult_init(&out->step, CONSULT_LIVE);
    snprintf(out->id, sizeof(out->id), "%s", id);
    int status = load_row(s, out);
    if (status == 0)
        status = load_rings(s, out);
    if (status == 0)
        status = load_presence(s, out);
    if (status == 0)
        status = load_deadline(s, out);
    if (status < 0)
        consult_record_clear(out);
    return status;
}

void consult_record_clear(struct consult_record *r)
{
    json_decref(r->request);
    free(r->reason);
    r->request = NULL;
    r->reason = NULL;
}

static const char *specialist_of(const struct consult_record *r)
{
    return r->step.specialist == CONSULT_NOBODY ? NULL : r->rung[r->step.specialist];
}

static int insert_row(struct service *s, const struct consult_record *r)
{
    struct vault_place place = place_of(r, "sealed_request");
    uint8_t *sealed = NULL;
    size_t len = 0;
    char *text = json_dumps(r->request, JSON_COMPACT);
    int status =
        text ? vault_seal(s->vault, &place, text, strlen(text), &sealed, &len) : SQ_ERR_NOMEM;
    free(text);
    if (status == 0)
        status = STORE_RUN(s->store,
                           "INSERT INTO consultation (id, kind, urgency, panel, applicant, state,"
                           " reason, room_open, room_live, submitted_us, accepted_us, started_us,"
                           " ended_us, revision, sealed_request)"
                           " VALUES ($1, $2, $3, $4, $5, 'draft', '', 0, 0, 0, 0, 0, 0, 0, $6)",
                           sv_text(r->id), sv_text(r->kind), sv_text(r->urgency), sv_text(r->panel),
                           sv_text(r->applicant), sv_bytes(sealed, len));
    free(sealed);
    return status < 0 ? status : 0;
}

static int update_row(struct service *s, const struct consult_record *r)
{
    struct vault_place place = place_of(r, "sealed_reason");
    const struct consult *c = &r->step;
    uint8_t *sealed = NULL;
    size_t len = 0;
    int status = 0;
    if (r->reason)
        status = vault_seal(s->vault, &place, r->reason, strlen(r->reason), &sealed, &len);
    if (status == 0)
        status = STORE_RUN(s->store,
                           "UPDATE consultation SET specialist = $1, state = $2, reason = $3,"
                           " room_open = $4, room_live = $5, submitted_us = $6, accepted_us = $7,"
                           " started_us = $8, ended_us = $9, sealed_reason = $10,"
                           " revision = revision + 1 WHERE id = $11 AND revision = $12",
                           sv_text(specialist_of(r)), sv_text(consult_state_name(c->state)),
                           sv_text(consult_reason_name(c->reason)), sv_int(c->room.open),
                           sv_int(c->room.live), sv_int(c->at.submitted_utc_us),
                           sv_int(c->at.accepted_utc_us), sv_int(c->at.started_utc_us),
                           sv_int(c->at.ended_utc_us), sv_bytes(sealed, len), sv_text(r->id),
                           sv_int(r->revision));
    free(sealed);
    return status == 0 ? SQ_ERR_CONFLICT : status < 0 ? status : 0;
}

static int save_rings(struct service *s, const struct consult_record *r)
{
    int status = 0;
    for (int i = 0; i < r->step.member_count && status >= 0; i++)
        status = STORE_RUN(s->store,
                           "INSERT INTO ring (consultation, position, account, state)"
                           " VALUES ($1, $2, $3, $4) ON CONFLICT (consultation, position)"
                           " DO UPDATE SET state = excluded.state",
                           sv_text(r->id), sv_int(i), sv_text(r->rung[i]),
                           sv_int(r->step.members[i].ring));
    return status < 0 ? status : 0;
}

static int save_presence(struct service *s, const struct consult_record *r)
{
    int status = 0;
    for (int party = 0; party < SEATS && status >= 0; party++)
        status = STORE_RUN(
            s->store,
            "INSERT INTO participant (consultation, party, session, presence)"
            " VALUES ($1, $2, $3, $4) ON CONFLICT (consultation, party)"
            " DO UPDATE SET session = excluded.session,"
            " presence = excluded.presence",
            sv_text(r->id), sv_int(party), sv_text(r->sessions[party]),
            sv_int(consult_presence_of(&r->step, consult_record_person(r, (enum seat)party))));
    return status < 0 ? status : 0;
}

static int save_deadline(struct service *s, const struct consult_record *r)
{
    int status;
    if (r->step.deadlines[CONSULT_DUE_STATE] == TIME_US_NEVER)
        status = STORE_RUN(s->store, "DELETE FROM deadline WHERE object = $1 AND kind = $2",
                           sv_text(r->id), sv_text(DEADLINE_STATE));
    else
        status = STORE_RUN(s->store,
                           "INSERT INTO deadline (object, kind, at_us) VALUES ($1, $2, $3)"
                           " ON CONFLICT (object, kind) DO UPDATE SET at_us = excluded.at_us",
                           sv_text(r->id), sv_text(DEADLINE_STATE),
                           sv_int(r->step.deadlines[CONSULT_DUE_STATE]));
    return status < 0 ? status : 0;
}

int consult_record_save(struct service *s, struct consult_record *r)
{
    int status = r->revision == 0 ? insert_row(s, r) : 0;
    if (status == 0)
        status = update_row(s, r);
    if (status == 0)
        status = save_rings(s, r);
    if (status == 0)
        status = save_presence(s, r);
    if (status == 0)
        status = save_deadline(s, r);
    if (status == 0)
        r->revision++;
    return status;
}

const char *consult_record_account(const struct consult_record *r, int person)
{
    if (person == CONSULT_APPLICANT)
        return r->applicant;
    return person == CONSULT_NOBODY ? "" : r->rung[person];
}

int consult_record_person(const struct consult_record *r, enum seat seat)
{
    return seat == SEAT_APPLICANT ? CONSULT_APPLICANT : r->step.specialist;
}

int consult_record_member(const struct consult_record *r, const char *account)
{
    for (int i = 0; i < r->step.member_count; i++)
        if (strcmp(r->rung[i], account) == 0)
            return i;
    return CONSULT_NOBODY;
}

enum relation consult_record_relation(const struct consult_record *r, const char *account)
{
    if (!account[0])
        return RELATION_NONE;
    if (strcmp(r->applicant, account) == 0)
        return RELATION_APPLICANT;
    int member = consult_record_member(r, account);
    if (member == CONSULT_NOBODY)
        return RELATION_NONE;
    if (member == r->step.specialist)
        return RELATION_SPECIALIST;
    return r->step.members[member].ring == CONSULT_RING_ON ? RELATION_RUNG : RELATION_RUNG_BEFORE;
}
