/* SPDX-License-Identifier: Apache-2.0 */
/* Who of a panel is on duty, and so is rung. */
#ifndef SIGNALING_DUTY_DUTY_H
#define SIGNALING_DUTY_DUTY_H

#include "signaling/proto/method.h"

#define DUTY_RUNG_MAX                                                                              \
    32 /* members rung in parallel; more on duty are not rung (oldest duty first) */

extern const struct method_table duty_method_table; /* duty.set */

struct duty_roster {
    size_t count;
    char accounts[DUTY_RUNG_MAX][ID_MAX];
};

/* Members of the panel who are on duty, enabled and not `except`. 0, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int duty_roster(struct service *s, const char *panel, const char *except, struct duty_roster *out);

/* Off duty in all panels, unless the account has another live session. 0, SQ_ERR_STORE,
 * SQ_ERR_NOMEM. */
int duty_end(struct service *s, const char *account, time_us utc_us);

#endif
