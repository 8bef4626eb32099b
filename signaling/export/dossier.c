/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a dossier. */
#include "signaling/export/dossier.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/consult/perform.h"
#include "signaling/opinion/x509.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX_SIZE      (2 * AUDIT_HASH_BYTES + 1)
#define RECORD_SCHEMA "shanqiao.record.v1"
#define AUDIT_SCHEMA  "shanqiao.audit.v1"

bool dossier_record_member(const char *name)
{
    static const char *const names[] = {"id",          "kind",       "urgency",    "state",
                                        "panel",       "applicant",  "specialist", "reason",
                                        "submittedAt", "acceptedAt", "startedAt",  "endedAt"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static int fault(struct export_problem *problem, enum export_fault what, const char *detail,
                 int status)
{
    problem->fault = what;
    snprintf(problem->detail, sizeof(problem->detail), "%s", detail);
    return status;
}

static bool hex_of(const struct store_query *q, int column, char hex[HEX_SIZE])
{
    size_t len = 0;
    const void *bytes = store_bytes(q, column, &len);
    if (!bytes || len != AUDIT_HASH_BYTES)
        return false;
    sodium_bin2hex(hex, HEX_SIZE, bytes, len);
    return true;
}

static json_t *row_json(const struct store_query *q)
{
    char previous[HEX_SIZE] = "", hash[HEX_SIZE] = "";
    hex_of(q, 7, previous);
    hex_of(q, 8, hash);
    return json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "number",
                     (json_int_t)store_int(q, 0), "atUs", (json_int_t)store_int(q, 1), "account",
                     store_text(q, 2), "session", store_text(q, 3), "act", store_text(q, 4),
                     "object", store_text(q, 5), "detail", store_text(q, 6), "previous", previous,
                     "hash", hash);
}

static int load_audit(struct service *s, struct dossier *d, struct export_problem *problem)
{
    struct store_query q;
    int status = 0;
    if (!(d->audit = json_array()))
        return SQ_ERR_NOMEM;
    STORE_QUERY(s->store, &q,
                "SELECT number, at_us, account, session, act, object, detail, previous, hash"
                " FROM audit WHERE object = $1 OR object = $2 ORDER BY number",
                sv_text(d->record.id), sv_text(d->opinion.id));
    while (status == 0 && store_next(&q)) {
        if (json_array_size(d->audit) == DOSSIER_AUDIT_ROWS_MAX)
            status = fault(problem, EXPORT_TOO_LONG, "audit.json", SQ_ERR_LIMIT);
        else if (json_array_append_new(d->audit, row_json(&q)) != 0)
            status = SQ_ERR_NOMEM;
    }
    int ended = store_query_end(&q);
    return ended < 0 ? ended : status;
}

/* The CA among all that this installation has had. */
static int load_ca(struct service *s, struct dossier *d)
{
    struct store_query q;
    X509 *certificate = x509_from_pem(d->opinion.signature.certificate);
    store_query(s->store, &q,
                "SELECT certificate FROM signing_key WHERE owner = 'ca' ORDER BY from_us", NULL, 0);
    while (certificate && !d->ca && store_next(&q)) {
        const char *pem = store_text(&q, 0);
        X509 *ca = pem ? x509_from_pem(pem) : NULL;
        if (ca && x509_chain_good(certificate, ca, d->opinion.signed_utc_us))
            d->ca = strdup(pem);
        X509_free(ca);
    }
    X509_free(certificate);
    int status = store_query_end(&q);
    if (status == 0 && !d->ca && !(d->ca = strdup("")))
        status = SQ_ERR_NOMEM;
    return status;
}

int dossier_load(struct service *s, const char *consultation, struct dossier *out,
                 struct export_problem *problem)
{
    memset(out, 0, sizeof(*out));
    *problem = (struct export_problem){0};
    int status = consult_record_load(s, consultation, &out->record);
    if (status < 0)
        return status;
    status = opinion_record_load(s, consultation, &out->opinion);
    if (status == SQ_ERR_NOT_FOUND || (status == 0 && !out->opinion.signed_utc_us))
        return fault(problem, EXPORT_NOT_SIGNED, "", SQ_ERR_STATE);
    if (status == 0)
        status = opinion_verify(s, consultation, &out->verdict);
    if (status == 0 && !out->verdict.verified)
        fault(problem, EXPORT_NOT_VERIFIED, out->verdict.reason, 0);
    if (status == 0)
        status = consult_describe(s, &out->record, &out->consultation);
    if (status == 0)
        status = load_ca(s, out);
    if (status == 0)
        status = load_audit(s, out, problem);
    if (status == 0 && !(out->document = json_loads(out->opinion.canonical, 0, NULL)))
        return fault(problem, EXPORT_NOT_VERIFIED, "content_differs", SQ_ERR_STATE);
    return status;
}

void dossier_clear(struct dossier *d)
{
    consult_record_clear(&d->record);
    opinion_record_clear(&d->opinion);
    json_decref(d->consultation);
    json_decref(d->document);
    json_decref(d->audit);
    free(d->ca);
    memset(d, 0, sizeof(*d));
}

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
    return canonical_of(json_pack("{s:s, s:s, s:o, s:O}", "schema", RECORD_SCHEMA, "exportedAt",
                                  service_time_text(utc_us, now), "consultation",
                                  without_request(d), "request", d->record.request));
}

char *dossier_audit_text(const struct dossier *d)
{
    return canonical_of(json_pack("{s:s, s:O}", "schema", AUDIT_SCHEMA, "rows", d->audit));
}
