/* SPDX-License-Identifier: Apache-2.0 */
/* AuditEvents of the read API: rows of the caller's own chain. */
#include "shanqiao/error.h"
#include "signaling/audit/fhir.h"
#include "signaling/auth/rights.h"
#include "signaling/fhir/cases.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS "SELECT number, at_us, account, session, act, object, detail, hash FROM audit"

static const char *text(const struct store_query *q, int column)
{
    const char *value = store_text(q, column);
    return value ? value : "";
}

static json_t *event_of(const struct store_query *q, const char *chain)
{
    struct audit_row row = {.chain = chain,
                            .number = store_int(q, 0),
                            .utc_us = store_int(q, 1),
                            .account = text(q, 2),
                            .session = text(q, 3),
                            .act = text(q, 4),
                            .object = text(q, 5),
                            .detail = text(q, 6)};
    size_t len = 0;
    const void *hash = store_bytes(q, 7, &len);
    return hash && len == AUDIT_HASH_BYTES ? audit_event_fhir(&row, hash) : NULL;
}

static int allowed(const struct call *call)
{
    return rights_allow(call->caller->roles, RELATION_SAME_INSTITUTION, ACT_READ_FHIR)
               ? 0
               : SQ_ERR_DENIED;
}

/* "ins-x-17" is row 17 of chain ins_x; of any other chain there is nothing to see. */
int fhir_audit_read(struct call *call, const char *id, json_t **out)
{
    struct store_query q;
    const char *chain = call->caller->institution;
    char prefix[FHIR_ID_MAX];
    int status = allowed(call);
    if (status < 0)
        return status;
    fhir_id_of(chain, prefix);
    for (char *p = prefix; *p; p++)
        if (*p == '_')
            *p = '-'; /* as in audit_event_fhir */
    size_t len = strlen(prefix);
    if (strncmp(id, prefix, len) != 0 || id[len] != '-' || !id[len + 1] ||
        strspn(id + len + 1, "0123456789") != strlen(id + len + 1))
        return SQ_ERR_NOT_FOUND;
    STORE_QUERY(call->service->store, &q, COLUMNS " WHERE chain = $1 AND number = $2",
                sv_text(chain), sv_int(strtoll(id + len + 1, NULL, 10)));
    bool found = store_next(&q);
    *out = found ? event_of(&q, chain) : NULL;
    status = store_query_end(&q);
    if (status < 0) {
        json_decref(*out);
        return status;
    }
    return *out ? 0 : found ? SQ_ERR_NOMEM : SQ_ERR_NOT_FOUND;
}

int fhir_audit_search(struct call *call, const struct fhir_query *query, json_t *out,
                      char page[FHIR_PAGE_MAX])
{
    struct store_query q;
    const char *chain = call->caller->institution;
    int64_t last = 0;
    int status = allowed(call), count = 0;
    if (status < 0)
        return status;
    STORE_QUERY(call->service->store, &q,
                COLUMNS " WHERE chain = $1 AND at_us >= $2 AND at_us < $3 AND number > $4"
                        " ORDER BY number LIMIT $5",
                sv_text(chain), sv_int(query->from_us), sv_int(query->until_us),
                sv_int(query->after_us), sv_int(query->count));
    while (status == 0 && store_next(&q)) {
        last = store_int(&q, 0);
        status = json_array_append_new(out, event_of(&q, chain)) == 0 ? 0 : SQ_ERR_NOMEM;
        count++;
    }
    int ended = store_query_end(&q);
    page[0] = '\0';
    if (count == query->count)
        fhir_query_page(last, "row", page);
    return status < 0 ? status : ended;
}
