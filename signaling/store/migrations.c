/* SPDX-License-Identifier: Apache-2.0 */
/* Applies numbered schema steps once each, and undoes them, and remembers their SHA-256, so that a
 * step edited after it was applied is found. Refuses to know what the steps do: whether one loses
 * something is seen by the shape before and after it. */
#include "signaling/store/migrations.h"
#include "shanqiao/error.h"
#include "signaling/store/shape.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define CHECKSUM_BYTES crypto_hash_sha256_BYTES

#define MAKE_VERSIONS                                                                              \
    "CREATE TABLE IF NOT EXISTS schema_version ("                                                  \
    "number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum BYTEA NOT NULL)"

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
    int status = s->ops->script(s->engine, m->sql);
    if (status < 0)
        return status;
    return STORE_RUN(s, "INSERT INTO schema_version (number, name, checksum) VALUES ($1, $2, $3)",
                     sv_int(m->number), sv_text(m->name), sv_bytes(sum, sizeof(sum)));
}

/* Looked at under the writer lock: another program may be at the same step. */
static int bring_up(struct store *s, const struct migration *m)
{
    int64_t newest = 0;
    int status = store_begin(s);
    if (status < 0)
        return status;
    status = newest_applied(s, &newest);
    if (status == 0)
        status = m->number <= newest ? check_applied(s, m) : apply(s, m);
    if (status >= 0)
        status = store_commit(s);
    store_rollback(s);
    return status < 0 ? status : 0;
}

static int read_newest(struct store *s, int64_t *newest)
{
    int status = store_begin(s); /* two programs that make the table at once would collide */
    if (status == 0)
        status = s->ops->script(s->engine, MAKE_VERSIONS);
    if (status == 0)
        status = newest_applied(s, newest);
    if (status == 0)
        status = store_commit(s);
    store_rollback(s);
    return status;
}

static int check_known(struct store *s, int64_t newest, size_t count)
{
    if (newest <= (int64_t)count)
        return 0;
    store_set_error(s,
                    "the database has schema %lld, this program knows %zu: "
                    "install the newer program",
                    (long long)newest, count);
    return SQ_ERR_UNSUPPORTED;
}

int migrations_run_list(struct store *s, const struct migration *list, size_t count)
{
    int64_t newest = 0;
    int status = read_newest(s, &newest);
    if (status == 0)
        status = check_known(s, newest, count);
    for (size_t i = 0; i < count && status == 0; i++)
        status = bring_up(s, &list[i]);
    return status;
}

int migrations_run(struct store *s)
{
    return migrations_run_list(s, migrations, migration_count);
}

int migrations_applied(struct store *s, int *number)
{
    int64_t newest = 0;
    int status = read_newest(s, &newest);
    *number = (int)newest;
    return status;
}

/* ---- back ---- */

/* Rows that are gone, or a column that is gone from rows that are there. */
static int check_kept(struct store *s, const struct shape *before, const struct shape *after,
                      const struct migration *m)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct shape_table *was = &before->tables[i], *is = shape_find(after, was->name);
        bool lost = was->rows > (is ? is->rows : 0);
        for (size_t c = 0; c < was->column_count && was->rows && is && !lost; c++)
            lost = !shape_has_column(is, was->columns[c].name);
        if (!lost || (!is && shape_is_seeded(was)))
            continue;
        store_set_error(s,
                        "going back behind step %d (%s) would lose what table %s holds (%lld rows)",
                        m->number, m->name, was->name, (long long)was->rows);
        return SQ_ERR_CONFLICT;
    }
    return 0;
}

static int undo(struct store *s, const struct migration *m, bool lose_data)
{
    struct shape *before = NULL, *after = NULL;
    int status = check_applied(s, m);
    if (status == 0)
        status = shape_read(s, &before);
    if (status == 0)
        status = s->ops->script(s->engine, m->down);
    if (status == 0)
        status = STORE_RUN(s, "DELETE FROM schema_version WHERE number = $1", sv_int(m->number));
    if (status >= 0)
        status = shape_read(s, &after);
    if (status == 0 && !lose_data)
        status = check_kept(s, before, after, m);
    free(before);
    free(after);
    return status;
}

static int bring_down(struct store *s, const struct migration *m, bool lose_data)
{
    int status = store_begin(s);
    if (status == 0)
        status = undo(s, m, lose_data);
    if (status == 0)
        status = store_commit(s);
    store_rollback(s);
    return status;
}

int migrations_move(struct store *s, int to, bool lose_data)
{
    int newest = 0;
    int status = migrations_applied(s, &newest);
    if (status == 0)
        status = check_known(s, newest, migration_count);
    if (status == 0 && to > newest)
        return migrations_run_list(s, migrations, (size_t)to);
    for (int number = newest; number > to && status == 0; number--)
        status = bring_down(s, &migrations[number - 1], lose_data);
    return status;
}
