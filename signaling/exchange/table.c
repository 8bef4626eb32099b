/* SPDX-License-Identifier: Apache-2.0 */
/* Data only: the fields of each table. */
#include "signaling/exchange/table.h"
#include "signaling/auth/auth.h"
#include "signaling/directory/directory.h"
#include <string.h>

#define NOT_REF      (-1)
#define RING_S_MIN   5
#define RING_S_MAX   3600
#define TEXT(m)      .refers = NOT_REF, .max = (m)
#define REFERS(t)    .type = FIELD_ID, .refers = (t)
#define ALL_OF(list) .words = (list), .refers = NOT_REF

static const char *const levels[] = {"village", "township", "county", "city", "province", NULL};
static const char *const institution_kinds[] = {
    "village_clinic",    "mobile_clinic", "ambulance",           "health_station",
    "township_hospital", "hospital",      "consultation_centre", NULL};
static const char *const languages[] = {"zh-CN", "en", NULL};
/* The bits of enum role, in its order. */
static const char *const roles[] = {"village_doctor", "specialist", "coordinator",
                                    "operator",       "quality",    "admin",
                                    "trainee",        "service",    NULL};
static const char *const kinds[] = {"live", "emergency",    "guidance", "reading",
                                    "mdt",  "joint_clinic", NULL};
static const char *const by_whom[] = {"automatic", "manual", NULL};
/* enum directory_strategy, in its order. */
static const char *const strategies[] = {"ring_all", "ring_one", "next_in_line", NULL};
static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

static const struct field institution_fields[] = {
    [I_ID] = {"id", "id", FIELD_ID, FIELD_KEY | FIELD_NEEDED, TEXT(0)},
    [I_NAME] = {"name", "name", FIELD_TEXT, FIELD_NEEDED, TEXT(FIELD_NAME_MAX)},
    [I_LEVEL] = {"level", "level", FIELD_CHOICE, FIELD_NEEDED, ALL_OF(levels), .min = 1, .max = 5},
    [I_KIND] = {"kind", "kind", FIELD_WORD, FIELD_NEEDED, ALL_OF(institution_kinds),
                .fallback = "hospital"},
    [I_PARENT] = {"parent", "parent", REFERS(TABLE_INSTITUTIONS)},
    [I_LATITUDE] = {"latitude", "latitude_e6", FIELD_DEGREES, TEXT(90)},
    [I_LONGITUDE] = {"longitude", "longitude_e6", FIELD_DEGREES, TEXT(180)},
    [I_ADDRESS] = {"address", "address", FIELD_TEXT, TEXT(FIELD_NAME_MAX)},
    [I_ADMIN_CODE] = {"adminCode", "admin_code", FIELD_DIGITS, TEXT(12)}, /* GB/T 10114: 12 */
    [I_OFFSET] = {"utcOffset", "utc_offset_min", FIELD_OFFSET, FIELD_NEEDED, TEXT(0),
                  .fallback = "+08:00"},
    [I_UNTIL] = {"until", "until_day", FIELD_DATE, TEXT(0), .blank = DIRECTORY_OPEN_DAY},
};

static const struct field specialty_fields[] = {
    [S_ID] = {"id", "id", FIELD_CODE, FIELD_KEY | FIELD_NEEDED, TEXT(0)},
    [S_ZH] = {"zh", "name_zh", FIELD_TEXT, FIELD_NEEDED, TEXT(80)},
    [S_EN] = {"en", "name_en", FIELD_TEXT, FIELD_NEEDED, TEXT(80)},
};

static const struct field account_fields[] = {
    [A_ID] = {"id", "id", FIELD_ID, FIELD_KEY | FIELD_NEEDED, TEXT(0)},
    [A_LOGIN] = {"login", "login", FIELD_TEXT, FIELD_NEEDED, TEXT(AUTH_LOGIN_MAX - 1),
                 .fallback = "@id"},
    [A_NAME] = {"name", "name", FIELD_TEXT, FIELD_NEEDED, TEXT(FIELD_NAME_MAX)},
    [A_INSTITUTION] = {"institution", "institution", REFERS(TABLE_INSTITUTIONS),
                       .flags = FIELD_NEEDED},
    [A_ROLES] = {"roles", "roles", FIELD_BITS, FIELD_NEEDED, ALL_OF(roles)},
    [A_LANGUAGE] = {"language", "language", FIELD_WORD, FIELD_NEEDED, ALL_OF(languages),
                    .fallback = "zh-CN"},
    [A_DISABLED] = {"disabled", "disabled", FIELD_FLAG, FIELD_NEEDED, TEXT(0), .fallback = "no"},
    [A_PASSWORD] = {"password", NULL, FIELD_PASSWORD, FIELD_SECRET, TEXT(AUTH_PASSWORD_MAX),
                    .min = AUTH_PASSWORD_MIN},
    [A_HASH] = {"passwordHash", "password_hash", FIELD_HASH, FIELD_SECRET, TEXT(AUTH_HASH_MAX - 1)},
};

static const struct field panel_fields[] = {
    [P_ID] = {"id", "id", FIELD_ID, FIELD_KEY | FIELD_NEEDED, TEXT(0)},
    [P_NAME] = {"name", "name", FIELD_TEXT, FIELD_NEEDED, TEXT(FIELD_NAME_MAX)},
    [P_SPECIALTY] = {"specialty", "specialty", REFERS(TABLE_SPECIALTIES), .flags = FIELD_NEEDED},
    [P_INSTITUTION] = {"institution", "institution", REFERS(TABLE_INSTITUTIONS),
                       .flags = FIELD_NEEDED},
    [P_LEVEL] = {"level", "level", FIELD_CHOICE, ALL_OF(levels), .min = 1, .max = 5},
    [P_UNTIL] = {"until", "until_day", FIELD_DATE, TEXT(0), .blank = DIRECTORY_OPEN_DAY},
};

static const struct field member_fields[] = {
    [M_PANEL] = {"panel", "panel", REFERS(TABLE_PANELS), .flags = FIELD_KEY | FIELD_NEEDED},
    [M_ACCOUNT] = {"account", "account", REFERS(TABLE_ACCOUNTS), .flags = FIELD_KEY | FIELD_NEEDED},
    [M_HEAD] = {"head", "head", FIELD_FLAG, FIELD_NEEDED, TEXT(0), .fallback = "no"},
};

static const struct field agreement_fields[] = {
    [G_ID] = {"id", "id", FIELD_ID, FIELD_KEY | FIELD_NEEDED, TEXT(0)},
    [G_INVITING] = {"inviting", "inviting", REFERS(TABLE_INSTITUTIONS), .flags = FIELD_NEEDED},
    [G_INVITED] = {"invited", "invited", REFERS(TABLE_INSTITUTIONS), .flags = FIELD_NEEDED},
    [G_FROM] = {"from", "from_day", FIELD_DATE, FIELD_NEEDED, TEXT(0), .blank = -1},
    [G_UNTIL] = {"until", "until_day", FIELD_DATE, TEXT(0), .blank = DIRECTORY_OPEN_DAY},
    [G_KINDS] = {"kinds", "kinds", FIELD_WORDS, ALL_OF(kinds)},
    [G_SPECIALTIES] = {"specialties", "specialties", FIELD_IDS, .refers = TABLE_SPECIALTIES},
    [G_APPROVE_INVITING] = {"approveInviting", "approve_inviting", FIELD_CHOICE, FIELD_NEEDED,
                            ALL_OF(by_whom), .fallback = "manual"},
    [G_APPROVE_INVITED] = {"approveInvited", "approve_invited", FIELD_CHOICE, FIELD_NEEDED,
                           ALL_OF(by_whom), .fallback = "manual"},
    [G_TRIAGE] = {"triage", "triage", FIELD_CHOICE, FIELD_NEEDED, ALL_OF(by_whom),
                  .fallback = "manual"},
    [G_SCHEDULE] = {"schedule", "schedule", FIELD_CHOICE, FIELD_NEEDED, ALL_OF(by_whom),
                    .fallback = "automatic"},
    [G_STRATEGY] = {"strategy", "strategy", FIELD_CHOICE, FIELD_NEEDED, ALL_OF(strategies),
                    .fallback = "ring_all"},
    [G_RING] = {"ringSeconds", "ring_s", FIELD_NUMBER, FIELD_NEEDED, TEXT(RING_S_MAX),
                .min = RING_S_MIN, .fallback = "45"},
    [G_REFERENCE] = {"reference", "reference", FIELD_TEXT, TEXT(DIRECTORY_REFERENCE_MAX - 1)},
};

static const struct field help_fields[] = {
    [H_HELPED] = {"helped", "helped", REFERS(TABLE_INSTITUTIONS),
                  .flags = FIELD_KEY | FIELD_NEEDED},
    [H_HELPER] = {"helper", "helper", REFERS(TABLE_INSTITUTIONS),
                  .flags = FIELD_KEY | FIELD_NEEDED},
    [H_SPECIALTY] = {"specialty", "specialty", REFERS(TABLE_SPECIALTIES), .flags = FIELD_KEY},
    [H_ORDER] = {"order", "position", FIELD_NUMBER, FIELD_NEEDED, TEXT(1000), .min = 1,
                 .fallback = "1"},
};

static const struct field shift_fields[] = {
    [R_PANEL] = {"panel", "panel", REFERS(TABLE_PANELS), .flags = FIELD_KEY | FIELD_NEEDED},
    [R_ACCOUNT] = {"account", "account", REFERS(TABLE_ACCOUNTS), .flags = FIELD_KEY | FIELD_NEEDED},
    [R_WEEKDAYS] = {"weekdays", "weekdays", FIELD_BITS, FIELD_KEY | FIELD_NEEDED, ALL_OF(weekdays)},
    [R_START] = {"start", "start_min", FIELD_CLOCK, FIELD_KEY | FIELD_NEEDED, TEXT(0)},
    [R_FROM] = {"from", "from_day", FIELD_DATE, FIELD_KEY, TEXT(0), .blank = 0},
    [R_END] = {"end", "end_min", FIELD_CLOCK, FIELD_NEEDED, TEXT(0)},
    [R_UNTIL] = {"until", "until_day", FIELD_DATE, TEXT(0), .blank = DIRECTORY_OPEN_DAY},
};

static const struct field exception_fields[] = {
    [X_PANEL] = {"panel", "panel", REFERS(TABLE_PANELS), .flags = FIELD_KEY | FIELD_NEEDED},
    [X_ACCOUNT] = {"account", "account", REFERS(TABLE_ACCOUNTS), .flags = FIELD_KEY | FIELD_NEEDED},
    [X_FROM] = {"from", "from_min", FIELD_MOMENT, FIELD_KEY | FIELD_NEEDED, TEXT(0)},
    [X_UNTIL] = {"until", "until_min", FIELD_MOMENT, FIELD_NEEDED, TEXT(0)},
    [X_ON_DUTY] = {"onDuty", "on_duty", FIELD_FLAG, FIELD_NEEDED, TEXT(0), .fallback = "no"},
    [X_NOTE] = {"note", "note", FIELD_TEXT, TEXT(FIELD_NAME_MAX)},
};

#define FIELDS(list) (list), sizeof(list) / sizeof((list)[0])
const struct table tables[TABLE_COUNT] = {
    [TABLE_INSTITUTIONS] = {"institutions", "institution", "institution", REMOVAL_CLOSE, 1,
                            FIELDS(institution_fields)},
    [TABLE_SPECIALTIES] = {"specialties", "specialty", "specialty", REMOVAL_NEVER, 1,
                           FIELDS(specialty_fields)},
    [TABLE_ACCOUNTS] = {"accounts", "account", "account", REMOVAL_NEVER, 1, FIELDS(account_fields)},
    [TABLE_PANELS] = {"panels", "panel", "panel", REMOVAL_CLOSE, 1, FIELDS(panel_fields)},
    [TABLE_MEMBERS] = {"members", "member", "panel_member", REMOVAL_DELETE, 2,
                       FIELDS(member_fields)},
    [TABLE_AGREEMENTS] = {"agreements", "agreement", "agreement", REMOVAL_CLOSE, 1,
                          FIELDS(agreement_fields)},
    [TABLE_HELP] = {"help", "help", "help", REMOVAL_DELETE, 3, FIELDS(help_fields)},
    [TABLE_SHIFTS] = {"shifts", "shift", "roster_shift", REMOVAL_DELETE, 5, FIELDS(shift_fields)},
    [TABLE_EXCEPTIONS] = {"exceptions", "exception", "roster_exception", REMOVAL_DELETE, 3,
                          FIELDS(exception_fields)},
};

int table_find(const char *name, size_t len)
{
    for (int i = 0; i < TABLE_COUNT; i++)
        if (strlen(tables[i].name) == len && memcmp(tables[i].name, name, len) == 0)
            return i;
    return -1;
}

int table_field(const struct table *t, const char *name, size_t len)
{
    for (size_t i = 0; i < t->count; i++)
        if (strlen(t->fields[i].name) == len && memcmp(t->fields[i].name, name, len) == 0)
            return (int)i;
    return -1;
}
