/* SPDX-License-Identifier: Apache-2.0 */
/* A small installation for tests: a service on a database of its own, two institutions, a panel of
 * three specialists, two village doctors, an operator. Calls go as the dispatcher makes them:
 * transaction, handler, commit. */
#ifndef TESTS_UNIT_SIGNALING_PEOPLE_H
#define TESTS_UNIT_SIGNALING_PEOPLE_H

#include "database.h"
#include "signaling/proto/method.h"
#include "signaling/service.h"

#define PEOPLE_PASSWORD "correct horse 42"
#define PEOPLE_START_US INT64_C(1780000000000000) /* some day in 2026 */

/* Accounts; their login is the same text. */
#define VILLAGER     "acc_villager"
#define OTHER_DOCTOR "acc_other_doctor"
#define EXPERT_1     "acc_expert_1"
#define EXPERT_2     "acc_expert_2"
#define EXPERT_3     "acc_expert_3"
#define OPERATOR     "acc_operator"
#define PANEL        "heart"

struct people {
    char dir[64];                /* temporary directory, removed by people_fini */
    char database[DATABASE_MAX]; /* a file in it, or a URI */
    struct service service;
    struct schema_set *schemas; /* each result and notification is checked against; NULL: not */
    time_us utc_us;
    struct call call;            /* of the last people_call: result, messages, effects */
    struct caller caller;        /* of the last people_call */
    void (*before_method)(void); /* when it is known who calls (memory may run out now); or NULL */
};

void people_init(struct people *p);
void people_fini(struct people *p);
/* Closes and opens the service, as a restart does. */
void people_restart(struct people *p);

/* Calls a method of ours as `account` (its session is "ses_<account>"). Takes over `params`. The
 * result and effects stay in p->call until the next call. */
int people_call(struct people *p, const char *account, const char *method, json_t *params);
/* How many notify effects of the last call go to `account` with `method`. */
int people_told(const struct people *p, const char *account, const char *method);
int people_effects(const struct people *p, enum effect_type type);

/* A request of VILLAGER to PANEL; id[ID_MAX] gets the consultation. Everybody of `on_duty`
 * (NULL-ended) goes on duty first. */
int people_submit(struct people *p, const char *const *on_duty, char *id);
json_t *people_request(void);
/* Text of result.consultation.<name>; "" when it is not there. */
const char *people_result(const struct people *p, const char *name);
json_t *people_id(const char *id); /* {"id": id} */

#endif
