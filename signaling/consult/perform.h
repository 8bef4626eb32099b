/* SPDX-License-Identifier: Apache-2.0 */
/* One event on a stored consultation: step, what the system itself brings next (approve, triage,
 * route, escalate, deliver), save, and the commands turned into effects. Used by the methods of
 * consult, consent and opinion, by deadlines and by sessions that come and go. Inside the caller's
 * transaction. */
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

/* Does it all; *r is then what is stored. Several steps are told as one: the last state. On error
 * the caller rolls back and drops *r. Errors of consult_step; SQ_ERR_STORE, SQ_ERR_NOMEM,
 * SQ_ERR_LIMIT. */
int consult_perform(const struct consult_act *act, struct consult_record *r,
                    const struct consult_event *e);

/* No event: something beside the machine changed. Saves and tells it. */
int consult_touch(const struct consult_act *act, struct consult_record *r);

struct consult_act consult_act_of(struct call *call);
/* Words for the error of consult_perform into call; returns the error. */
int consult_explain(struct call *call, const struct consult_record *r, int error);

/* What of a consultation somebody gets to see. */
enum consult_view {
    CONSULT_VIEW_CLINICAL = 1, /* request, entries */
    CONSULT_VIEW_IDENTITY = 2  /* and who the patient is */
};
#define CONSULT_VIEWS 4
unsigned consult_view(uint32_t roles, uint32_t relations);
/* The patient took back the word that the record may be shared: the invited side sees nothing
 * clinical any more (consult_relations minds it; notifications ask). */
bool consult_is_unshared(const struct consult_record *r);

/* The consultation as the wire has it (docs/protocol/defs.json): a new reference in *out. */
int consult_describe(struct service *s, const struct consult_record *r, unsigned view,
                     json_t **out);

#endif
