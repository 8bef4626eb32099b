/* SPDX-License-Identifier: Apache-2.0 */
/* AuditEvent (HL7 FHIR 4.0.1, hl7.org/fhir/R4/auditevent.html). */
#include "signaling/audit/fhir.h"
#include "signaling/service.h" /* service_time_text */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define OURS        "urn:x-shanqiao:"
#define EVENT_TYPE  "http://terminology.hl7.org/CodeSystem/audit-event-type"
#define DICOM       "http://dicom.nema.org/resources/ontology/DCM"
#define USER_TYPE   "http://terminology.hl7.org/CodeSystem/extra-security-role-type"
#define SOURCE_TYPE "http://terminology.hl7.org/CodeSystem/security-source-type"
#define ENTITY_TYPE "http://terminology.hl7.org/CodeSystem/audit-entity-type"
#define ENTITY_ROLE "http://terminology.hl7.org/CodeSystem/object-role"

/* AuditEvent.action by the last word of an act (hl7.org/fhir/R4/valueset-audit-event-action.html).
 * Whatever is not here is E, execute. */
static const struct {
    const char *verb;
    const char *action;
} actions[] = {
    {"get", "R"},      {"list", "R"},      {"verify", "R"},  {"print", "R"},   {"evidence", "R"},
    {"download", "R"}, {"export", "R"},    {"read", "R"},    {"submit", "C"},  {"create", "C"},
    {"add", "C"},      {"give", "C"},      {"produce", "C"}, {"consume", "C"}, {"begin", "C"},
    {"place", "C"},    {"save", "U"},      {"set", "U"},     {"sign", "U"},    {"withdraw", "U"},
    {"setRoles", "U"}, {"supersede", "U"}, {"release", "U"}, {"passwd", "U"},  {"disable", "U"},
    {"enable", "U"},   {"remove", "D"},    {"delete", "D"},  {"prune", "D"},   {"close", "D"},
    {"discard", "D"},
};

static const char *action_of(const char *act)
{
    const char *verb = strrchr(act, '.');
    verb = verb ? verb + 1 : act;
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        if (strcmp(actions[i].verb, verb) == 0)
            return actions[i].action;
    return "E";
}

static json_t *coding(const char *system, const char *code, const char *display)
{
    return json_pack("{s:s, s:s, s:s}", "system", system, "code", code, "display", display);
}

static json_t *type_of(const char *act)
{
    return strncmp(act, "auth.", strlen("auth.")) == 0
               ? coding(DICOM, "110114", "User Authentication")
               : coding(EVENT_TYPE, "rest", "RESTful Operation");
}

/* The account, or the installation's own system when nobody asked. */
static json_t *agent_of(const struct audit_row *row)
{
    bool person = row->account[0] != '\0';
    json_t *type = person ? coding(USER_TYPE, "humanuser", "human user")
                          : coding(USER_TYPE, "dataprocessor", "data processor");
    json_t *agent = json_pack("{s:{s:[o]}, s:{s:{s:s, s:s}}, s:b}", "type", "coding", type, "who",
                              "identifier", "system", person ? OURS "account" : OURS "installation",
                              "value", person ? row->account : "system", "requestor", person);
    if (row->session[0] && json_object_set_new(agent, "altId", json_string(row->session))) {
        json_decref(agent);
        return NULL;
    }
    return agent;
}

static json_t *source_of(const struct audit_row *row)
{
    return json_pack("{s:{s:{s:s, s:s}}, s:[o]}", "observer", "identifier", "system",
                     OURS "institution", "value", row->chain[0] ? row->chain : "installation",
                     "type", coding(SOURCE_TYPE, "4", "Application Server"));
}

static json_t *object_entity(const struct audit_row *row)
{
    return json_pack("{s:{s:{s:s, s:s}}, s:o, s:o}", "what", "identifier", "system", OURS "object",
                     "value", row->object, "type", coding(ENTITY_TYPE, "2", "System Object"),
                     "role", coding(ENTITY_ROLE, "3", "Report"));
}

static json_t *row_entity(const struct audit_row *row, const uint8_t hash[AUDIT_HASH_BYTES])
{
    char hex[AUDIT_HEX_SIZE], number[24];
    sodium_bin2hex(hex, sizeof(hex), hash, AUDIT_HASH_BYTES);
    snprintf(number, sizeof(number), "%lld", (long long)row->number);
    return json_pack("{s:s, s:o, s:[{s:s, s:s}, {s:s, s:s}]}", "name", "audit-row", "type",
                     coding(ENTITY_TYPE, "4", "Other"), "detail", "type", "number", "valueString",
                     number, "type", "sha256", "valueString", hex);
}

static void id_of(const struct audit_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s-%lld", row->chain[0] ? row->chain : "installation",
             (long long)row->number);
    for (char *p = out; *p; p++)
        if (*p == '_')
            *p = '-'; /* hl7.org/fhir/R4/datatypes.html#id has no underscore */
}

json_t *audit_event_fhir(const struct audit_row *row, const uint8_t hash[AUDIT_HASH_BYTES])
{
    char id[ID_MAX + 32], recorded[SERVICE_TIME_MAX];
    bool failed = strncmp(row->detail, "SQ_ERR_", strlen("SQ_ERR_")) == 0;
    id_of(row, id, sizeof(id));
    json_t *entities = json_array();
    int bad = row->object[0] ? json_array_append_new(entities, object_entity(row)) : 0;
    bad |= json_array_append_new(entities, row_entity(row, hash));
    json_t *event =
        json_pack("{s:s, s:s, s:o, s:[{s:s, s:s}], s:s, s:s, s:s, s:[o], s:o, s:o}", "resourceType",
                  "AuditEvent", "id", id, "type", type_of(row->act), "subtype", "system",
                  OURS "act", "code", row->act, "action", action_of(row->act), "recorded",
                  service_time_text(row->utc_us, recorded), "outcome", failed ? "4" : "0", "agent",
                  agent_of(row), "source", source_of(row), "entity", entities);
    if (row->detail[0])
        bad |= json_object_set_new(event, "outcomeDesc", json_string(row->detail));
    if (bad) {
        json_decref(event);
        return NULL;
    }
    return event;
}
