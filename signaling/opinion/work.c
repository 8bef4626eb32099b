/* SPDX-License-Identifier: Apache-2.0 */
/* Rights and loading for the methods opinion.*. */
#include "signaling/opinion/work.h"
#include "shanqiao/error.h"
#include <stdio.h>
#include <stdlib.h>

void opinion_work_free(struct opinion_work *w)
{
    if (!w)
        return;
    consult_record_clear(&w->consultation);
    opinion_list_clear(&w->opinions);
    free(w);
}

int opinion_work_load(struct service *s, const char *consultation, struct opinion_work *w)
{
    int status = consult_record_load(s, consultation, &w->consultation);
    return status < 0 ? status : opinion_list_load(s, consultation, &w->opinions);
}

int opinion_work_begin(struct call *call, enum act act, struct opinion_work **out)
{
    const char *id = json_string_value(json_object_get(call->params, "consultationId"));
    struct opinion_work *w = *out = calloc(1, sizeof(*w));
    if (!w)
        return SQ_ERR_NOMEM;
    int status = consult_open(call, id ? id : "", act, &w->consultation, &w->relations);
    return status < 0 ? status : opinion_list_load(call->service, w->consultation.id, &w->opinions);
}
