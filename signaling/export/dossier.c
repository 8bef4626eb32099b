/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a dossier and says it as canonical JSON. */
#include "signaling/export/dossier.h"
#include "shanqiao/error.h"
#include "signaling/consent/consent.h"
#include "signaling/consult/perform.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_SCHEMA    "shanqiao.record.v2"
#define CONSENTS_SCHEMA  "shanqiao.consents.v1"
#define MATERIALS_SCHEMA "shanqiao.materials.v1"
#define AUDIT_SCHEMA     "shanqiao.audit.v2"

bool dossier_record_member(const char *name)
{
    static const char *const names[] = {
        "id",         "kind",     "urgency", "state",     "panel",       "applicant", "specialist",
        "specialty",  "members",  "reason",  "entries",   "backfill",    "critical",  "slot",
        "followUpAt", "revision", "endedAt", "startedAt", "submittedAt", "acceptedAt"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

int dossier_fault(struct export_problem *problem, enum export_fault what, const char *detail,
                  int status)
{
    problem->fault = what;
    snprintf(problem->detail, sizeof(problem->detail), "%s", detail);
    return status;
}

/* ---- opinions ---- */

static int find_shown(struct dossier *d, const char *opinion, struct export_problem *problem)
{
    d->shown =
        opinion ? opinion_list_by_id(&d->opinions, opinion) : opinion_list_current(&d->opinions);
    if (opinion && !d->shown)
        return SQ_ERR_NOT_FOUND;
    if (!d->shown || !d->shown->signed_utc_us)
        return dossier_fault(problem, EXPORT_NOT_SIGNED, "", SQ_ERR_STATE);
    return 0;
}

static int check_all(struct service *s, struct dossier *d, struct export_problem *problem)
{
    int status = 0;
    if (!(d->verdicts = calloc(d->opinions.count, sizeof(*d->verdicts))))
        return SQ_ERR_NOMEM;
    for (size_t i = 0; i < d->opinions.count && status == 0; i++) {
        const struct opinion_record *o = &d->opinions.items[i];
        if (!o->signed_utc_us)
            continue;
        status = opinion_verify(s, d->record.id, o->id, &d->verdicts[i]);
        if (status == 0 && !d->verdicts[i].verified)
            dossier_fault(problem, EXPORT_NOT_VERIFIED, d->verdicts[i].reason, 0);
    }
    return status;
}

const struct opinion_verdict *dossier_verdict(const struct dossier *d,
                                              const struct opinion_record *o)
{
    return &d->verdicts[o - d->opinions.items];
}

/* ---- load ---- */

static int load_referrals(struct service *s, struct dossier *d)
{
    struct store_query q;
    int status = (d->referrals = json_array()) ? 0 : SQ_ERR_NOMEM;
    if (status < 0)
        return status;
    STORE_QUERY(s->store, &q,
                "SELECT id, direction, from_institution, to_institution, state, proposed_by,"
                " proposed_us FROM referral WHERE consultation = $1 ORDER BY proposed_us, id",
                sv_text(d->record.id));
    while (status == 0 && store_next(&q)) {
        char at[SERVICE_TIME_MAX];
        json_t *one =
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", store_text(&q, 0), "direction",
                      store_text(&q, 1), "from", store_text(&q, 2), "to", store_text(&q, 3),
                      "state", store_text(&q, 4), "proposedBy", store_text(&q, 5), "proposedAt",
                      service_time_text(store_int(&q, 6), at));
        if (json_array_append_new(d->referrals, one) != 0)
            status = SQ_ERR_NOMEM;
    }
    int ended = store_query_end(&q);
    return ended < 0 ? ended : status;
}

int dossier_load(struct service *s, const struct export_of *what, struct dossier *out,
                 struct export_problem *problem)
{
    memset(out, 0, sizeof(*out));
    *problem = (struct export_problem){0};
    int status = consult_record_load(s, what->consultation, &out->record);
    if (status == 0)
        status = opinion_list_load(s, what->consultation, &out->opinions);
    if (status == 0)
        status = find_shown(out, what->opinion, problem);
    if (status == 0)
        status = check_all(s, out, problem);
    if (status == 0)
        status = consult_describe(s, &out->record, CONSULT_VIEW_CLINICAL | CONSULT_VIEW_IDENTITY,
                                  &out->consultation);
    if (status == 0)
        status = consent_describe(s, what->consultation, &out->consents);
    if (status == 0)
        status = dossier_load_texts(s, out);
    if (status == 0)
        status = dossier_load_materials(s, out, problem);
    if (status == 0)
        status = load_referrals(s, out);
    if (status == 0)
        status = dossier_load_ca(s, out);
    return status < 0 ? status : dossier_load_audit(s, out, problem);
}

void dossier_clear(struct dossier *d)
{
    consult_record_clear(&d->record);
    opinion_list_clear(&d->opinions);
    free(d->verdicts);
    json_decref(d->consultation);
    json_decref(d->consents);
    json_decref(d->texts);
    json_decref(d->materials);
    json_decref(d->referrals);
    json_decref(d->audit);
    json_decref(d->heads);
    free(d->ca);
    memset(d, 0, sizeof(*d));
}

const char *dossier_text(const struct dossier *d, const char *sha256)
{
    size_t i = 0;
    const json_t *text = NULL;
    json_array_foreach(d->texts, i, text)
    {
        if (strcmp(json_string_value(json_object_get(text, "sha256")), sha256) == 0)
            return json_string_value(json_object_get(text, "text"));
    }
    return NULL;
}

/* ---- as canonical JSON ---- */

static char *canonical_of(json_t *value)
{
    char *text = value ? opinion_canonical(value) : NULL;
    json_decref(value);
    return text;
}

/* The consultation without what the request says already: one copy, the one that was signed for. */
static json_t *without_request(const struct dossier *d)
{
    json_t *rest = json_object();
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(d->consultation, name, value)
    {
        if (!dossier_record_member(name))
            continue;
        if (!rest || json_object_set(rest, name, value) != 0) {
            json_decref(rest);
            return NULL;
        }
    }
    return rest;
}

char *dossier_record_text(const struct dossier *d, time_us utc_us)
{
    char now[SERVICE_TIME_MAX];
    return canonical_of(json_pack("{s:s, s:s, s:o, s:O, s:O}", "schema", RECORD_SCHEMA,
                                  "exportedAt", service_time_text(utc_us, now), "consultation",
                                  without_request(d), "request", d->record.request, "referrals",
                                  d->referrals));
}

char *dossier_consents_text(const struct dossier *d)
{
    return canonical_of(json_pack("{s:s, s:O, s:O}", "schema", CONSENTS_SCHEMA, "consents",
                                  d->consents, "texts", d->texts));
}

char *dossier_materials_text(const struct dossier *d)
{
    return canonical_of(
        json_pack("{s:s, s:O}", "schema", MATERIALS_SCHEMA, "materials", d->materials));
}

char *dossier_audit_text(const struct dossier *d)
{
    return canonical_of(
        json_pack("{s:s, s:O, s:O}", "schema", AUDIT_SCHEMA, "rows", d->audit, "heads", d->heads));
}
