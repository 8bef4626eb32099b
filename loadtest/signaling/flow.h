/* SPDX-License-Identifier: Apache-2.0 */
/* The requests that a consultation under load consists of, as texts. Pure: refuses to know
 * connections and clocks. */
#ifndef LOADTEST_SIGNALING_FLOW_H
#define LOADTEST_SIGNALING_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLOW_STEPS_MAX 10
#define FLOW_ID_MAX    40 /* of a consultation, with its zero */

enum flow_kind {
    FLOW_CONSULTATION = 0, /* submit to archive: 10 requests */
    FLOW_RING              /* submit, refuse: the most rings a second */
};

struct flow_step {
    const char *method;
    bool by_specialist;
    enum { FLOW_BY_ID, FLOW_SUBMIT, FLOW_REASON, FLOW_OPINION, FLOW_SIGN, FLOW_OUTCOME } params;
};

/* Static storage. */
const struct flow_step *flow_steps(enum flow_kind kind, size_t *count);
bool flow_parse(enum flow_kind *out, const char *name);

/* What a request is made of; `tag` comes back in the ring. */
struct flow_request {
    const struct flow_step *step;
    const char *request_id, *panel, *consultation;
    uint64_t tag;
};

/* The text of the request, to be freed; NULL: no memory. */
char *flow_text(const struct flow_request *r);
/* The tag in a consultation's complaint. False: it is not of ours. */
bool flow_tag(const char *complaint, uint64_t *tag);

#endif
