/* SPDX-License-Identifier: Apache-2.0 */
/* A reading waits for the first thing to read. Refuses to know how materials come. */
#include "shanqiao/error.h"
#include "signaling/consult/consult.h"
#include "signaling/consult/methods.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdlib.h>

int consult_has_material(struct service *s, const char *consultation, bool *out)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT 1 FROM material m LEFT JOIN material_file f ON f.id = m.file"
                " WHERE m.consultation = $1 AND m.preview = 0"
                " AND COALESCE(f.format, '') <> 'wfdb_header' LIMIT 1",
                sv_text(consultation));
    *out = store_next(&q);
    return store_query_end(&q);
}

/* Cheap: materials come to other kinds far more often. */
static int is_reading(struct service *s, const char *consultation, bool *out)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, "SELECT 1 FROM consultation WHERE id = $1 AND kind = 'reading'",
                sv_text(consultation));
    *out = store_next(&q);
    return store_query_end(&q);
}

static int follow(struct call *call, struct consult_record *r)
{
    struct consult_act how = consult_act_of(call);
    struct consult_event e = {.type = CONSULT_MATERIAL, .member = CONSULT_NOBODY};
    int status = consult_has_material(call->service, r->id, &e.ready);
    if (status < 0 || e.ready != consult_waits_for_material(&r->step))
        return status;
    status = consult_perform(&how, r, &e);
    return status == SQ_ERR_STATE ? 0 : status; /* it is read, or over */
}

int consult_material_changed(struct call *call, const char *consultation)
{
    bool reading = false;
    int status = is_reading(call->service, consultation, &reading);
    if (status < 0 || !reading)
        return status;
    struct consult_record *r = calloc(1, sizeof(*r));
    status = r ? consult_record_load(call->service, consultation, r) : SQ_ERR_NOMEM;
    if (status == 0) {
        status = follow(call, r);
        consult_record_clear(r);
    }
    free(r);
    return status;
}
