/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of rights. An act is allowed when a row names a role of the caller, the relation
 * and the act. */
#include "signaling/auth/rights.h"
#include <stddef.h>
#include <string.h>

#define ANYBODY UINT32_MAX
#define ANY     RELATION_COUNT /* whatever the relation */

struct right {
    uint32_t roles;
    enum relation relation;
    enum act act;
};

static const struct right rights[] = {
    {ANYBODY, ANY, ACT_SEE_DIRECTORY},
    {ROLE_VILLAGE_DOCTOR, RELATION_NONE, ACT_SUBMIT},

    {ROLE_VILLAGE_DOCTOR, RELATION_APPLICANT, ACT_SEE},
    {ROLE_VILLAGE_DOCTOR, RELATION_APPLICANT, ACT_ENTER},
    {ROLE_VILLAGE_DOCTOR, RELATION_APPLICANT, ACT_END},
    {ROLE_VILLAGE_DOCTOR, RELATION_APPLICANT, ACT_CANCEL},
    {ROLE_VILLAGE_DOCTOR, RELATION_APPLICANT, ACT_ACKNOWLEDGE},
    {ROLE_VILLAGE_DOCTOR, RELATION_APPLICANT, ACT_JOIN_MEDIA},

    {ROLE_SPECIALIST, RELATION_RUNG, ACT_SEE},
    {ROLE_SPECIALIST, RELATION_RUNG, ACT_ACCEPT},
    {ROLE_SPECIALIST, RELATION_RUNG, ACT_REFUSE},
    {ROLE_SPECIALIST, RELATION_RUNG, ACT_JOIN_MEDIA},
    /* Too late, and told so: who was rung knows that the consultation exists. */
    {ROLE_SPECIALIST, RELATION_RUNG_BEFORE, ACT_ACCEPT},
    {ROLE_SPECIALIST, RELATION_RUNG_BEFORE, ACT_REFUSE},

    {ROLE_SPECIALIST, RELATION_SPECIALIST, ACT_SEE},
    {ROLE_SPECIALIST, RELATION_SPECIALIST, ACT_ACCEPT}, /* twice: told that it is not the state */
    {ROLE_SPECIALIST, RELATION_SPECIALIST, ACT_REFUSE}, /* likewise */
    {ROLE_SPECIALIST, RELATION_SPECIALIST, ACT_ENTER},
    {ROLE_SPECIALIST, RELATION_SPECIALIST, ACT_END},
    {ROLE_SPECIALIST, RELATION_SPECIALIST, ACT_WRITE_OPINION},
    {ROLE_SPECIALIST, RELATION_SPECIALIST, ACT_JOIN_MEDIA},

    {ROLE_SPECIALIST, RELATION_PANEL_MEMBER, ACT_SET_DUTY},
};

bool rights_allow(uint32_t roles, enum relation relation, enum act act)
{
    for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
        const struct right *r = &rights[i];
        if (r->act == act && (r->relation == ANY || r->relation == relation) && (r->roles & roles))
            return true;
    }
    return false;
}

static const char *const names[ROLES_COUNT] = {"village_doctor", "specialist", "coordinator",
                                               "operator",       "quality",    "admin"};

const char *role_name(enum role role)
{
    for (size_t i = 0; i < ROLES_COUNT; i++)
        if ((uint32_t)role == 1u << i)
            return names[i];
    return NULL;
}

uint32_t role_parse(const char *name)
{
    for (size_t i = 0; i < ROLES_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return 1u << i;
    return 0;
}
