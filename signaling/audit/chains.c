/* SPDX-License-Identifier: Apache-2.0 */
/* The chains as a whole: which there are, and what is taken from their beginning when its time is
 * over. */
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct names {
    char (*ids)[ID_MAX];
    size_t count, capacity;
};

static int add_name(struct names *n, const char *id)
{
    if (n->count == n->capacity) {
        size_t capacity = n->capacity ? 2 * n->capacity : 64;
        char(*grown)[ID_MAX] = reallocarray(n->ids, capacity, sizeof(*grown));
        if (!grown)
            return SQ_ERR_NOMEM;
        n->ids = grown;
        n->capacity = capacity;
    }
    snprintf(n->ids[n->count++], ID_MAX, "%s", id ? id : "");
    return 0;
}

int audit_each_chain(struct store *store, int (*each)(const char *chain, void *user), void *user)
{
    struct store_query q;
    struct names names = {0};
    int status = 0;
    store_query(store, &q,
                "SELECT chain FROM audit_chain UNION SELECT chain FROM audit"
                " UNION SELECT object FROM audit WHERE chain = '' AND act = '" AUDIT_BEGIN
                "' ORDER BY 1",
                NULL, 0);
    while (status == 0 && store_next(&q))
        status = add_name(&names, store_text(&q, 0));
    int ended = store_query_end(&q);
    if (status == 0)
        status = ended;
    for (size_t i = 0; i < names.count && status == 0; i++)
        status = each(names.ids[i], user);
    free(names.ids);
    return status;
}

/* The last row that may go: older than the term, before any younger one, and never the head. */
static int last_to_go(struct store *store, const char *chain, time_us before_utc_us, int64_t limit,
                      struct audit_head *out)
{
    struct store_query q;
    *out = (struct audit_head){0};
    STORE_QUERY(store, &q,
                "SELECT a.number, a.hash FROM audit a JOIN audit_chain c ON c.chain = a.chain"
                " WHERE a.chain = $1 AND a.number < c.number AND a.number <= c.base_number + $3"
                " AND a.number < COALESCE((SELECT MIN(b.number) FROM audit b"
                "  WHERE b.chain = $1 AND b.at_us >= $2), c.number)"
                " ORDER BY a.number DESC LIMIT 1",
                sv_text(chain), sv_int(before_utc_us), sv_int(limit));
    if (store_next(&q)) {
        size_t len = 0;
        const void *hash = store_bytes(&q, 1, &len);
        out->number = store_int(&q, 0);
        if (hash && len == sizeof(out->hash))
            memcpy(out->hash, hash, len);
    }
    return store_query_end(&q);
}

/* What the installation's chain says of the other chains is said again before it is taken away. */
static int say_again(struct store *store, int64_t last, time_us utc_us)
{
    struct store_query q;
    struct names objects = {0}, chains = {0};
    int status = 0;
    STORE_QUERY(store, &q,
                "SELECT a.act, a.object FROM audit a WHERE a.chain = '' AND a.number <= $1"
                " AND (a.act = '" AUDIT_BEGIN "' OR a.act = '" AUDIT_PRUNE "')"
                " AND a.number = (SELECT MAX(b.number) FROM audit b WHERE b.chain = ''"
                "  AND b.act = a.act AND b.object = a.object) AND a.object <> ''",
                sv_int(last));
    while (status == 0 && store_next(&q)) {
        bool begin = strcmp(store_text(&q, 0), AUDIT_BEGIN) == 0;
        status = add_name(begin ? &chains : &objects, store_text(&q, 1));
    }
    int ended = store_query_end(&q);
    if (status == 0)
        status = ended;
    for (size_t i = 0; i < chains.count && status == 0; i++) {
        struct audit_act row = {
            .utc_us = utc_us, .act = AUDIT_BEGIN, .object = chains.ids[i], .chain = ""};
        status = audit_append(store, &row);
    }
    for (size_t i = 0; i < objects.count && status == 0; i++)
        status = audit_vouch(store, objects.ids[i], utc_us);
    free(objects.ids);
    free(chains.ids);
    return status;
}

int audit_vouch(struct store *store, const char *chain, time_us utc_us)
{
    struct store_query q;
    struct audit_head base = {0};
    char detail[AUDIT_HEAD_SIZE];
    STORE_QUERY(store, &q, "SELECT base_number, base_hash FROM audit_chain WHERE chain = $1",
                sv_text(chain));
    if (store_next(&q)) {
        size_t len = 0;
        const void *hash = store_bytes(&q, 1, &len);
        base.number = store_int(&q, 0);
        if (hash && len == sizeof(base.hash))
            memcpy(base.hash, hash, len);
    }
    int status = store_query_end(&q);
    struct audit_act row = {.utc_us = utc_us,
                            .act = AUDIT_PRUNE,
                            .object = chain,
                            .detail = audit_head_text(&base, detail),
                            .chain = ""};
    return status < 0 ? status : audit_append(store, &row);
}

int audit_prune(struct store *store, const char *chain, time_us before_utc_us, int64_t limit,
                time_us utc_us)
{
    struct audit_head last;
    int status = last_to_go(store, chain, before_utc_us, limit, &last);
    if (status < 0 || last.number == 0)
        return status;
    if (!chain[0])
        status = say_again(store, last.number, utc_us);
    if (status >= 0)
        status = STORE_RUN(
            store, "UPDATE audit_chain SET base_number = $1, base_hash = $2 WHERE chain = $3",
            sv_int(last.number), sv_bytes(last.hash, sizeof(last.hash)), sv_text(chain));
    if (status >= 0)
        status = audit_vouch(store, chain, utc_us);
    if (status < 0)
        return status;
    return STORE_RUN(store, "DELETE FROM audit WHERE chain = $1 AND number <= $2", sv_text(chain),
                     sv_int(last.number));
}
