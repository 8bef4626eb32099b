/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines: rows of the table `deadline` are the truth, a timer wheel in memory says when to look
 * at which. What the wheel says is a hint: a row is read again before it counts, so a transaction
 * that was rolled back, or another node, does no harm. Refuses to know what a deadline means. */
#ifndef SIGNALING_CONSULT_DEADLINES_H
#define SIGNALING_CONSULT_DEADLINES_H

#include "signaling/proto/method.h"
#include <stddef.h>

struct service;
struct deadlines;

#define DEADLINES_AT_ONCE   16
#define DEADLINE_KIND_MAX   16
#define DEADLINES_RELOAD_US (3 * TIME_US_PER_S) /* rows of other nodes are noticed by then */

struct deadline_due {
    char object[ID_MAX];
    char kind[DEADLINE_KIND_MAX];
    time_us at_utc_us;
};

/* Rows that are due, earliest first, at most DEADLINES_AT_ONCE. Until the next call they count as
 * not carried out: those whose row is still there come again. 0, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int deadlines_take(struct service *s, time_us utc_us, struct deadline_due due[DEADLINES_AT_ONCE],
                   size_t *count);

void deadlines_free(struct deadlines *d); /* NULL is fine */

#endif
