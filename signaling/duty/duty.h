/* SPDX-License-Identifier: Apache-2.0 */
/* Who of a panel is on duty now, and so is rung: by hand (duty.set), or by the recurring roster
 * while signed in. The arithmetic of rosters is signaling/duty/roster.h. Refuses to know:
 * consultations. */
#ifndef SIGNALING_DUTY_DUTY_H
#define SIGNALING_DUTY_DUTY_H

#include "signaling/proto/method.h"

#define DUTY_RUNG_MAX 32 /* members rung in parallel; more on duty are not rung (last in line) */

extern const struct method_table duty_method_table; /* duty.set, roster.*, directory.presence */

struct duty_roster {
    size_t count;
    char accounts[DUTY_RUNG_MAX][ID_MAX];
};

/* Members of the panel who are on duty at utc_us, enabled and not `except`, in line: whose turn was
 * longest ago (never first), then whose duty by hand began first, then by id.
 * On duty is who switched it on, or whom the roster names now and who has a live session, unless
 * that one switched it off for this shift. 0, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int duty_roster(struct service *s, const char *panel, const char *except, time_us utc_us,
                struct duty_roster *out);

/* The member was rung alone or accepted: goes to the end of the line. 0, SQ_ERR_STORE,
 * SQ_ERR_NOMEM.
 */
int duty_turn(struct service *s, const char *panel, const char *account, time_us utc_us);

/* Off duty by hand in all panels, unless the account has another live session. 0, SQ_ERR_STORE,
 * SQ_ERR_NOMEM. */
int duty_end(struct service *s, const char *account, time_us utc_us);

/* Open panels of which `account` is a member on duty now (who comes on duty joins what rings).
 * *count at most `max`. */
int duty_panels(struct service *s, const char *account, time_us utc_us, char (*panels)[ID_MAX],
                size_t max, size_t *count);

#endif
