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

/* For qsort: whose turn was longest ago, whose duty by hand began first, by id. */
int duty_in_line(const void *left, const void *right);

/* Handlers: directory.presence, roster.get, roster.set. */
int duty_presence(struct call *call);
int duty_roster_get(struct call *call);
int duty_roster_set(struct call *call);

/* "hand", "roster", or NULL: not on duty. */
const char *duty_why(const struct duty_member *member, time_us utc_us);

#endif
