/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a dossier and says it as canonical JSON. */
#include "signaling/export/dossier.h"
#include "shanqiao/error.h"
#include "signaling/consent/consent.h"
#include "signaling/consult/perform.h"
#include "signaling/consult/referral.h"
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

static int find_referrals(struct service *s, const struct dossier *d, json_t *ids)
{
    struct store_query q;
    int status = ids ? 0 : SQ_ERR_NOMEM;
    STORE_QUERY(s->store, &q,
                "SELECT id FROM referral WHERE consultation = $1 ORDER BY proposed_us, id",
                sv_text(d->record.id));
    while (status == 0 && store_next(&q))
        if (json_array_append_new(ids, json_string(store_text(&q, 0))) != 0)
            status = SQ_ERR_NOMEM;
    int ended = store_query_end(&q);
    return ended < 0 ? ended : status;
}

static int append_referral(struct service *s, json_t *list, const char *id)
{
    struct referral_record r;
    json_t *described = NULL;
    int status = referral_load(s, id, &r);
    if (status == 0)
        status = referral_describe(s, &r, true, &described);
    if (status == 0 && json_array_append_new(list, described) != 0)
        status = SQ_ERR_NOMEM;
    referral_clear(&r);
    return status;
}

static int load_referrals(struct service *s, struct dossier *d)
{
    json_t *ids = json_array(), *id = NULL;
    size_t i = 0;
    int status = (d->referrals = json_array()) ? find_referrals(s, d, ids) : SQ_ERR_NOMEM;
    json_array_foreach(ids, i, id)
    {
        if (status == 0)
            status = append_referral(s, d->referrals, json_string_value(id));
    }
    json_decref(ids);
    return status;
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
