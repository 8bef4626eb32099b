/* SPDX-License-Identifier: Apache-2.0 */
/* Classes with their terms, and the rows of each. A test holds this list against the schema, so
 * that no new table of a case is forgotten. */
#include "signaling/retention/parts.h"
#include "signaling/materials/materials.h"
#include <string.h>
#include <time.h>

#define RECORDS "Medical Institution Record Management Rules (China, 2013), article 29"

static const struct retention_rule rules[RETENTION_CLASS_COUNT] = {
    [RETENTION_OUTPATIENT] = {"outpatient", 15, 0, false,
                              RECORDS ": out-patient records, 15 years after the last visit"},
    [RETENTION_INPATIENT] = {"inpatient", 30, 0, false,
                             RECORDS ": in-patient records, 30 years after the last stay"},
    [RETENTION_PROCESS_RECORD] = {"process_record", 3, 0, false,
                                  "Internet Diagnosis Supervision Rules (China, 2022), article 24: "
                                  "sound and pictures of the process, 3 years"},
    [RETENTION_DRAFT] = {"draft", 0, 90, true, "drafts never submitted, 90 days"},
    [RETENTION_SESSION] =
        {"session", 0, 180, true,
         "Cybersecurity Law of China, article 21: network logs, 6 months and more"},
    [RETENTION_AUDIT] = {"audit", 15, 0, false, "as long as the out-patient records it speaks of"},
};

const struct retention_rule *retention_rule(enum retention_class class)
{
    return &rules[class];
}

bool retention_class_parse(const char *name, enum retention_class *out)
{
    for (int i = 0; i < RETENTION_CLASS_COUNT; i++) {
        if (strcmp(rules[i].name, name) == 0) {
            *out = (enum retention_class)i;
            return true;
        }
    }
    return false;
}

/* Calendar years and days: 29 February falls on 1 March. */
time_us retention_due_at(enum retention_class class, time_us from_utc_us)
{
    const struct retention_rule *rule = &rules[class];
    time_t seconds = (time_t)(from_utc_us / TIME_US_PER_S);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    tm.tm_year += rule->years;
    tm.tm_mday += rule->days;
    return (time_us)timegm(&tm) * TIME_US_PER_S + from_utc_us % TIME_US_PER_S;
}

/* One row of the list: a table whose rows name their case. */
#define OF_CASE(table, key, columns, count)                                                        \
    {                                                                                              \
        table, "SELECT " columns " FROM " table " WHERE " key " = $1 ORDER BY " columns, count,    \
            "DELETE FROM " table " WHERE " key " = $1", NULL                                       \
    }

/* Materials and uploads under way, with their files. */
static int remove_materials(struct service *s, const char *consultation)
{
    return materials_remove_all(s, consultation, NULL);
}

static const struct retention_part record_parts[] = {
    {"material_mark",
     "SELECT author, sealed_marks FROM material_mark WHERE material IN"
     " (SELECT id FROM material WHERE consultation = $1) ORDER BY material, author",
     2,
     "DELETE FROM material_mark WHERE material IN"
     " (SELECT id FROM material WHERE consultation = $1)",
     NULL},
    {"consultation_message",
     "SELECT id, sealed_text FROM consultation_message WHERE consultation = $1 ORDER BY id", 2,
     "DELETE FROM consultation_message WHERE consultation = $1", NULL},
    {"material",
     "SELECT id, sealed_name, sealed_details, sealed_identity FROM material"
     " WHERE consultation = $1 ORDER BY id",
     4, NULL, remove_materials},
    {"material_upload",
     "SELECT id, sealed_about, sealed_key FROM material_upload WHERE consultation = $1 ORDER BY id",
     3, NULL, remove_materials},
    {"opinion",
     "SELECT id, sealed_draft, sealed_canonical, signature FROM opinion WHERE consultation = $1"
     " ORDER BY id",
     4, "DELETE FROM opinion WHERE consultation = $1", NULL},
    {"consent_material",
     "SELECT consent, material FROM consent_material WHERE consent IN"
     " (SELECT id FROM consent WHERE consultation = $1) ORDER BY consent",
     2,
     "DELETE FROM consent_material WHERE consent IN"
     " (SELECT id FROM consent WHERE consultation = $1)",
     NULL},
    {"consent",
     "SELECT id, sealed_body, sealed_withdrawal FROM consent WHERE consultation = $1 ORDER BY id",
     3, "DELETE FROM consent WHERE consultation = $1", NULL},
    {"consultation_entry",
     "SELECT id, sealed_body FROM consultation_entry WHERE consultation = $1 ORDER BY id", 2,
     "DELETE FROM consultation_entry WHERE consultation = $1", NULL},
    {"deadline",
     "SELECT object FROM deadline WHERE object = $1"
     " OR object IN (SELECT id FROM referral WHERE consultation = $1) ORDER BY object",
     1,
     "DELETE FROM deadline WHERE object = $1"
     " OR object IN (SELECT id FROM referral WHERE consultation = $1)",
     NULL},
    {"referral",
     "SELECT id, sealed_plan, sealed_reason, sealed_discharge FROM referral"
     " WHERE consultation = $1 ORDER BY id",
     4, "DELETE FROM referral WHERE consultation = $1", NULL},
    OF_CASE("slot", "consultation", "id", 1),
    OF_CASE("media_object", "room", "id", 1),
    OF_CASE("consultation_media", "consultation", "consultation", 1),
    OF_CASE("participant", "consultation", "session", 1),
    OF_CASE("ring", "consultation", "account", 1),
    OF_CASE("consultation_panel", "consultation", "panel", 1),
    OF_CASE("consultation_state", "consultation", "state", 1),
    {"consultation", "SELECT id, sealed_request, sealed_reason FROM consultation WHERE id = $1", 3,
     "DELETE FROM consultation WHERE id = $1", NULL},
};

static const struct retention_part recording_parts[] = {
    {"material_mark",
     "SELECT author, sealed_marks FROM material_mark WHERE material = $1 ORDER BY author", 2,
     "DELETE FROM material_mark WHERE material = $1", NULL},
    {"material",
     "SELECT id, sealed_name, sealed_details, sealed_identity FROM material WHERE id = $1", 4, NULL,
     materials_remove},
};

static const struct retention_part draft_parts[] = {
    {"consultation_draft", "SELECT id, sealed_request FROM consultation_draft WHERE id = $1", 2,
     "DELETE FROM consultation_draft WHERE id = $1", NULL},
};

#define PARTS(list) list, sizeof(list) / sizeof((list)[0])

const struct retention_part *retention_parts(enum retention_class class, size_t *count)
{
    static const struct {
        const struct retention_part *parts;
        size_t count;
    } of_class[RETENTION_CLASS_COUNT] = {
        [RETENTION_OUTPATIENT] = {PARTS(record_parts)},
        [RETENTION_INPATIENT] = {PARTS(record_parts)},
        [RETENTION_PROCESS_RECORD] = {PARTS(recording_parts)},
        [RETENTION_DRAFT] = {PARTS(draft_parts)},
    };
    *count = of_class[class].count;
    return of_class[class].parts;
}
