/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: one table of (role, relation to the object, act). Every handler asks it, none
 * has rules of its own. Pure. */
#ifndef SIGNALING_AUTH_RIGHTS_H
#define SIGNALING_AUTH_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

enum role {
    ROLE_VILLAGE_DOCTOR = 1u << 0,
    ROLE_SPECIALIST = 1u << 1,
    ROLE_COORDINATOR = 1u << 2,
    ROLE_OPERATOR = 1u << 3,
    ROLE_QUALITY = 1u << 4,
    ROLE_ADMIN = 1u << 5
};
#define ROLES_COUNT 6

/* What the caller is to the object. A person outside has RELATION_NONE and is told that there is no
 * such object. */
enum relation {
    RELATION_NONE = 0,
    RELATION_APPLICANT,    /* submitted the consultation */
    RELATION_RUNG,         /* is being rung now */
    RELATION_RUNG_BEFORE,  /* was rung; refused, or somebody else was first, or it is over */
    RELATION_SPECIALIST,   /* accepted it */
    RELATION_PANEL_MEMBER, /* of the panel in question */
    RELATION_COUNT
};

enum act {
    ACT_SUBMIT,
    ACT_SEE, /* consultation and opinion */
    ACT_ACCEPT,
    ACT_REFUSE,
    ACT_ENTER, /* and leave */
    ACT_END,
    ACT_CANCEL,
    ACT_WRITE_OPINION, /* save and sign */
    ACT_ACKNOWLEDGE,   /* and archive */
    ACT_JOIN_MEDIA,
    ACT_SET_DUTY,
    ACT_SEE_DIRECTORY,
    ACT_COUNT
};

bool rights_allow(uint32_t roles, enum relation relation, enum act act);

/* "village_doctor"; NULL for an unknown bit. */
const char *role_name(enum role role);
/* The bit, or 0 when there is no such role. */
uint32_t role_parse(const char *name);

#endif
