/* SPDX-License-Identifier: Apache-2.0 */
/* See referral.h. */
#include "shanqiao/error.h"
#include "signaling/consult/referral.h"
#include "signaling/service.h"
#include "signaling/store/vault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const sealed_columns[REFERRAL_TEXTS] = {"sealed_plan", "sealed_reason",
                                                           "sealed_discharge"};
static const char *const sealed_members[REFERRAL_TEXTS] = {"plan", "reason", "dischargePlan"};

void referral_clear(struct referral_record *r)
{
    for (int i = 0; i < REFERRAL_TEXTS; i++)
        free(r->texts[i]);
}

int referral_read(struct service *s, const struct store_query *q, struct referral_record *r)
{
    char *const texts[] = {r->id, r->consultation, r->from, r->to, r->proposed_by};
    int status = 0;
    for (int i = 0; i < 5; i++)
        store_copy_text(q, i, texts[i], ID_MAX);
    referral_init(&r->step);
    r->step.direction = referral_direction_parse(store_text(q, 5));
    r->step.state = referral_state_parse(store_text(q, 6));
    r->step.proposed_utc_us = store_int(q, 7);
    r->arrive_by_us = store_int(q, 8);
    r->revision = store_int(q, 9);
    r->step.arrived_utc_us = store_int(q, 13);
    r->step.closed_utc_us = store_int(q, 14);
    r->step.unanswered = store_int(q, 15) != 0;
    if (store_int(q, 16))
        r->step.deadline_utc_us = store_int(q, 16);
    if (r->step.state == REFERRAL_STATE_COUNT || r->step.direction == REFERRAL_DIRECTION_COUNT)
        return SQ_ERR_UNSUPPORTED;
    for (int i = 0; i < REFERRAL_TEXTS && status == 0; i++) {
        struct vault_place place = {"referral", r->id, sealed_columns[i]};
        size_t len = 0;
        const void *sealed = store_bytes(q, 10 + i, &len);
        if (sealed && len)
            status = vault_unseal(s->vault, &place, sealed, len, (uint8_t **)&r->texts[i], &len);
    }
    return status;
}

int referral_load(struct service *s, const char *id, struct referral_record *r)
{
    struct store_query q;
    int status = SQ_ERR_NOT_FOUND;
    memset(r, 0, sizeof(*r));
    STORE_QUERY(s->store, &q, REFERRAL_COLUMNS " WHERE r.id = $1", sv_text(id));
    if (store_next(&q))
        status = referral_read(s, &q, r);
    int ended = store_query_end(&q);
    return status == 0 && ended < 0 ? ended : status;
}

static int seal(struct service *s, const struct referral_record *r, enum referral_text which,
                struct store_value *out, uint8_t **owned)
{
    struct vault_place place = {"referral", r->id, sealed_columns[which]};
    size_t len = 0;
    int status = 0;
    *owned = NULL;
    if (r->texts[which])
        status =
            vault_seal(s->vault, &place, r->texts[which], strlen(r->texts[which]), owned, &len);
    *out = sv_bytes(*owned, len);
    return status;
}

/* An upsert where the revision is the loaded one. */
int referral_save(struct service *s, struct referral_record *r)
{
    struct store_value sealed[REFERRAL_TEXTS];
    uint8_t *owned[REFERRAL_TEXTS] = {NULL};
    int status = 0;
    for (int i = 0; i < REFERRAL_TEXTS && status == 0; i++)
        status = seal(s, r, (enum referral_text)i, &sealed[i], &owned[i]);
    if (status == 0)
        status = STORE_RUN(
            s->store,
            "INSERT INTO referral (id, consultation, direction, from_institution,"
            " to_institution, state, proposed_by, proposed_us, arrive_by_us, revision,"
            " sealed_plan, sealed_reason, sealed_discharge, arrived_us, closed_us, unanswered)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
            " ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
            " revision = excluded.revision, sealed_reason = excluded.sealed_reason,"
            " sealed_discharge = excluded.sealed_discharge, arrived_us = excluded.arrived_us,"
            " closed_us = excluded.closed_us, unanswered = excluded.unanswered"
            " WHERE referral.revision = $17",
            sv_text(r->id), sv_text(r->consultation),
            sv_text(referral_direction_name(r->step.direction)), sv_text(r->from), sv_text(r->to),
            sv_text(referral_state_name(r->step.state)), sv_text(r->proposed_by),
            sv_int(r->step.proposed_utc_us), sv_int(r->arrive_by_us), sv_int(r->revision + 1),
            sealed[REFERRAL_PLAN], sealed[REFERRAL_REASON], sealed[REFERRAL_PLAN_BACK],
            sv_int(r->step.arrived_utc_us), sv_int(r->step.closed_utc_us),
            sv_int(r->step.unanswered), sv_int(r->revision));
    for (int i = 0; i < REFERRAL_TEXTS; i++)
        free(owned[i]);
    if (status <= 0)
        return status == 0 ? SQ_ERR_CONFLICT : status;
    r->revision++;
    return service_deadline_set(s, r->id, REFERRAL_DEADLINE, r->step.deadline_utc_us);
}

/* ---- describe ---- */

static int set_time(json_t *object, const char *name, time_us utc_us)
{
    char text[SERVICE_TIME_MAX];
    if (!utc_us)
        return 0;
    return json_object_set_new(object, name, json_string(service_time_text(utc_us, text))) == 0
               ? 0
               : SQ_ERR_NOMEM;
}

int referral_describe(struct service *s, const struct referral_record *r, bool words, json_t **out)
{
    json_t *from = NULL, *to = NULL;
    *out = NULL;
    int status = directory_institution(s, r->from, &from);
    if (status == 0)
        status = directory_institution(s, r->to, &to);
    json_t *object =
        status == 0
            ? json_pack("{s:s, s:s, s:s, s:s, s:O, s:O, s:s, s:I}", "id", r->id, "consultationId",
                        r->consultation, "direction", referral_direction_name(r->step.direction),
                        "state", referral_state_name(r->step.state), "from", from, "to", to,
                        "proposedBy", r->proposed_by, "revision", (json_int_t)r->revision)
            : NULL;
    json_decref(from);
    json_decref(to);
    if (status == 0)
        status = object ? set_time(object, "proposedAt", r->step.proposed_utc_us) : SQ_ERR_NOMEM;
    if (status == 0)
        status = set_time(object, "arriveBy", r->arrive_by_us);
    for (int i = 0; words && i < REFERRAL_TEXTS && status == 0; i++)
        if (r->texts[i] &&
            json_object_set_new(object, sealed_members[i], json_string(r->texts[i])) != 0)
            status = SQ_ERR_NOMEM;
    if (status < 0)
        json_decref(object);
    else
        *out = object;
    return status;
}
