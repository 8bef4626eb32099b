/* SPDX-License-Identifier: Apache-2.0 */
/* Who may, who is told, and acts that come from no connection. */
#include "signaling/consult/audience.h"
#include "signaling/materials/room.h"

#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdlib.h>
#include <string.h>

static struct call call_as(struct service *s, const struct caller *caller, time_us utc_us)
{
    return (struct call){.service = s, .caller = caller, .utc_us = utc_us};
}

/* Relations to the consultation; and to what one brought oneself. */
static int relations_of(struct call *call, const struct material *m, uint32_t *out)
{
    struct consult_record *r = malloc(sizeof *r);
    int status = r ? consult_record_load(call->service, m->consultation, r) : SQ_ERR_NOMEM;
    if (status == 0) {
        status = consult_relations(call->service, r, call->caller, out);
        consult_record_clear(r);
    }
    free(r);
    if (status == 0 && *out != 0 && !strcmp(m->account, call->caller->account))
        *out |= RIGHTS_BIT(RELATION_SELF);
    return status;
}

int material_open(struct call *call, const char *id, enum act act, struct material *out,
                  uint32_t *relations)
{
    uint32_t found = 0, roles = call->caller->roles;
    int status = material_load(call->service, id, out);
    if (status < 0)
        return status;
    status = relations_of(call, out, &found);
    if (relations)
        *relations = found;
    bool seen = found && rights_allow_any(roles, found, ACT_SEE_MATERIAL);
    if (status == 0 && !(found && rights_allow_any(roles, found, act)))
        status = seen ? SQ_ERR_DENIED : SQ_ERR_NOT_FOUND;
    if (status < 0)
        material_clear(out);
    else
        text_copy(call->audit_object, sizeof call->audit_object, out->id);
    return status;
}

static bool is_over(enum consult_state state)
{
    static const enum consult_state over[] = {CONSULT_ARCHIVED, CONSULT_CANCELLED, CONSULT_NO_SHOW};
    for (size_t i = 0; i < sizeof over / sizeof over[0]; i++) {
        if (over[i] == state)
            return true;
    }
    return false;
}

int materials_is_over(struct service *s, const char *consultation)
{
    struct consult_record *r = malloc(sizeof *r);
    int status = r ? consult_record_load(s, consultation, r) : SQ_ERR_NOMEM;
    if (status == 0) {
        status = is_over(r->step.state) ? SQ_ERR_STATE : 0;
        consult_record_clear(r);
    }
    free(r);
    return status;
}

int materials_may_add(struct service *s, const struct caller *caller, const char *consultation,
                      time_us utc_us)
{
    struct call call = call_as(s, caller, utc_us);
    struct consult_record *r = malloc(sizeof *r);
    int status = r ? consult_open(&call, consultation, ACT_ADD_MATERIAL, r, NULL) : SQ_ERR_NOMEM;
    if (status == 0) {
        status = is_over(r->step.state) ? SQ_ERR_STATE : 0;
        consult_record_clear(r);
    }
    free(r);
    return status;
}

/* ---- telling ---- */

int materials_tell_all(struct call *call, const char *method, const char *consultation,
                       json_t *params)
{
    struct consult_record *r = malloc(sizeof *r);
    int status = r && params ? consult_record_load(call->service, consultation, r) : SQ_ERR_NOMEM;
    if (status == 0) {
        status =
            consult_tell_audience(call, r, ACT_SEE_MATERIAL, CONSULT_ANY_RELATION, method, params);
        consult_record_clear(r);
    }
    json_decref(params);
    free(r);
    return status;
}

int materials_tell(struct call *call, const char *method, const struct material *m,
                   const char *status_word)
{
    return materials_tell_all(call, method, m->consultation,
                              json_pack("{s:s, s:s, s:s, s:s}", "consultationId", m->consultation,
                                        "id", m->id, "type", m->type, "status", status_word));
}

int materials_act(struct materials *m, const struct caller *caller, const char *act,
                  int (*handle)(struct call *call), void *work, struct call *call)
{
    static const struct caller nobody = {0};
    time_us utc_us = clock_utc_us();
    *call = call_as(m->service, caller ? caller : &nobody, utc_us);
    call->work = work;
    int status =
        dispatch_act(m->dispatch, act, handle, call, NULL, NULL, clock_monotonic_us(), utc_us);
    json_decref(call->result);
    call->result = NULL;
    return status;
}
