/* SPDX-License-Identifier: Apache-2.0 */
/* From the store to resources: one row for each type. */
#include "signaling/fhir/cases.h"
#include "shanqiao/error.h"
#include "signaling/consent/consent.h"
#include "signaling/consult/perform.h"
#include "signaling/materials/materials.h"
#include "signaling/opinion/opinion.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <string.h>

static int add(json_t *out, json_t *resource)
{
    return json_array_append_new(out, resource) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int service_request(struct service *s, const struct fhir_case *c, json_t *out)
{
    (void)s;
    return add(out, fhir_service_request(c));
}

static int task(struct service *s, const struct fhir_case *c, json_t *out)
{
    (void)s;
    return add(out, fhir_task(c));
}

static int appointment(struct service *s, const struct fhir_case *c, json_t *out)
{
    bool none = false;
    (void)s;
    json_t *resource = fhir_appointment(c, &none);
    return none ? 0 : add(out, resource);
}

static int encounter(struct service *s, const struct fhir_case *c, json_t *out)
{
    bool none = false;
    (void)s;
    json_t *resource = fhir_encounter(c, &none);
    return none ? 0 : add(out, resource);
}

typedef int (*describe_fn)(struct service *s, const char *consultation, json_t **out);
typedef json_t *(*map_fn)(const json_t *item, const struct fhir_case *c);

/* A newer version replaced it, or it is values without a file. */
static bool is_none(const json_t *item)
{
    const char *format = json_string_value(json_object_get(item, "format"));
    return json_object_get(item, "supersededBy") || (format && strcmp(format, "values") == 0);
}

/* All that `describe` gives and that is one. */
static int each(struct service *s, const struct fhir_case *c, json_t *out, describe_fn describe,
                map_fn map)
{
    json_t *items = NULL, *item;
    size_t i;
    int status = describe(s, json_string_value(json_object_get(c->consultation, "id")), &items);
    json_array_foreach(items, i, item)
    {
        if (status == 0 && !is_none(item))
            status = add(out, map(item, c));
    }
    json_decref(items);
    return status;
}

static int consent(struct service *s, const struct fhir_case *c, json_t *out)
{
    return each(s, c, out, consent_describe, fhir_consent);
}

static int report(struct service *s, const struct fhir_case *c, json_t *out)
{
    return each(s, c, out, opinion_describe_signed, fhir_diagnostic_report);
}

static int document(struct service *s, const struct fhir_case *c, json_t *out)
{
    return each(s, c, out, materials_describe, fhir_document_reference);
}

static const struct fhir_type types[] = {
    {"ServiceRequest", NULL, service_request},
    {"Task", NULL, task},
    {"Appointment", NULL, appointment},
    {"Encounter", NULL, encounter},
    {"Consent", "SELECT consultation FROM consent WHERE id = $1", consent},
    {"DiagnosticReport", "SELECT consultation FROM opinion WHERE id = $1", report},
    {"DocumentReference", "SELECT consultation FROM material WHERE id = $1", document},
};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

const struct fhir_type *fhir_type_find(const char *name)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

const char *const *fhir_type_names(void)
{
    static const char *names[TYPE_COUNT + 2];
    for (size_t i = 0; i < TYPE_COUNT; i++)
        names[i] = types[i].name;
    names[TYPE_COUNT] = "AuditEvent";
    return names;
}

int fhir_owner(struct service *s, const struct fhir_type *type, const char *id, char out[ID_MAX])
{
    struct store_query q;
    char ours[FHIR_ID_MAX];
    fhir_id_back(id, ours);
    if (!type->owner_sql) {
        if (strlen(ours) >= ID_MAX)
            return SQ_ERR_NOT_FOUND;
        memcpy(out, ours, strlen(ours) + 1);
        return 0;
    }
    STORE_QUERY(s->store, &q, type->owner_sql, sv_text(ours));
    bool found = store_next(&q);
    if (found)
        store_copy_text(&q, 0, out, ID_MAX);
    int status = store_query_end(&q);
    return status < 0 ? status : found ? 0 : SQ_ERR_NOT_FOUND;
}

static int last_change(struct service *s, const char *consultation, time_us *at_us)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT COALESCE(MAX(at_us), 0) FROM consultation_state WHERE consultation = $1",
                sv_text(consultation));
    *at_us = store_next(&q) ? store_int(&q, 0) : 0;
    return store_query_end(&q);
}

int fhir_case_resources(struct call *call, const struct fhir_type *type, const char *consultation,
                        json_t **out)
{
    struct consult_record r;
    char updated[SERVICE_TIME_MAX];
    json_t *described = NULL;
    time_us at_us = 0;
    *out = NULL;
    int status = consult_open(call, consultation, ACT_READ_FHIR, &r, NULL);
    if (status < 0)
        return status;
    status = consult_describe(call->service, &r, CONSULT_VIEW_CLINICAL | CONSULT_VIEW_IDENTITY,
                              &described);
    consult_record_clear(&r);
    if (status == 0)
        status = last_change(call->service, consultation, &at_us);
    struct fhir_case c = {described, service_time_text(at_us, updated)};
    if (status == 0 && !(*out = json_array()))
        status = SQ_ERR_NOMEM;
    if (status == 0)
        status = type->expand(call->service, &c, *out);
    json_decref(described);
    if (status < 0) {
        json_decref(*out);
        *out = NULL;
    }
    return status;
}

int fhir_scan(struct service *s, const char *institution, const struct fhir_query *query,
              struct fhir_hit *hits, size_t max)
{
    struct store_query q;
    char after[FHIR_ID_MAX];
    int count = 0;
    fhir_id_back(query->after_id, after);
    STORE_QUERY(s->store, &q,
                "WITH RECURSIVE below (id) AS (SELECT id FROM institution WHERE id = $1"
                " UNION SELECT i.id FROM institution i JOIN below b ON i.parent = b.id)"
                " SELECT c.id, h.at_us FROM consultation_state h"
                " JOIN consultation c ON c.id = h.consultation"
                " WHERE h.at_us >= $2 AND h.at_us < $3"
                " AND (h.at_us > $4 OR (h.at_us = $4 AND c.id > $5))"
                " AND NOT EXISTS (SELECT 1 FROM consultation_state n"
                "  WHERE n.consultation = h.consultation AND n.number > h.number)"
                " AND (c.institution IN (SELECT id FROM below)"
                "  OR c.invited IN (SELECT id FROM below))"
                " ORDER BY h.at_us, c.id LIMIT $6",
                sv_text(institution), sv_int(query->from_us), sv_int(query->until_us),
                sv_int(query->after_us), sv_text(after), sv_int((int64_t)max));
    while ((size_t)count < max && store_next(&q)) {
        store_copy_text(&q, 0, hits[count].consultation, ID_MAX);
        hits[count++].at_us = store_int(&q, 1);
    }
    int status = store_query_end(&q);
    return status < 0 ? status : count;
}
