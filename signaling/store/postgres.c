/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL behind struct store_ops, by libpq. Statements are prepared once a connection and run
 * with binary parameters; a result is taken whole, so that queries may nest.
 *
 * One writer at a time: begin takes an advisory lock that ends with the transaction, so that this
 * engine means what SQLite's BEGIN IMMEDIATE means. Handlers read, decide and write without row
 * locks and never meet a serialisation failure, and chains (the audit log's hash, an outbox's
 * numbers) need no care of their own. The price, one commit at a time, is what group commit pays
 * for all requests of a turn together. The lock is taken at READ COMMITTED: each statement after it
 * sees all that was committed before.
 *
 * Statements wait in libpq's pipeline until somebody wants to know what came of one of them: a
 * query for its first row, the end of a part, the commit. Then all travel at once, in order, and
 * none is carried out after one that failed. So what is written without being counted (store_later,
 * the borders of parts) costs no way of its own, and queries that are all begun before the first is
 * read share one. A part in which nothing is said costs nothing.
 *
 * A lost connection fails the running transaction; the next begin, or a read outside of one, makes
 * a new connection. A commit whose answer was lost counts as failed: whoever asks again under the
 * same idempotency key gets the stored reply if it stands. */
#include "signaling/store/postgres.h"

#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/store/postgres_connect.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITER_LOCK "5785410237849226081" /* any number: of this program, within the database */
#define PROBES_MAX  16

bool postgres_uri(const char *database)
{
    return strncmp(database, "postgresql://", 13) == 0 || strncmp(database, "postgres://", 11) == 0;
}

/* ---- transactions ---- */

static bool lost(const struct postgres_engine *e)
{
    return !e->db || PQstatus(e->db) != CONNECTION_OK;
}

static void engine_close(void *engine)
{
    struct postgres_engine *e = engine;
    postgres_disconnect(e);
    free(e->channel);
    free(e->uri);
    free(e);
}

/* Inside of a transaction only its own connection will do. */
static int ready(struct postgres_engine *e)
{
    if (!e->in_transaction && e->waiting == 0)
        return postgres_connect(e);
    if (!lost(e))
        return 0;
    store_set_error(e->store, "database: the connection was lost (PostgreSQL connection)");
    return SQ_ERR_STORE;
}

/* Of what waited: the failure is that of a statement long past, no answer to the one at hand. */
static int fail_late(struct postgres_engine *e, const PGresult *r)
{
    return postgres_fail(e, r) == SQ_ERR_NOMEM ? SQ_ERR_NOMEM : SQ_ERR_STORE;
}

static bool is_good(const PGresult *r)
{
    ExecStatusType type = PQresultStatus(r);
    return type == PGRES_COMMAND_OK || type == PGRES_TUPLES_OK || type == PGRES_EMPTY_QUERY;
}

/* Each has one result, and a NULL after it. */
static PGresult *take_result(struct postgres_engine *e)
{
    PGresult *r = PQgetResult(e->db), *more;
    while (r && (more = PQgetResult(e->db)))
        PQclear(more);
    return r;
}

/* Lets all that waits be carried out, and gives results to the cursors of those who want them. 0,
 * or what the first of them that failed did. */
static int settle(struct postgres_engine *e)
{
    int status = 0;
    if (e->waiting == 0)
        return 0;
    if (!PQpipelineSync(e->db))
        status = e->late = fail_late(e, NULL);
    for (int i = 0; i < e->waiting; i++) {
        struct postgres_cursor *c = e->line[i].cursor;
        PGresult *r = take_result(e);
        if (status == 0 && !is_good(r)) {
            status = fail_late(e, r);
            e->late = c ? e->late : status;
        }
        if (status == 0 && e->line[i].one && strcmp(PQcmdTuples(r), "1") != 0) {
            store_set_error(e->store, "database: a row was changed by another");
            status = e->late = SQ_ERR_CONFLICT;
        }
        if (c)
            *c = (struct postgres_cursor){.result = r, .row = -1};
        else
            PQclear(r);
    }
    e->waiting = 0;
    PQclear(PQgetResult(e->db)); /* of the sync */
    if (!PQexitPipelineMode(e->db) && status == 0)
        status = e->late = fail_late(e, NULL);
    return status;
}

static int open_line(struct postgres_engine *e)
{
    int status = e->waiting == POSTGRES_LINE ? settle(e) : 0;
    return status < 0 || PQenterPipelineMode(e->db) ? status : fail_late(e, NULL);
}

/* `sent`: what a PQsend... returned in the pipeline. */
static int stand_in_line(struct postgres_engine *e, int sent, struct postgres_waiting as)
{
    if (!sent)
        return fail_late(e, NULL);
    e->line[e->waiting++] = as;
    if (as.cursor)
        as.cursor->waits = true;
    return 0;
}

/* c (may be NULL): who wants to know what came of it. */
static int command_later(struct postgres_engine *e, const char *sql, struct postgres_cursor *c)
{
    int status = open_line(e);
    if (status < 0)
        return status;
    return stand_in_line(e, PQsendQueryParams(e->db, sql, 0, NULL, NULL, NULL, NULL, 1),
                         (struct postgres_waiting){.cursor = c});
}

static int engine_script(void *engine, const char *sql)
{
    struct postgres_engine *e = engine;
    int status = ready(e);
    if (status == 0)
        status = settle(e);
    return status < 0 ? status : postgres_script(e, sql);
}

static int engine_rollback(void *engine)
{
    struct postgres_engine *e = engine;
    e->in_transaction = false;
    e->part = POSTGRES_NO_PART;
    settle(e); /* whatever came of it */
    e->late = 0;
    if (!lost(e) && PQtransactionStatus(e->db) != PQTRANS_IDLE)
        PQclear(PQexec(e->db, "ROLLBACK"));
    return 0;
}

/* It travels with the first statement: store_begin has one, or settles. */
static int engine_begin(void *engine)
{
    struct postgres_engine *e = engine;
    int status = ready(e); /* reads that were asked for travel before it */
    e->late = 0;
    e->in_transaction = status == 0;
    if (status == 0)
        status = command_later(e, "BEGIN", NULL);
    if (status == 0)
        status = command_later(e, "SELECT pg_advisory_xact_lock(" WRITER_LOCK ")", NULL);
    if (status < 0)
        engine_rollback(e);
    return status;
}

static int engine_commit(void *engine)
{
    struct postgres_engine *e = engine;
    struct postgres_cursor c = {.row = -1};
    int status = ready(e);
    if (status == 0)
        status = e->late;
    if (status == 0)
        status = command_later(e, "COMMIT", &c);
    int settled = settle(e); /* in any case: c goes away */
    if (status == 0)
        status = settled;
    if (status == 0 && strcmp(PQcmdStatus(c.result), "COMMIT") != 0) {
        /* a statement had failed: it rolled back */
        store_set_error(e->store, "database: the transaction had failed (PostgreSQL 25P02)");
        status = SQ_ERR_STORE;
    }
    PQclear(c.result);
    e->in_transaction = status < 0;
    return status;
}

/* The part begins with its first statement. */
static int engine_part(void *engine, enum store_part what, const char *sql)
{
    struct postgres_engine *e = engine;
    int status = ready(e);
    bool begun = e->part == POSTGRES_PART;
    e->part = status == 0 && what == STORE_PART_BEGIN ? POSTGRES_PART_WANTED : POSTGRES_NO_PART;
    if (status < 0 || what == STORE_PART_BEGIN || !begun)
        return status;
    if (what == STORE_PART_KEEP)
        return e->late ? e->late : command_later(e, sql, NULL);
    settle(e); /* a failure in it is what this undoes */
    e->late = 0;
    return postgres_script(e, sql);
}

static int begin_part(struct postgres_engine *e)
{
    if (e->part != POSTGRES_PART_WANTED)
        return 0;
    e->part = POSTGRES_PART;
    return command_later(e, "SAVEPOINT part", NULL);
}

static int engine_settle(void *engine)
{
    struct postgres_engine *e = engine;
    int status = ready(e);
    if (status == 0)
        status = settle(e);
    return status == 0 ? e->late : status;
}

/* ---- statements ---- */

/* The statement's slot, or a free one to prepare it in; NULL: all around are taken. */
static struct postgres_slot *slot_of(struct postgres_engine *e, const char *sql,
                                     const uint8_t types[STORE_BINDS_MAX])
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
    for (const char *p = sql; *p; p++)
        hash = (hash ^ (uint8_t)*p) * UINT64_C(0x100000001B3);
    for (size_t i = 0; i < PROBES_MAX; i++) {
        struct postgres_slot *slot = &e->slots[(hash + i) & (POSTGRES_SLOTS - 1)];
        if (!slot->sql ||
            (memcmp(slot->types, types, STORE_BINDS_MAX) == 0 && strcmp(slot->sql, sql) == 0))
            return slot;
    }
    return NULL;
}

/* For want of a slot; at once. */
static int run_unprepared(struct postgres_engine *e, const char *sql,
                          const struct postgres_bound *b, size_t count, struct postgres_waiting as)
{
    PGresult *r =
        PQexecParams(e->db, sql, (int)count, b->types, b->values, b->lengths, b->formats, 1);
    int status = as.cursor || is_good(r) ? 0 : fail_late(e, r);
    if (status == 0 && as.one && strcmp(PQcmdTuples(r), "1") != 0)
        status = SQ_ERR_CONFLICT;
    e->late = status < 0 ? status : e->late;
    if (as.cursor)
        as.cursor->result = r;
    else
        PQclear(r);
    return status;
}

static int prepare_slot(struct postgres_engine *e, struct postgres_slot *slot, const char *name,
                        const char *sql, const struct postgres_bound *b, size_t count)
{
    char *copy = strdup(sql);
    if (!copy) {
        store_set_error(e->store, "out of memory");
        return SQ_ERR_NOMEM;
    }
    PGresult *r = PQprepare(e->db, name, sql, (int)count, b->types);
    int status = is_good(r) ? 0 : postgres_fail(e, r);
    PQclear(r);
    if (status < 0) {
        free(copy);
        return status;
    }
    memcpy(slot->types, b->signature, sizeof slot->types);
    slot->sql = copy;
    return 0;
}

/* The statement's slot, prepared, and its name; NULL: there is no room for one. */
static int take_slot(struct postgres_engine *e, const char *sql, const struct postgres_bound *b,
                     size_t count, struct postgres_slot **slot, char name[16])
{
    int status = begin_part(e);
    *slot = slot_of(e, sql, b->signature);
    if (status == 0 && (!*slot || !(*slot)->sql))
        status = settle(e);
    if (*slot)
        snprintf(name, 16, "s%d", (int)(*slot - e->slots));
    if (status == 0 && *slot && !(*slot)->sql)
        status = prepare_slot(e, *slot, name, sql, b, count);
    return status;
}

/* The result is there, or in line, where this returns 0. */
static int run(struct postgres_engine *e, const char *sql, const struct store_value *values,
               size_t count, struct postgres_waiting as)
{
    struct postgres_bound b;
    struct postgres_slot *slot = NULL;
    char name[16] = "";
    CHECK(count <= STORE_BINDS_MAX);
    int status = postgres_bind(&b, values, count);
    if (status == 0)
        status = ready(e);
    if (status == 0)
        status = take_slot(e, sql, &b, count, &slot, name);
    if (status == 0 && !slot)
        status = settle(e);
    if (status < 0)
        return status;
    if (!slot)
        return run_unprepared(e, sql, &b, count, as);
    status = open_line(e);
    if (status < 0)
        return status;
    return stand_in_line(
        e, PQsendQueryPrepared(e->db, name, (int)count, b.values, b.lengths, b.formats, 1), as);
}

static int engine_later(void *engine, const char *sql, const struct store_value *values,
                        size_t count, bool one)
{
    struct postgres_engine *e = engine;
    CHECK(e->in_transaction);
    return run(e, sql, values, count, (struct postgres_waiting){.one = one});
}

static void engine_finish(void *engine, void *cursor)
{
    struct postgres_engine *e = engine;
    struct postgres_cursor *c = cursor;
    for (int i = 0; c->waits && i < e->waiting; i++) {
        if (e->line[i].cursor == c)
            e->line[i].cursor = NULL; /* nobody asks for it any more */
    }
    PQclear(c->result);
    free(c);
}

static int engine_prepare(void *engine, const char *sql, const struct store_value *values,
                          size_t count, void **cursor)
{
    struct postgres_engine *e = engine;
    struct postgres_cursor *c = calloc(1, sizeof *c);
    if (!c) {
        store_set_error(e->store, "out of memory");
        return SQ_ERR_NOMEM;
    }
    c->row = -1;
    int status = run(e, sql, values, count, (struct postgres_waiting){.cursor = c});
    if (status < 0) {
        engine_finish(e, c);
        return status;
    }
    *cursor = c;
    return 0;
}

static int engine_step(void *engine, void *cursor)
{
    struct postgres_engine *e = engine;
    struct postgres_cursor *c = cursor;
    if (c->waits)
        settle(e); /* c has what came of it, and e->late what nobody asked for */
    if (PQresultStatus(c->result) == PGRES_PIPELINE_ABORTED)
        return SQ_ERR_STORE; /* by the failure of one before it, which settle told */
    if (c->row < 0 && !is_good(c->result))
        return postgres_fail(e, c->result);
    if (c->row < 0)
        e->changed = strtoll(PQcmdTuples(c->result), NULL, 10);
    if (c->row + 1 >= PQntuples(c->result))
        return 0;
    c->row++;
    return 1;
}

static int64_t engine_changed(void *engine)
{
    return ((struct postgres_engine *)engine)->changed;
}

/* ---- what other nodes say ---- */

static int engine_listen(void *engine, const char *channel)
{
    struct postgres_engine *e = engine;
    CHECK(!e->channel && !e->in_transaction);
    e->channel = strdup(channel);
    if (!e->channel)
        return SQ_ERR_NOMEM;
    postgres_disconnect(e); /* the next one listens from its start */
    e->was_up = false;
    return postgres_connect(e);
}

static int engine_notify(void *engine, const char *channel, const char *text)
{
    const struct store_value values[] = {sv_text(channel), sv_text(text)};
    void *cursor = NULL;
    int status = engine_prepare(engine, "SELECT pg_notify($1, $2)", values, 2, &cursor);
    if (status == 0)
        engine_finish(engine, cursor);
    return status;
}

static int engine_fd(void *engine)
{
    struct postgres_engine *e = engine;
    return lost(e) ? -1 : PQsocket(e->db);
}

static bool engine_notice(void *engine, char *text, size_t size)
{
    struct postgres_engine *e = engine;
    text[0] = '\0';
    if (e->reconnected) { /* what was said meanwhile is lost */
        e->reconnected = false;
        return true;
    }
    if (lost(e) || !PQconsumeInput(e->db))
        return false;
    PGnotify *notice = PQnotifies(e->db);
    if (notice)
        snprintf(text, size, "%s", notice->extra);
    PQfreemem(notice);
    return notice != NULL;
}

static const struct store_ops postgres_ops = {
    .close = engine_close,
    .begin = engine_begin,
    .commit = engine_commit,
    .rollback = engine_rollback,
    .script = engine_script,
    .part = engine_part,
    .later = engine_later,
    .settle = engine_settle,
    .prepare = engine_prepare,
    .step = engine_step,
    .changed = engine_changed,
    .finish = engine_finish,
    .is_null = postgres_is_null,
    .get_int = postgres_int,
    .get_text = postgres_text,
    .get_bytes = postgres_bytes,
    .columns_sql = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT),"
                   " CAST(data_type AS TEXT) FROM information_schema.columns"
                   " WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position",
    .references_sql =
        "SELECT CAST(a.relname AS TEXT), CAST(b.relname AS TEXT) FROM pg_constraint c"
        " JOIN pg_class a ON a.oid = c.conrelid JOIN pg_class b ON b.oid = c.confrelid"
        " WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace",
    .listen = engine_listen,
    .notify = engine_notify,
    .fd = engine_fd,
    .notice = engine_notice,
};

int postgres_engine_open(struct store *s, const char *uri)
{
    struct postgres_engine *e = calloc(1, sizeof *e);
    if (e)
        e->uri = strdup(uri);
    if (!e || !e->uri) {
        free(e);
        store_set_error(s, "out of memory");
        return SQ_ERR_NOMEM;
    }
    e->store = s;
    int status = postgres_connect(e);
    if (status < 0) {
        engine_close(e);
        return status;
    }
    s->ops = &postgres_ops;
    s->engine = e;
    return 0;
}
