/* SPDX-License-Identifier: Apache-2.0 */
/* One event on a stored consultation: step, save, and the commands turned into effects. Used by the
 * methods, by deadlines and by sessions that come and go. Inside the caller's transaction. */
#ifndef SIGNALING_CONSULT_PERFORM_H
#define SIGNALING_CONSULT_PERFORM_H

#include "signaling/consult/record.h"

/* What an act needs besides the record. */
struct consult_act {
    struct service *service;
    struct effects *effects;
    const char *by; /* account; "" for the system */
    time_us utc_us;
};

/* Errors of consult_step; SQ_ERR_STORE, SQ_ERR_NOMEM, SQ_ERR_LIMIT. */
int consult_perform(const struct consult_act *act, struct consult_record *r,
                    const struct consult_event *e);

/* The consultation as the wire has it: a new reference in *out. */
int consult_describe(struct service *s, const struct consult_record *r, json_t **out);

#endif
