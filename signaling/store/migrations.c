/* SPDX-License-Identifier: Apache-2.0 */
/* Applies numbered schema steps once each and remembers their SHA-256, so that a step edited after
 * it was applied is found. Refuses to know what the steps do. */
#include "signaling/store/migrations.h"
#include "shanqiao/error.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <string.h>

#define CHECKSUM_BYTES crypto_hash_sha256_BYTES

static int newest_applied(struct store *s, int64_t *number)
{
    struct store_query q;
    store_query(s, &q, "SELECT COALESCE(MAX(number), 0) FROM schema_version", NULL, 0);
    *number = store_next(&q) ? store_int(&q, 0) : 0;
    return store_query_end(&q);
}

static int check_applied(struct store *s, const struct migration *m)
{
    uint8_t sum[CHECKSUM_BYTES];
    struct store_query q;
    size_t len = 0;
    crypto_hash_sha256(sum, (const uint8_t *)m->sql, strlen(m->sql));
    STORE_QUERY(s, &q, "SELECT checksum FROM schema_version WHERE number = $1", sv_int(m->number));
    bool found = store_next(&q);
    const void *stored = found ? store_bytes(&q, 0, &len) : NULL;
    bool same = stored && len == sizeof(sum) && memcmp(stored, sum, len) == 0;
    int status = store_query_end(&q);
    if (status == 0 && !same) {
        store_set_error(s,
                        "schema step %d (%s) is not the one that made this database; "
                        "use the program that made it, or restore a backup",
                        m->number, m->name);
        return SQ_ERR_STORE;
    }
    return status;
}

static int apply(struct store *s, const struct migration *m)
{
    uint8_t sum[CHECKSUM_BYTES];
    crypto_hash_sha256(sum, (const uint8_t *)m->sql, strlen(m->sql));
    int status = store_begin(s);
    if (status < 0)
        return status;
    status = s->ops->script(s->engine, m->sql);
    if (status == 0)
        status = STORE_RUN(s,
                           "INSERT INTO schema_version (number, name, checksum) "
                           "VALUES ($1, $2, $3)",
                           sv_int(m->number), sv_text(m->name), sv_bytes(sum, sizeof(sum)));
    if (status >= 0)
        status = store_commit(s);
    if (status < 0)
        store_rollback(s);
    return status < 0 ? status : 0;
}

int migrations_run_list(struct store *s, const struct migration *list, size_t count)
{
    int64_t newest = 0;
    int status = s->ops->script(s->engine, "CREATE TABLE IF NOT EXISTS schema_version ("
                                           "number BIGINT PRIMARY KEY, name TEXT NOT NULL,"
                                           "checksum BYTEA NOT NULL)");
    if (status == 0)
        status = newest_applied(s, &newest);
    if (status < 0)
        return status;
    if (newest > (int64_t)count) {
        store_set_error(s,
                        "the database has schema %lld, this program knows %zu: "
                        "install the newer program",
                        (long long)newest, count);
        return SQ_ERR_UNSUPPORTED;
    }
    for (size_t i = 0; i < count && status == 0; i++)
        status = list[i].number <= newest ? check_applied(s, &list[i]) : apply(s, &list[i]);
    return status;
}

int migrations_run(struct store *s)
{
    return migrations_run_list(s, migrations, migration_count);
}
