/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded engine: SQLite 3 behind struct store_ops. What commit returned 0 for was synced: WAL
 * with synchronous=FULL syncs the log at every commit (sqlite.org/pragma.html#pragma_synchronous).
 * Prepared statements are kept in a small direct-mapped cache. Refuses to know any table. */
#include "signaling/store/sqlite.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CACHE_SLOTS     256
#define BUSY_TIMEOUT_MS 5000 /* shanqiaoctl may hold the write lock for a moment */

struct slot {
    sqlite3_stmt *statement;
    bool busy;
};

struct sqlite_engine {
    sqlite3 *db;
    struct store *store; /* for the error text */
    struct slot cache[CACHE_SLOTS];
};

static int fail(struct sqlite_engine *e, int code)
{
    int extended = sqlite3_extended_errcode(e->db);
    store_set_error(e->store, "database: %s (SQLite %d)", sqlite3_errmsg(e->db), extended);
    if ((code & 0xff) == SQLITE_NOMEM)
        return SQ_ERR_NOMEM;
    if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)
        return SQ_ERR_CONFLICT;
    return SQ_ERR_STORE;
}

static struct slot *slot_of(struct sqlite_engine *e, const char *sql)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *p = sql; *p; p++)
        hash = (hash ^ (uint8_t)*p) * 16777619u;
    return &e->cache[hash % CACHE_SLOTS];
}

static void engine_close(void *engine)
{
    struct sqlite_engine *e = engine;
    for (size_t i = 0; i < CACHE_SLOTS; i++)
        sqlite3_finalize(e->cache[i].statement);
    sqlite3_close(e->db);
    free(e);
}

static int engine_script(void *engine, const char *sql)
{
    struct sqlite_engine *e = engine;
    int code = sqlite3_exec(e->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : fail(e, code);
}

static int engine_begin(void *engine)
{
    return engine_script(engine, "BEGIN IMMEDIATE");
}

static int engine_commit(void *engine)
{
    return engine_script(engine, "COMMIT");
}

static int engine_rollback(void *engine)
{
    struct sqlite_engine *e = engine;
    if (!sqlite3_get_autocommit(e->db)) /* some errors roll back by themselves */
        sqlite3_exec(e->db, "ROLLBACK", NULL, NULL, NULL);
    return 0;
}

static void engine_finish(void *engine, void *cursor)
{
    struct sqlite_engine *e = engine;
    sqlite3_stmt *statement = cursor;
    struct slot *slot = slot_of(e, sqlite3_sql(statement));
    if (slot->statement != statement) {
        sqlite3_finalize(statement);
        return;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    slot->busy = false;
}

static int take_statement(struct sqlite_engine *e, const char *sql, sqlite3_stmt **out)
{
    struct slot *slot = slot_of(e, sql);
    if (slot->statement && !slot->busy && strcmp(sqlite3_sql(slot->statement), sql) == 0) {
        slot->busy = true;
        *out = slot->statement;
        return SQLITE_OK;
    }
    unsigned flags = slot->busy ? 0 : SQLITE_PREPARE_PERSISTENT;
    int code = sqlite3_prepare_v3(e->db, sql, -1, flags, out, NULL);
    if (code == SQLITE_OK && !slot->busy) {
        sqlite3_finalize(slot->statement);
        *slot = (struct slot){.statement = *out, .busy = true};
    }
    return code;
}

/* The caller keeps the values alive only for the call, so they are copied; blobs of length 0 need a
 * pointer. */
static int bind_value(sqlite3_stmt *statement, int index, const struct store_value *v)
{
    switch (v->type) {
    case STORE_INT:
        return sqlite3_bind_int64(statement, index, v->integer);
    case STORE_TEXT:
        return sqlite3_bind_text64(statement, index, v->data, v->len_bytes, SQLITE_TRANSIENT,
                                   SQLITE_UTF8);
    case STORE_BYTES:
        return sqlite3_bind_blob64(statement, index, v->data, v->len_bytes, SQLITE_TRANSIENT);
    default:
        return sqlite3_bind_null(statement, index);
    }
}

static int engine_prepare(void *engine, const char *sql, const struct store_value *values,
                          size_t count, void **cursor)
{
    struct sqlite_engine *e = engine;
    sqlite3_stmt *statement = NULL;
    CHECK(count <= STORE_BINDS_MAX);
    int code = take_statement(e, sql, &statement);
    if (code != SQLITE_OK)
        return fail(e, code);
    CHECK((size_t)sqlite3_bind_parameter_count(statement) == count);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
        char name[24];
        snprintf(name, sizeof(name), "$%u", (unsigned)i + 1);
        int index = sqlite3_bind_parameter_index(statement, name);
        CHECK(index > 0);
        code = bind_value(statement, index, &values[i]);
    }
    if (code != SQLITE_OK) {
        int status = fail(e, code);
        engine_finish(e, statement);
        return status;
    }
    *cursor = statement;
    return 0;
}

static int engine_step(void *engine, void *cursor)
{
    struct sqlite_engine *e = engine;
    int code = sqlite3_step(cursor);
    if (code == SQLITE_ROW)
        return 1;
    return code == SQLITE_DONE ? 0 : fail(e, code);
}

static int64_t engine_changed(void *engine)
{
    struct sqlite_engine *e = engine;
    return sqlite3_changes64(e->db);
}

static bool engine_is_null(void *cursor, int column)
{
    return sqlite3_column_type(cursor, column) == SQLITE_NULL;
}

static int64_t engine_get_int(void *cursor, int column)
{
    return sqlite3_column_int64(cursor, column);
}

static const char *engine_get_text(void *cursor, int column)
{
    return (const char *)sqlite3_column_text(cursor, column);
}

static const void *engine_get_bytes(void *cursor, int column, size_t *len_bytes)
{
    const void *data = sqlite3_column_blob(cursor, column);
    *len_bytes = (size_t)sqlite3_column_bytes(cursor, column);
    return data;
}

/* sqlite.org/pragma.html#pragma_wal_checkpoint: a reader of another program may keep it from
 * emptying the log; the next checkpoint does. */
static int engine_scrub(void *engine)
{
    return engine_script(engine, "PRAGMA wal_checkpoint(TRUNCATE)");
}

static const struct store_ops sqlite_ops = {
    .close = engine_close,
    .begin = engine_begin,
    .commit = engine_commit,
    .rollback = engine_rollback,
    .script = engine_script,
    .prepare = engine_prepare,
    .step = engine_step,
    .changed = engine_changed,
    .finish = engine_finish,
    .is_null = engine_is_null,
    .get_int = engine_get_int,
    .get_text = engine_get_text,
    .get_bytes = engine_get_bytes,
    .columns_sql = "SELECT t.name, c.name, c.type FROM sqlite_master t"
                   " JOIN pragma_table_info(t.name) c"
                   " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid",
    .references_sql = "SELECT t.name, f.\"table\" FROM sqlite_master t"
                      " JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
    .scrub = engine_scrub,
};

/* First column of the first row as text into `out`; "" when there is none. */
static int ask(struct sqlite_engine *e, const char *sql, char *out, size_t size)
{
    sqlite3_stmt *statement = NULL;
    out[0] = '\0';
    int code = sqlite3_prepare_v2(e->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        snprintf(out, size, "%s", text ? text : "");
        code = SQLITE_OK;
    }
    int status = code == SQLITE_OK || code == SQLITE_DONE ? 0 : fail(e, code);
    sqlite3_finalize(statement);
    return status;
}

static int set_up(struct sqlite_engine *e, bool in_memory)
{
    char answer[160];
    sqlite3_busy_timeout(e->db, BUSY_TIMEOUT_MS);
    int status = ask(e, "PRAGMA journal_mode = WAL", answer, sizeof(answer));
    if (status < 0)
        return status;
    if (!in_memory && strcmp(answer, "wal") != 0) {
        store_set_error(e->store, "database: this file system can't hold a write-ahead log; "
                                  "put the database on a local disk");
        return SQ_ERR_STORE;
    }
    status = engine_script(e, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                              "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
                              "PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON;");
    if (status == 0)
        status = ask(e, "PRAGMA quick_check(1)", answer, sizeof(answer));
    if (status == 0 && strcmp(answer, "ok") != 0) {
        store_set_error(e->store, "database is damaged (%.120s); restore the last backup", answer);
        return SQ_ERR_STORE;
    }
    return status;
}

/* Made by us and not by SQLite, so that it never is readable by others; the log files take over its
 * mode. */
static int make_private_file(struct store *s, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        store_set_error(s, "database: can't open or create the file: %s", strerror(errno));
        return SQ_ERR_STORE;
    }
    close(fd);
    return 0;
}

int sqlite_engine_open(struct store *s, const char *path)
{
    bool in_memory = strcmp(path, ":memory:") == 0;
    if (!in_memory && make_private_file(s, path) < 0)
        return SQ_ERR_STORE;
    struct sqlite_engine *e = calloc(1, sizeof(*e));
    if (!e) {
        store_set_error(s, "out of memory");
        return SQ_ERR_NOMEM;
    }
    e->store = s;
    int code = sqlite3_open_v2(path, &e->db,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                                   SQLITE_OPEN_EXRESCODE,
                               NULL);
    if (!e->db) {
        store_set_error(s, "out of memory");
        free(e);
        return SQ_ERR_NOMEM;
    }
    int status = code == SQLITE_OK ? set_up(e, in_memory) : fail(e, code);
    if (status < 0) {
        engine_close(e);
        return status;
    }
    s->ops = &sqlite_ops;
    s->engine = e;
    return 0;
}
