/* SPDX-License-Identifier: Apache-2.0 */
/* The list of effects that a handler builds, and the way it says no. */
#include "signaling/proto/method.h"

#include "shanqiao/error.h"
#include <stdio.h>
#include <stdlib.h>

int effects_add(struct effects *effects, const struct effect *e)
{
    int error = SQ_ERR_LIMIT;
    if (effects->count < EFFECTS_MAX) {
        struct effect *grown =
            reallocarray(effects->items, effects->count + 1, sizeof *effects->items);
        error = grown ? 0 : SQ_ERR_NOMEM;
        if (grown) {
            effects->items = grown;
            effects->items[effects->count++] = *e;
            return 0;
        }
    }
    json_decref(e->params);
    return error;
}

void effects_clear(struct effects *effects)
{
    for (size_t i = 0; i < effects->count; i++)
        json_decref(effects->items[i].params);
    free(effects->items);
    effects->items = NULL;
    effects->count = 0;
}

int call_fail(struct call *call, int error, const char *en, const char *zh)
{
    snprintf(call->message_en, sizeof call->message_en, "%s", en ? en : "");
    snprintf(call->message_zh, sizeof call->message_zh, "%s", zh ? zh : "");
    return error;
}
