/* SPDX-License-Identifier: Apache-2.0 */
/* What goes by time: a little at each call, so that nobody waits for it, and the next call goes on
 * where this one ended. */
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/retention/retention.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SWEEP_MAX 16 /* drafts of one sweep */
#define TRIM_MAX  64 /* sessions of one sweep */

/* Before which moment an object of the class must have ended to be due now. */
static time_us ended_before(enum retention_class class, time_us utc_us)
{
    time_us span_us = retention_due_at(class, utc_us) - utc_us;
    return utc_us - span_us;
}

/* ---- drafts ---- */

struct drafts {
    char ids[SWEEP_MAX][ID_MAX], institutions[SWEEP_MAX][ID_MAX];
    time_us saved_us[SWEEP_MAX];
    size_t count;
};

static int load_drafts(struct service *s, time_us utc_us, struct drafts *out)
{
    struct store_query q;
    out->count = 0;
    STORE_QUERY(s->store, &q,
                "SELECT d.id, a.institution, d.saved_us FROM consultation_draft d"
                " JOIN account a ON a.id = d.applicant WHERE d.saved_us <= $1"
                " AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.released_us IS NULL"
                "  AND (h.object = d.id OR h.object = a.institution))"
                " ORDER BY d.saved_us LIMIT 16",
                sv_int(ended_before(RETENTION_DRAFT, utc_us)));
    while (out->count < SWEEP_MAX && store_next(&q)) {
        store_copy_text(&q, 0, out->ids[out->count], ID_MAX);
        store_copy_text(&q, 1, out->institutions[out->count], ID_MAX);
        out->saved_us[out->count++] = store_int(&q, 2);
    }
    return store_query_end(&q);
}

static int delete_drafts(struct service *s, time_us utc_us)
{
    struct drafts drafts;
    int status = load_drafts(s, utc_us, &drafts);
    for (size_t i = 0; i < drafts.count && status >= 0; i++) {
        status = retention_put(s, drafts.ids[i], RETENTION_DRAFT, drafts.institutions[i],
                               drafts.saved_us[i]);
        if (status == 0)
            status = retention_delete(s, drafts.ids[i], "", utc_us);
    }
    return status;
}

/* ---- sessions and the audit log ---- */

static int trim_sessions(struct service *s, time_us utc_us, int64_t limit)
{
    char count[24];
    int rows = STORE_RUN(s->store,
                         "DELETE FROM session WHERE id IN (SELECT s.id FROM session s"
                         " JOIN account a ON a.id = s.account WHERE s.ended_us <= $1"
                         " AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.released_us IS NULL"
                         "  AND h.object = a.institution) ORDER BY s.ended_us LIMIT $2)",
                         sv_int(ended_before(RETENTION_SESSION, utc_us)), sv_int(limit));
    if (rows <= 0)
        return rows;
    snprintf(count, sizeof(count), "%d", rows);
    struct audit_act row = {
        .utc_us = utc_us, .act = "retention.sessions", .detail = count, .chain = ""};
    int status = audit_append(s->store, &row);
    return status < 0 ? status : rows;
}

struct trim {
    struct service *s;
    time_us before_utc_us, utc_us;
    int64_t limit;
    int rows;
};

static int trim_chain(const char *chain, void *user)
{
    struct trim *t = user;
    bool held = false;
    int status = retention_held(t->s, chain, chain, &held);
    if (status < 0 || held)
        return status;
    status = audit_prune(t->s->store, chain, t->before_utc_us, t->limit, t->utc_us);
    t->rows += status > 0 ? status : 0;
    return status < 0 ? status : 0;
}

int retention_trim(struct service *s, time_us utc_us, int64_t limit)
{
    struct trim t = {.s = s,
                     .before_utc_us = ended_before(RETENTION_AUDIT, utc_us),
                     .utc_us = utc_us,
                     .limit = limit};
    int sessions = trim_sessions(s, utc_us, limit);
    int status = sessions < 0 ? sessions : audit_each_chain(s->store, trim_chain, &t);
    return status < 0 ? status : sessions + t.rows;
}

int retention_sweep(struct service *s, time_us utc_us)
{
    int status = retention_classify(s);
    if (status >= 0)
        status = delete_drafts(s, utc_us);
    if (status >= 0)
        status = trim_sessions(s, utc_us, TRIM_MAX);
    return status < 0 ? status : 0;
}
