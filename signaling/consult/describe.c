/* SPDX-License-Identifier: Apache-2.0 */
/* A consultation as JSON (docs/protocol/defs.json), as much of it as a view allows. */
#include "shanqiao/error.h"
#include "signaling/consult/perform.h"
#include "signaling/directory/directory.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <string.h>

/* Always there for those who may read the case, empty when nothing was written. */
static const char *const texts[] = {"complaint", "purpose",   "history", "results",
                                    "diagnosis", "treatment", "allergy"};
static const char *const extras[] = {"department", "wantedTitle", "location", "candidateTimes"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int set_new(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int set_time(json_t *object, const char *name, time_us utc_us)
{
    char text[SERVICE_TIME_MAX];
    if (utc_us <= 0 || utc_us == TIME_US_NEVER)
        return 0;
    return set_new(object, name, json_string(service_time_text(utc_us, text)));
}

/* A reading in the worklist has the panel's time. */
static time_us deadline_of(const struct consult *c)
{
    time_us state_us = c->deadlines[CONSULT_DUE_STATE];
    return state_us == TIME_US_NEVER ? c->deadlines[CONSULT_DUE_READING] : state_us;
}

static int set_times(json_t *object, const struct consult *c)
{
    const struct {
        const char *name;
        time_us utc_us;
    } times[] = {
        {"submittedAt", c->at.submitted_utc_us},
        {"acceptedAt", c->at.accepted_utc_us},
        {"startedAt", c->at.started_utc_us},
        {"endedAt", c->at.ended_utc_us},
        {"deadlineAt", deadline_of(c)},
        {"followUpAt", c->follow_up_days && c->at.signed_utc_us
                           ? c->at.signed_utc_us + c->follow_up_days * (24 * 3600 * TIME_US_PER_S)
                           : 0}};
    int status = 0;
    for (size_t i = 0; i < COUNT(times) && status == 0; i++)
        status = set_time(object, times[i].name, times[i].utc_us);
    return status;
}

/* ---- what is known of it ---- */

/* Borrowed: the object `name` of what is known, made when it is not there yet. */
static json_t *known(const struct consult_record *r, const char *name)
{
    json_t *object = json_object_get(r->known, name);
    if (!object && json_object_set_new(r->known, name, json_object()) == 0)
        object = json_object_get(r->known, name);
    return object;
}

static bool is_in(const struct consult_record *r, int member)
{
    enum consult_ring ring = r->step.members[member].ring;
    return ring == CONSULT_RING_WON || ring == CONSULT_RING_NONE;
}

/* Those who will be told of, with `account`: one question for most consultations. */
static void list_people(const struct consult_record *r, const char *account,
                        const char *accounts[DIRECTORY_PEOPLE])
{
    size_t count = 3;
    accounts[0] = account;
    accounts[1] = r->applicant;
    accounts[2] = consult_record_account(r, r->step.specialist);
    for (int i = 0; i < r->step.member_count && count < DIRECTORY_PEOPLE; i++)
        if (is_in(r, i) && i != r->step.specialist)
            accounts[count++] = r->people[i].account;
    while (count < DIRECTORY_PEOPLE)
        accounts[count++] = "";
}

static bool all_known(json_t *people, const char *const accounts[DIRECTORY_PEOPLE])
{
    for (size_t i = 0; i < DIRECTORY_PEOPLE; i++)
        if (accounts[i][0] && !json_object_get(people, accounts[i]))
            return false;
    return true;
}

static int take_panel(struct store_query *q, json_t *panels)
{
    int status = 0;
    while (status == 0 && store_next(q))
        if (json_object_set_new(
                panels, store_text(q, 0),
                json_pack("{s:s, s:s}", "id", store_text(q, 0), "name", store_text(q, 1))) != 0)
            status = SQ_ERR_NOMEM;
    int ended = store_query_end(q);
    return status < 0 ? status : ended;
}

static int take_entries(struct service *s, const struct consult_record *r, struct store_query *q)
{
    json_t *entries = NULL;
    int status = consult_take_entries(s, q, &entries);
    if (status == 0 && json_object_set_new(r->known, CONSULT_KNOWN_ENTRIES, entries) != 0)
        status = SQ_ERR_NOMEM;
    return status;
}

/* What a description needs of the store and is not known yet; one way for all. */
static int learn(struct service *s, const struct consult_record *r, unsigned view)
{
    struct store_query people_q = {0}, panel_q = {0}, entries_q = {0};
    const char *accounts[DIRECTORY_PEOPLE], *panel = r->place.panel;
    json_t *people = known(r, "people"), *panels = known(r, "panels");
    if (!people || !panels)
        return SQ_ERR_NOMEM;
    list_people(r, r->applicant, accounts);
    bool wants_people = !all_known(people, accounts);
    bool wants_panel = !json_object_get(panels, panel);
    bool wants_entries =
        view & CONSULT_VIEW_CLINICAL && !json_object_get(r->known, CONSULT_KNOWN_ENTRIES);
    if (wants_people)
        directory_ask_people(s, accounts, &people_q);
    if (wants_panel)
        STORE_QUERY(s->store, &panel_q, "SELECT id, name FROM panel WHERE id = $1", sv_text(panel));
    if (wants_entries)
        consult_ask_entries(s, r->id, NULL, &entries_q);
    int status = wants_people ? directory_take_people(&people_q, people) : 0;
    if (wants_panel && status == 0)
        status = take_panel(&panel_q, panels);
    if (wants_entries && status == 0)
        status = take_entries(s, r, &entries_q);
    store_query_end(&panel_q); /* where it was not looked at */
    store_query_end(&entries_q);
    return status;
}

/* A new reference. */
static int person_of(struct service *s, const struct consult_record *r, const char *account,
                     json_t **out)
{
    const char *accounts[DIRECTORY_PEOPLE];
    json_t *people = known(r, "people");
    *out = NULL;
    if (!people)
        return SQ_ERR_NOMEM;
    list_people(r, account, accounts);
    int status = json_object_get(people, account) ? 0 : directory_people(s, accounts, people);
    *out = json_incref(json_object_get(people, account));
    return status < 0 ? status : *out ? 0 : SQ_ERR_NOT_FOUND;
}

static int set_panel(json_t *object, const struct consult_record *r)
{
    json_t *panel = json_object_get(known(r, "panels"), r->place.panel);
    return panel && json_object_set(object, "panel", panel) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int set_person(struct service *s, json_t *object, const char *name,
                      const struct consult_record *r, const char *account)
{
    json_t *person = NULL;
    if (!account[0])
        return 0;
    int status = person_of(s, r, account, &person);
    if (status == 0)
        return set_new(object, name, person);
    json_decref(person);
    return status;
}

/* ---- members ---- */

static const char *ring_name(enum consult_ring ring)
{
    static const char *const names[] = {
        [CONSULT_RING_ON] = "ringing",      [CONSULT_RING_REFUSED] = "refused",
        [CONSULT_RING_STOPPED] = "stopped", [CONSULT_RING_WON] = "accepted",
        [CONSULT_RING_WAITING] = "waiting", [CONSULT_RING_REMOVED] = "removed",
        [CONSULT_RING_NONE] = "observing"};
    return names[ring];
}

static int add_member(struct service *s, json_t *list, const struct consult_record *r, int i)
{
    const struct consult_member *m = &r->step.members[i];
    json_t *person = NULL;
    int status = person_of(s, r, r->people[i].account, &person);
    if (status < 0) {
        json_decref(person);
        return status;
    }
    json_t *member = json_pack("{s:o, s:s, s:s, s:b, s:b, s:b, s:b}", "account", person, "role",
                               consult_role_name(m->role), "ring", ring_name(m->ring), "present",
                               m->presence == CONSULT_PRESENT, "ready", (int)m->ready, "signed",
                               m->opinion == CONSULT_OPINION_BY_HAND, "excused",
                               m->opinion == CONSULT_OPINION_EXCUSED);
    return json_array_append_new(list, member) == 0 ? 0 : SQ_ERR_NOMEM;
}

/* Who is in it; of those who were only rung nothing is told. */
static int set_members(struct service *s, json_t *object, const struct consult_record *r)
{
    json_t *list = json_array();
    int status = list ? 0 : SQ_ERR_NOMEM;
    for (int i = 0; i < r->step.member_count && status == 0; i++) {
        if (is_in(r, i))
            status = add_member(s, list, r, i);
    }
    if (status == 0)
        return set_new(object, "members", list);
    json_decref(list);
    return status;
}

static int set_present(json_t *object, const struct consult_record *r)
{
    json_t *present = json_array();
    int status = present ? 0 : SQ_ERR_NOMEM;
    for (int i = CONSULT_APPLICANT; i < r->step.member_count && status == 0; i++)
        if (consult_presence_of(&r->step, i) == CONSULT_PRESENT &&
            json_array_append_new(present, json_string(consult_record_account(r, i))) != 0)
            status = SQ_ERR_NOMEM;
    if (status == 0)
        return set_new(object, "present", present);
    json_decref(present);
    return status;
}

/* ---- what is still to be done ---- */

static int set_awaits(json_t *object, const struct consult *c)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } needs[] = {{CONSULT_NEEDS_INVITING, "approval_inviting"},
                 {CONSULT_NEEDS_INVITED, "approval_invited"},
                 {CONSULT_NEEDS_TRIAGE, "triage"},
                 {CONSULT_NEEDS_SCHEDULE, "schedule"},
                 {CONSULT_NEEDS_MATERIAL, "material"}};
    uint32_t left = c->state == CONSULT_SUBMITTED || c->state == CONSULT_APPROVED
                        ? c->approvals | (c->needs & CONSULT_NEEDS_TRIAGE)
                        : 0;
    if ((c->needs & CONSULT_NEEDS_SCHEDULE) && !c->slot.start_utc_us &&
        c->state <= CONSULT_ACCEPTED)
        left |= CONSULT_NEEDS_SCHEDULE;
    if (consult_waits_for_material(c) && !c->at.signed_utc_us && !consult_is_over(c->state))
        left |= CONSULT_NEEDS_MATERIAL;
    json_t *awaits = json_array();
    int status = awaits ? 0 : SQ_ERR_NOMEM;
    for (size_t i = 0; i < COUNT(needs) && status == 0; i++)
        if (left & needs[i].bit && json_array_append_new(awaits, json_string(needs[i].name)) != 0)
            status = SQ_ERR_NOMEM;
    if (status == 0)
        return set_new(object, "awaits", awaits);
    json_decref(awaits);
    return status;
}

static int set_backfill(json_t *object, const struct consult *c)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } debts[] = {{CONSULT_NEEDS_INVITING, "inviting"},
                 {CONSULT_NEEDS_INVITED, "invited"},
                 {CONSULT_NEEDS_AGREEMENT, "agreement"},
                 {CONSULT_NEEDS_CONSENT, "consent"}};
    if (c->backfill.state == CONSULT_BACKFILL_NONE)
        return 0;
    json_t *left = json_array();
    int status = left ? 0 : SQ_ERR_NOMEM;
    for (size_t i = 0; i < COUNT(debts) && status == 0; i++)
        if (c->backfill.left & debts[i].bit &&
            json_array_append_new(left, json_string(debts[i].name)) != 0)
            status = SQ_ERR_NOMEM;
    json_t *backfill = status == 0
                           ? json_pack("{s:s, s:O}", "state",
                                       consult_backfill_name(c->backfill.state), "left", left)
                           : NULL;
    json_decref(left);
    if (status == 0)
        status = set_new(object, "backfill", backfill);
    if (status == 0 && c->deadlines[CONSULT_DUE_BACKFILL] != TIME_US_NEVER)
        status = set_time(backfill, "dueAt", c->deadlines[CONSULT_DUE_BACKFILL]);
    return status;
}

static int set_slot(json_t *object, const struct consult_record *r)
{
    if (!r->step.slot.start_utc_us)
        return 0;
    json_t *slot = json_pack("{s:s}", "panelId", r->place.panel);
    int status = set_new(object, "slot", slot);
    if (status == 0 && r->place.slot[0])
        status = set_new(slot, "id", json_string(r->place.slot));
    if (status == 0)
        status = set_time(slot, "start", r->step.slot.start_utc_us);
    return status < 0 ? status : set_time(slot, "end", r->step.slot.end_utc_us);
}

/* ---- what was written ---- */

static json_t *patient_of(const json_t *request, unsigned view)
{
    json_t *given = json_object_get(request, "patient");
    json_t *patient = given ? json_copy(given) : json_object();
    if (patient && !(view & CONSULT_VIEW_IDENTITY)) {
        json_object_del(patient, "name");
        json_object_del(patient, "idNumber");
    }
    return patient;
}

static int set_request(json_t *object, const json_t *request, unsigned view)
{
    int status = set_new(object, "patient", patient_of(request, view));
    for (size_t i = 0; i < COUNT(texts) && status == 0; i++) {
        const char *text = json_string_value(json_object_get(request, texts[i]));
        status = set_new(object, texts[i], json_string(text ? text : ""));
    }
    for (size_t i = 0; i < COUNT(extras) && status == 0; i++) {
        json_t *value = json_object_get(request, extras[i]);
        if (value && json_object_set(object, extras[i], value) != 0)
            status = SQ_ERR_NOMEM;
    }
    return status;
}

/* Reasons of people are clinical text; codes are not. What somebody wrote about something else (a
 * refusal, before it rang out) does not stand for the end. */
static int set_reason(json_t *object, const struct consult_record *r, unsigned view)
{
    enum consult_reason reason = r->step.reason;
    bool by_person = reason == CONSULT_WHY_ALL_REFUSED || reason == CONSULT_WHY_CANCELLED ||
                     reason == CONSULT_WHY_RETURNED;
    const char *code = consult_reason_name(reason);
    if (!code[0])
        return 0;
    bool words = by_person && r->reason && view & CONSULT_VIEW_CLINICAL;
    return set_new(object, "reason", json_string(words ? r->reason : code));
}

/* Of a no-show: who was not there. */
static int set_absent(json_t *object, const struct consult_record *r)
{
    json_t *absent = json_array();
    int status = absent ? 0 : SQ_ERR_NOMEM;
    if (status == 0 && r->step.absence.applicant &&
        json_array_append_new(absent, json_string(r->applicant)) != 0)
        status = SQ_ERR_NOMEM;
    for (int i = 0; i < r->step.member_count && status == 0; i++)
        if (r->step.absence.members & consult_bit(i) &&
            json_array_append_new(absent, json_string(r->people[i].account)) != 0)
            status = SQ_ERR_NOMEM;
    if (status == 0 && json_array_size(absent) > 0)
        status = json_object_set(object, "absent", absent) == 0 ? 0 : SQ_ERR_NOMEM;
    json_decref(absent);
    return status;
}

static int set_entries(json_t *object, const struct consult_record *r)
{
    json_t *entries = json_object_get(r->known, CONSULT_KNOWN_ENTRIES);
    return json_object_set(object, "entries", entries) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int fill(struct service *s, json_t *object, const struct consult_record *r, unsigned view)
{
    const struct consult *c = &r->step;
    int status = learn(s, r, view);
    if (status == 0)
        status = set_panel(object, r);
    if (status == 0)
        status = set_person(s, object, "applicant", r, r->applicant);
    if (status == 0)
        status = set_person(s, object, "specialist", r, consult_record_account(r, c->specialist));
    if (status == 0)
        status = set_members(s, object, r);
    if (status == 0)
        status = set_times(object, c);
    if (status == 0)
        status = set_present(object, r);
    if (status == 0)
        status = set_absent(object, r);
    if (status == 0)
        status = set_awaits(object, c);
    if (status == 0)
        status = set_backfill(object, c);
    if (status == 0)
        status = set_slot(object, r);
    if (status == 0)
        status = set_reason(object, r, view);
    if (status == 0 && r->place.specialty[0])
        status = set_new(object, "specialty", json_string(r->place.specialty));
    if (status == 0 && c->critical != CONSULT_CRITICAL_NONE)
        status = set_new(object, "critical", json_string(consult_critical_name(c->critical)));
    if (status == 0 && c->kind == CONSULT_READING && c->room.open)
        status = set_new(object, "live", json_true());
    if (status == 0 && view & CONSULT_VIEW_CLINICAL)
        status = set_request(object, r->request, view);
    if (status == 0 && view & CONSULT_VIEW_CLINICAL)
        status = set_entries(object, r);
    return status;
}

int consult_describe(struct service *s, const struct consult_record *r, unsigned view, json_t **out)
{
    *out = NULL;
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:b}", "id", r->id, "kind",
                  consult_kind_name(r->step.kind), "state", consult_state_name(r->step.state),
                  "urgency", consult_urgency_name(r->step.urgency), "revision",
                  (json_int_t)r->revision, "ready", (int)r->step.applicant_ready);
    int status = object ? fill(s, object, r, view) : SQ_ERR_NOMEM;
    if (status < 0) {
        json_decref(object);
        return status;
    }
    *out = object;
    return 0;
}
