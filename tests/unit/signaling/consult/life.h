/* SPDX-License-Identifier: Apache-2.0 */
/* One consultation told step by step: short words for the events of the rules' tests. */
#ifndef TESTS_CONSULT_LIFE_H
#define TESTS_CONSULT_LIFE_H

#include "signaling/consult/step.h"

#define LIFE_DAY_US (INT64_C(86400) * TIME_US_PER_S)

struct life {
    struct consult c;
    struct consult_commands out; /* of the last event */
    struct consult_times times;
    enum consult_strategy strategy;
    time_us utc_us;
};

/* A draft with the consent to share. */
struct life life_of(enum consult_kind kind, uint32_t needs);
/* The event succeeds; or is refused with `error` and changes nothing. */
void life_ok(struct life *l, struct consult_event e);
void life_no(struct life *l, struct consult_event e, int error);
void life_by(struct life *l, enum consult_event_type type, int member);
/* Time comes to the deadline, and it passes. */
void life_timeout(struct life *l, enum consult_deadline deadline);
void life_add(struct life *l, int member, enum consult_role role);
void life_ready(struct life *l, int person, bool ready);
void life_consent(struct life *l, enum consult_event_type type, uint32_t purposes);
struct consult_event life_slot_event(const struct life *l, time_us in_us);
void life_slot(struct life *l, time_us in_us); /* an hour long */
void life_route(struct life *l, int added);    /* mdt: the first one is the chair */

/* Submitted, and through what is automatic until `added` members ring. */
void life_to_routed(struct life *l, int added);
/* One member is asked, accepts, and both are there. */
void life_to_call(struct life *l);

bool life_told(const struct life *l, enum consult_command_type type);
/* The first of that type in the last event; fails when there is none. */
const struct consult_command *life_command(const struct life *l, enum consult_command_type type);

#endif
