/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a panel with what decides whether they are on duty: inside of this room. */
#ifndef SIGNALING_DUTY_MEMBER_H
#define SIGNALING_DUTY_MEMBER_H

#include "signaling/duty/roster.h"
#include "signaling/proto/method.h"

#define DUTY_MEMBERS_MAX 256 /* of one panel that are looked at, by id */

struct duty_member {
    char account[ID_MAX];
    uint32_t roles;
    bool head;
    bool live;            /* has a session that is neither ended nor expired */
    bool by_hand;         /* switched on */
    time_us since_us;     /* by_hand: since when */
    time_us off_until_us; /* switched off for the shift, until then; 0: not */
    time_us turn_us;      /* 0: never */
    int64_t utc_offset_min;
    struct roster_state roster;
};

/* Enabled members by id; account NULL: all. out[max]. 0, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int duty_members(struct service *s, const char *panel, const char *account, time_us utc_us,
                 struct duty_member *out, size_t max, size_t *count);

/* "hand", "roster", or NULL: not on duty. */
const char *duty_why(const struct duty_member *member, time_us utc_us);

#endif
