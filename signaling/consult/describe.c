/* SPDX-License-Identifier: Apache-2.0 */
/* A consultation as JSON (docs/protocol/methods/consultation.get.json). */
#include "shanqiao/error.h"
#include "signaling/consult/perform.h"
#include "signaling/directory/directory.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <string.h>

static const char *const texts[] = {"complaint", "purpose",   "history", "results",
                                    "diagnosis", "treatment", "allergy"};

static int set_new(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int set_time(json_t *object, const char *name, time_us utc_us)
{
    char text[SERVICE_TIME_MAX];
    if (!utc_us)
        return 0;
    return set_new(object, name, json_string(service_time_text(utc_us, text)));
}

static int set_times(json_t *object, const struct consult *c)
{
    int status = set_time(object, "submittedAt", c->at.submitted_utc_us);
    if (status == 0)
        status = set_time(object, "acceptedAt", c->at.accepted_utc_us);
    if (status == 0)
        status = set_time(object, "startedAt", c->at.started_utc_us);
    if (status == 0)
        status = set_time(object, "endedAt", c->at.ended_utc_us);
    return status;
}

static int set_panel(struct service *s, json_t *object, const char *panel)
{
    struct store_query q;
    json_t *described = NULL;
    STORE_QUERY(s->store, &q, "SELECT id, name FROM panel WHERE id = $1", sv_text(panel));
    if (store_next(&q))
        described = json_pack("{s:s, s:s}", "id", store_text(&q, 0), "name", store_text(&q, 1));
    int status = store_query_end(&q);
    if (status < 0) {
        json_decref(described);
        return status;
    }
    return set_new(object, "panel", described);
}

static int set_person(struct service *s, json_t *object, const char *name, const char *account)
{
    json_t *person = NULL;
    if (!account[0])
        return 0;
    int status = directory_person(s, account, &person);
    return status < 0 ? status : set_new(object, name, person);
}

static int set_request(json_t *object, const json_t *request)
{
    int status = json_object_set(object, "patient", json_object_get(request, "patient")) == 0
                     ? 0
                     : SQ_ERR_NOMEM;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && status == 0; i++) {
        const char *text = json_string_value(json_object_get(request, texts[i]));
        status = set_new(object, texts[i], json_string(text ? text : ""));
    }
    return status;
}

static int set_present(json_t *object, const struct consult_record *r)
{
    json_t *present = json_array();
    int status = present ? 0 : SQ_ERR_NOMEM;
    for (int party = 0; party < SEATS && status == 0; party++) {
        int person = consult_record_person(r, (enum seat)party);
        if (consult_presence_of(&r->step, person) != CONSULT_PRESENT)
            continue;
        const char *account = consult_record_account(r, person);
        if (json_array_append_new(present, json_string(account)) != 0)
            status = SQ_ERR_NOMEM;
    }
    if (status == 0)
        return set_new(object, "present", present);
    json_decref(present);
    return status;
}

static int set_reason(json_t *object, const struct consult_record *r)
{
    const char *code = consult_reason_name(r->step.reason);
    if (!code[0])
        return 0;
    return set_new(object, "reason", json_string(r->reason ? r->reason : code));
}

int consult_describe(struct service *s, const struct consult_record *r, json_t **out)
{
    *out = NULL;
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:I}", "id", r->id, "kind", r->kind, "state",
                               consult_state_name(r->step.state), "urgency", r->urgency, "revision",
                               (json_int_t)r->revision);
    int status = object ? 0 : SQ_ERR_NOMEM;
    if (status == 0)
        status = set_panel(s, object, r->panel);
    if (status == 0)
        status = set_person(s, object, "applicant", r->applicant);
    if (status == 0)
        status = set_person(s, object, "specialist", consult_record_account(r, r->step.specialist));
    if (status == 0)
        status = set_request(object, r->request);
    if (status == 0)
        status = set_times(object, &r->step);
    if (status == 0)
        status = set_present(object, r);
    if (status == 0)
        status = set_reason(object, r);
    if (status < 0) {
        json_decref(object);
        return status;
    }
    *out = object;
    return 0;
}
