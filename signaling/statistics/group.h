/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of one group of cases. Pure; knows neither store nor time. */
#ifndef SIGNALING_STATISTICS_GROUP_H
#define SIGNALING_STATISTICS_GROUP_H

#include "signaling/consult/step.h"
#include <jansson.h>

struct spans { /* microseconds */
    int64_t *items;
    size_t count, capacity;
};
/* 0, SQ_ERR_NOMEM. */
int spans_add(struct spans *s, int64_t span_us);
/* {count, mean_s, p50_s, p90_s}: nearest rank. Sorts. NULL: no memory. */
json_t *spans_json(struct spans *s);

struct group {
    int64_t level; /* 0: not grouped by it; likewise "" */
    const char *institution, *specialty, *kind, *week;
    int64_t cases, refusals, interruptions, interrupted_cases;
    int64_t calls, sound_only;               /* that came to media; without any picture */
    int64_t outcomes, avoided_transfers;     /* that say whether one was avoided, and that it was */
    int64_t concordance[4];                  /* agrees, agrees_in_part, differs, unknown */
    int64_t states[CONSULT_STATE_COUNT];     /* present ones */
    struct spans waits[CONSULT_STATE_COUNT]; /* in each state, whenever it was left */
};
#define GROUP_CONCORDANCES 4
extern const char *const group_concordances[GROUP_CONCORDANCES];

void group_clear(struct group *g);
json_t *group_json(struct group *g);

#endif
