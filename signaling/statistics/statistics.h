/* SPDX-License-Identifier: Apache-2.0 */
/* What an office wants to know of many consultations: counts, waits in each state, refusals,
 * interruptions, share of calls with sound alone, avoided transfers, concordance; by level,
 * institution, specialty and kind. Numbers only, nothing of a single patient. Reads the store,
 * writes nothing. */
#ifndef SIGNALING_STATISTICS_STATISTICS_H
#define SIGNALING_STATISTICS_STATISTICS_H

#include "signaling/http/route.h"
#include "signaling/proto/method.h"

/* More cases than this would hold the signalling thread for too long: a shorter span, or the
 * operator's tool. */
#define STATISTICS_CASES_MAX 20000

extern const struct method_table statistics_method_table; /* statistics.get */
extern const struct http_table statistics_http_table;     /* GET /statistics, JSON or CSV */

enum statistics_by {
    STATISTICS_BY_LEVEL = 1u << 0, /* of the institution that asked */
    STATISTICS_BY_INSTITUTION = 1u << 1,
    STATISTICS_BY_SPECIALTY = 1u << 2,
    STATISTICS_BY_KIND = 1u << 3,
    STATISTICS_BY_WEEK = 1u << 4 /* in which it was submitted, where it was submitted */
};
#define STATISTICS_BY_ALL 15u /* but the week: one line for each combination is enough */
/* The bit of "level", "institution", "specialty", "kind", "week"; 0: none of these. */
uint32_t statistics_by_parse(const char *name);

struct statistics_filter {
    const char
        *institution; /* it and those below it, as the side that asked or was asked; "": all */
    time_us from_us, until_us; /* submitted then; until_us exclusive */
    uint32_t by;               /* enum statistics_by */
    size_t cases_max;
};

/* A new object in *out: {from, until, cases, groups: [...]}, described in
 * docs/protocol/methods/statistics.get.json. SQ_ERR_LIMIT: more than cases_max; SQ_ERR_STORE,
 * SQ_ERR_NOMEM, SQ_ERR_FORGED. */
int statistics_collect(struct service *s, const struct statistics_filter *f, json_t **out);

/* The same as CSV (RFC 4180, UTF-8, one line for each group and a head). New heap text, NULL: no
 * memory. */
char *statistics_csv(const json_t *collected);

#endif
