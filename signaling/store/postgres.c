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
 * Statements whose result nobody asks for (store_later, the borders of parts) wait in libpq's
 * pipeline and travel with the next one that somebody waits for, or with the commit: in order, and
 * none after one that failed. A part in which nothing is said costs nothing.
 *
 * A lost connection fails the running transaction; the next begin, or a read outside of one, makes
 * a new connection. A commit whose answer was lost counts as failed: whoever asks again under the
 * same idempotency key gets the stored reply if it stands. */
#include "signaling/store/postgres.h"

#include "base/bytes.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/store/postgres_connect.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITER_LOCK "5785410237849226081" /* any number: of this program, within the database */
#define PROBES_MAX  16
#define WAITING_MAX 64 /* their results (some 20 bytes each) fit any socket's buffer */

/* Type numbers of PostgreSQL's catalogue (pg_type.dat); they never change. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_NUMERIC = 1700
};

/* A result being walked. */
struct cursor {
    PGresult *result;
    int row;         /* -1: before the first */
    char number[24]; /* of get_text on a number */
};

/* Parameters as libpq wants them. */
struct bound {
    Oid types[STORE_BINDS_MAX];
    const char *values[STORE_BINDS_MAX];
    int lengths[STORE_BINDS_MAX], formats[STORE_BINDS_MAX];
    uint8_t integers[STORE_BINDS_MAX][8];
    uint8_t signature[STORE_BINDS_MAX]; /* enum store_type of each */
};

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
    if (!e->in_transaction)
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

/* Lets all that waits be carried out. `last` (may be NULL): the result of the last, good or not, if
 * those before it were good; the caller's. */
static int settle(struct postgres_engine *e, PGresult **last)
{
    int status = 0;
    if (last)
        *last = NULL;
    if (e->waiting == 0)
        return 0;
    if (!PQpipelineSync(e->db))
        status = fail_late(e, NULL);
    for (; e->waiting > 0; e->waiting--) {
        PGresult *r = PQgetResult(e->db), *more;
        while (r && (more = PQgetResult(e->db)))
            PQclear(more); /* none: each has one result, and a NULL after it */
        if (last && e->waiting == 1 && status == 0) {
            *last = r;
            continue;
        }
        if (status == 0 && !is_good(r))
            status = fail_late(e, r);
        PQclear(r);
    }
    PQclear(PQgetResult(e->db)); /* of the sync */
    if (!PQexitPipelineMode(e->db) && status == 0)
        status = fail_late(e, NULL);
    if (status < 0 && last) {
        PQclear(*last);
        *last = NULL;
    }
    return status;
}

/* `sent`: what a PQsend... returned in the pipeline. */
static int wait_in_line(struct postgres_engine *e, int sent)
{
    if (!sent)
        return fail_late(e, NULL);
    e->waiting++;
    return 0;
}

static int command_later(struct postgres_engine *e, const char *sql)
{
    if (!PQenterPipelineMode(e->db))
        return fail_late(e, NULL);
    return wait_in_line(e, PQsendQueryParams(e->db, sql, 0, NULL, NULL, NULL, NULL, 1));
}

static int engine_script(void *engine, const char *sql)
{
    struct postgres_engine *e = engine;
    int status = ready(e);
    if (status == 0)
        status = settle(e, NULL);
    return status < 0 ? status : postgres_script(e, sql);
}

static int engine_rollback(void *engine)
{
    struct postgres_engine *e = engine;
    e->in_transaction = false;
    e->part = POSTGRES_NO_PART;
    settle(e, NULL); /* whatever came of it */
    if (!lost(e) && PQtransactionStatus(e->db) != PQTRANS_IDLE)
        PQclear(PQexec(e->db, "ROLLBACK"));
    return 0;
}

static int begin_once(struct postgres_engine *e)
{
    int status = postgres_connect(e);
    if (status == 0)
        status = postgres_script(e, "BEGIN; SELECT pg_advisory_xact_lock(" WRITER_LOCK ")");
    if (status < 0)
        engine_rollback(e);
    return status;
}

static int engine_begin(void *engine)
{
    struct postgres_engine *e = engine;
    int status = begin_once(e);
    if (status < 0 && e->db && lost(e)) /* the server ended it while it idled: nothing had begun */
        status = begin_once(e);
    e->in_transaction = status == 0;
    return status;
}

static int engine_commit(void *engine)
{
    struct postgres_engine *e = engine;
    int status = ready(e);
    if (status < 0)
        return status;
    PGresult *r = NULL;
    if (e->waiting == 0) {
        r = PQexec(e->db, "COMMIT");
    } else {
        status = command_later(e, "COMMIT");
        if (status == 0)
            status = settle(e, &r);
        if (status < 0)
            return status;
    }
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
        status = postgres_fail(e, r);
    } else if (strcmp(PQcmdStatus(r), "COMMIT") != 0) { /* a statement had failed: it rolled back */
        store_set_error(e->store, "database: the transaction had failed (PostgreSQL 25P02)");
        status = SQ_ERR_STORE;
    }
    PQclear(r);
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
        return command_later(e, sql);
    settle(e, NULL); /* a failure in it is what this undoes */
    return postgres_script(e, sql);
}

static int begin_part(struct postgres_engine *e)
{
    if (e->part != POSTGRES_PART_WANTED)
        return 0;
    e->part = POSTGRES_PART;
    return command_later(e, "SAVEPOINT part");
}

static int engine_settle(void *engine)
{
    struct postgres_engine *e = engine;
    int status = ready(e);
    return status < 0 ? status : settle(e, NULL);
}

/* ---- statements ---- */

static int bind(struct bound *b, const struct store_value *values, size_t count)
{
    memset(b->signature, 0, sizeof b->signature);
    for (size_t i = 0; i < count; i++) {
        const struct store_value *v = &values[i];
        if (v->len_bytes > INT32_MAX)
            return SQ_ERR_LIMIT;
        b->types[i] = v->type == STORE_INT     ? OID_INT8
                      : v->type == STORE_TEXT  ? OID_TEXT
                      : v->type == STORE_BYTES ? OID_BYTEA
                                               : 0; /* null: what the place wants */
        b->formats[i] = 1;                          /* binary: text is its bytes */
        b->lengths[i] = v->type == STORE_INT ? 8 : (int)v->len_bytes;
        bytes_put_u64(b->integers[i], (uint64_t)v->integer);
        b->values[i] = v->type == STORE_INT    ? (const char *)b->integers[i]
                       : v->type == STORE_NULL ? NULL
                                               : v->data;
        b->signature[i] = (uint8_t)v->type;
    }
    return 0;
}

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

static PGresult *run_unprepared(struct postgres_engine *e, const char *sql, const struct bound *b,
                                size_t count)
{
    return PQexecParams(e->db, sql, (int)count, b->types, b->values, b->lengths, b->formats, 1);
}

static int prepare_slot(struct postgres_engine *e, struct postgres_slot *slot, const char *name,
                        const char *sql, const struct bound *b, size_t count)
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
static int take_slot(struct postgres_engine *e, const char *sql, const struct bound *b,
                     size_t count, struct postgres_slot **slot, char name[16])
{
    int status = begin_part(e);
    *slot = slot_of(e, sql, b->signature);
    if (status == 0 && (!*slot || !(*slot)->sql))
        status = settle(e, NULL);
    if (*slot)
        snprintf(name, 16, "s%d", (int)(*slot - e->slots));
    if (status == 0 && *slot && !(*slot)->sql)
        status = prepare_slot(e, *slot, name, sql, b, count);
    return status;
}

static int send_prepared(struct postgres_engine *e, const char *name, const struct bound *b,
                         size_t count)
{
    return wait_in_line(
        e, PQsendQueryPrepared(e->db, name, (int)count, b->values, b->lengths, b->formats, 1));
}

/* *out: its result, good or not. */
static int run(struct postgres_engine *e, const char *sql, const struct bound *b, size_t count,
               PGresult **out)
{
    char name[16] = "";
    struct postgres_slot *slot;
    int status = take_slot(e, sql, b, count, &slot, name);
    *out = NULL;
    if (status < 0)
        return status;
    if (!slot) {
        *out = run_unprepared(e, sql, b, count);
        return 0;
    }
    if (e->waiting == 0) {
        *out = PQexecPrepared(e->db, name, (int)count, b->values, b->lengths, b->formats, 1);
        return 0;
    }
    status = send_prepared(e, name, b, count);
    return status < 0 ? status : settle(e, out);
}

static int engine_later(void *engine, const char *sql, const struct store_value *values,
                        size_t count)
{
    struct postgres_engine *e = engine;
    struct postgres_slot *slot;
    struct bound b;
    char name[16] = "";
    CHECK(count <= STORE_BINDS_MAX && e->in_transaction);
    int status = bind(&b, values, count);
    if (status == 0)
        status = ready(e);
    if (status == 0)
        status = take_slot(e, sql, &b, count, &slot, name);
    if (status < 0)
        return status;
    if (!slot) {
        PGresult *r = run_unprepared(e, sql, &b, count);
        status = is_good(r) ? 0 : postgres_fail(e, r);
        PQclear(r);
        return status;
    }
    if (!PQenterPipelineMode(e->db))
        return fail_late(e, NULL);
    status = send_prepared(e, name, &b, count);
    return status == 0 && e->waiting >= WAITING_MAX ? settle(e, NULL) : status;
}

static int engine_prepare(void *engine, const char *sql, const struct store_value *values,
                          size_t count, void **cursor)
{
    struct postgres_engine *e = engine;
    struct bound b;
    CHECK(count <= STORE_BINDS_MAX);
    int status = bind(&b, values, count);
    if (status == 0)
        status = ready(e);
    if (status < 0)
        return status;
    struct cursor *c = calloc(1, sizeof *c);
    if (!c) {
        store_set_error(e->store, "out of memory");
        return SQ_ERR_NOMEM;
    }
    c->row = -1;
    status = run(e, sql, &b, count, &c->result);
    if (status == 0 && !is_good(c->result))
        status = postgres_fail(e, c->result);
    if (status < 0) {
        PQclear(c->result);
        free(c);
        return status;
    }
    e->changed = strtoll(PQcmdTuples(c->result), NULL, 10);
    *cursor = c;
    return 0;
}

static int engine_step(void *engine, void *cursor)
{
    struct cursor *c = cursor;
    (void)engine;
    if (c->row + 1 >= PQntuples(c->result))
        return 0;
    c->row++;
    return 1;
}

static int64_t engine_changed(void *engine)
{
    return ((struct postgres_engine *)engine)->changed;
}

static void engine_finish(void *engine, void *cursor)
{
    struct cursor *c = cursor;
    (void)engine;
    PQclear(c->result);
    free(c);
}

/* ---- columns ---- */

static bool engine_is_null(void *cursor, int column)
{
    struct cursor *c = cursor;
    return PQgetisnull(c->result, c->row, column);
}

/* What SUM of a BIGINT gives: numeric's binary form (numeric_send), digits to base 10000, cut to
 * the whole part. */
static int64_t whole_of_numeric(const uint8_t *p)
{
    int digits = bytes_get_u16(p), weight = (int16_t)bytes_get_u16(p + 2);
    int64_t value = 0;
    for (int i = 0; i <= weight; i++)
        value = value * 10000 + (i < digits ? bytes_get_u16(p + 8 + 2 * i) : 0);
    return bytes_get_u16(p + 4) == 0x4000 ? -value : value;
}

static int64_t engine_get_int(void *cursor, int column)
{
    struct cursor *c = cursor;
    const uint8_t *p = (const uint8_t *)PQgetvalue(c->result, c->row, column);
    if (engine_is_null(c, column))
        return 0;
    switch (PQftype(c->result, column)) {
    case OID_INT8:
        return (int64_t)bytes_get_u64(p);
    case OID_INT4:
        return (int32_t)bytes_get_u32(p);
    case OID_INT2:
        return (int16_t)bytes_get_u16(p);
    case OID_BOOL:
        return *p;
    case OID_NUMERIC:
        return whole_of_numeric(p);
    default:
        return strtoll((const char *)p, NULL, 10);
    }
}

static bool is_number(const struct cursor *c, int column)
{
    Oid type = PQftype(c->result, column);
    return type == OID_INT8 || type == OID_INT4 || type == OID_INT2 || type == OID_BOOL ||
           type == OID_NUMERIC;
}

static const char *engine_get_text(void *cursor, int column)
{
    struct cursor *c = cursor;
    if (engine_is_null(c, column))
        return NULL;
    if (!is_number(c, column))
        return PQgetvalue(c->result, c->row, column); /* libpq ends each value with a zero */
    snprintf(c->number, sizeof c->number, "%lld", (long long)engine_get_int(c, column));
    return c->number;
}

static const void *engine_get_bytes(void *cursor, int column, size_t *len_bytes)
{
    struct cursor *c = cursor;
    *len_bytes = (size_t)PQgetlength(c->result, c->row, column);
    return *len_bytes ? PQgetvalue(c->result, c->row, column) : NULL;
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
    .is_null = engine_is_null,
    .get_int = engine_get_int,
    .get_text = engine_get_text,
    .get_bytes = engine_get_bytes,
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
