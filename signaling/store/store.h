/* SPDX-License-Identifier: Apache-2.0 */
/* The store port: a thin layer of portable SQL over two engines, SQLite and PostgreSQL.
 * Parameters are positional, $1 $2 ...; values are text, integer, bytes or null. One thread, one
 * transaction at a time. Refuses to know the rules of a consultation; clinical text comes in sealed
 * (store/vault.h). */
#ifndef SIGNALING_STORE_STORE_H
#define SIGNALING_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_ERROR_MAX 256
#define STORE_BINDS_MAX 64 /* parameters of one statement */

struct store;

enum store_type { STORE_NULL = 0, STORE_INT, STORE_TEXT, STORE_BYTES };

/* One parameter; text and bytes are borrowed for the call. */
struct store_value {
    enum store_type type;
    int64_t integer;
    const void *data;
    size_t len_bytes;
};

struct store_value sv_int(int64_t v);
struct store_value sv_text(const char *text); /* NULL: SQL null */
struct store_value sv_bytes(const void *data, size_t len_bytes);
struct store_value sv_null(void);

/* A running query; keep it on the stack, always store_query_end it (also after an error; twice is
 * fine). */
struct store_query {
    struct store *store;
    void *cursor; /* the engine's */
    int error;
};

/* The borders of a part of a transaction. */
enum store_part { STORE_PART_BEGIN = 0, STORE_PART_KEEP, STORE_PART_UNDO };

/* What an engine offers. All return 0 (step: 1 row, 0 end; run: rows changed) or a negative
 * sq_error and leave a message in the store (store_set_error). */
struct store_ops {
    void (*close)(void *engine);
    int (*begin)(void *engine);
    int (*commit)(void *engine);
    int (*rollback)(void *engine);
    int (*script)(void *engine,
                  const char *sql); /* several statements, no parameters (migrations) */
    int (*part)(void *engine, enum store_part what, const char *sql); /* NULL: as a script */
    int (*later)(void *engine, const char *sql, const struct store_value *values, size_t count,
                 bool one);      /* one: row has to change; NULL: at once */
    int (*settle)(void *engine); /* NULL: nothing waits */
    int (*prepare)(void *engine, const char *sql, const struct store_value *values, size_t count,
                   void **cursor);
    int (*step)(void *engine, void *cursor);
    int64_t (*changed)(void *engine);
    void (*finish)(void *engine, void *cursor);
    bool (*is_null)(void *cursor, int column);
    int64_t (*get_int)(void *cursor, int column);
    const char *(*get_text)(void *cursor, int column);
    const void *(*get_bytes)(void *cursor, int column, size_t *len_bytes);
    /* The catalogue: (table, column, declared type) in order, and (table, table it refers to). */
    const char *columns_sql, *references_sql;
    int (*scrub)(void *engine); /* store_scrub; NULL: nothing to do */
    /* Between nodes that share the database; NULL: one program has it for itself. */
    int (*listen)(void *engine, const char *channel);
    int (*notify)(void *engine, const char *channel, const char *text);
    int (*fd)(void *engine);
    bool (*notice)(void *engine, char *text, size_t size);
};

struct store {
    const struct store_ops *ops;
    void *engine;
    bool in_transaction;
    bool in_part;                              /* between store_savepoint and its end */
    int (*guard)(struct store *s, void *user); /* of store_set_guard; NULL: none */
    void *guard_user;
    char error[STORE_ERROR_MAX]; /* of the last failure; for logs, holds no parameter values */
};

/* `database` is a path (the SQLite file is created where it is missing, and checked: quick_check)
 * or a postgresql:// URI as libpq takes it (the database must be there); its schema is brought up
 * to date. 0 and *out, or SQ_ERR_STORE (can't open, damaged, migration changed after it was
 * applied), SQ_ERR_UNSUPPORTED (schema newer than this program), SQ_ERR_NOMEM; then *out is NULL
 * and `error` says what to do. */
int store_open(struct store **out, const char *database, char error[STORE_ERROR_MAX]);
/* The same without touching the schema: for what moves schemas and copies stores. */
int store_open_as_is(struct store **out, const char *database, char error[STORE_ERROR_MAX]);
/* Is it a URI, and no file that one could look for? */
bool store_is_uri(const char *database);
/* As a person may see it: a URI without what may be a secret in it. */
void store_database_name(const char *database, char *out, size_t size);
void store_close(struct store *s); /* NULL is fine; an open transaction is rolled back */

const char *store_error(const struct store *s);
void store_set_error(struct store *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Write transaction (takes the write lock at once). What store_commit returned 0 for is on disk
 * (fsync). After an error roll back; rollback never fails visibly. */
int store_begin(struct store *s);
int store_commit(struct store *s);
void store_rollback(struct store *s);

/* Parts of a write transaction that can be undone alone, so that several requests share one commit:
 * store_savepoint, then store_release (keep it) or store_rollback_to (as if it had not been). One
 * level: the part before must have ended. After an error of any of the three (and of the
 * transaction's commit) the whole transaction is lost: store_rollback. On PostgreSQL a statement
 * that failed, a unique key that was there included, leaves only rollback_to or rollback. */
int store_savepoint(struct store *s);
int store_release(struct store *s);
int store_rollback_to(struct store *s);

/* What was deleted leaves the engine's own files too, as far as it can: SQLite empties its
 * write-ahead log (freed pages were overwritten by then). Outside of a transaction. 0 or
 * SQ_ERR_STORE. */
int store_scrub(struct store *s);

/* One statement without rows: number of rows changed (>= 0), SQ_ERR_CONFLICT (unique or primary
 * key), SQ_ERR_NOMEM, SQ_ERR_STORE. STORE_RUN(s, "UPDATE t SET a = $1 WHERE id = $2", sv_int(3),
 * sv_text(id)). */
int store_run(struct store *s, const char *sql, const struct store_value *values, size_t count);

/* As store_run, for a statement of a transaction that can't fail by what it is given and whose rows
 * nobody counts: an engine beyond a network lets it wait for the next one and saves the way. 0 or
 * an error. A failure may only be told by a later call, as SQ_ERR_STORE; nothing after it was done
 * then, and the commit fails at the latest. */
int store_later(struct store *s, const char *sql, const struct store_value *values, size_t count);
/* The same where exactly one row has to change. If none or several did, this fails with
 * SQ_ERR_CONFLICT, or the next store_settle or commit does. */
int store_later_one(struct store *s, const char *sql, const struct store_value *values,
                    size_t count);
/* What waits is done: 0, or what failed of it. Before the end of a part, so that the part alone is
 * lost. */
int store_settle(struct store *s);

/* Begins a query; the result is told by the first store_next. Queries that are all begun before the
 * first of them is read share one way to an engine beyond a network. It may be carried out at any
 * moment between the two, so nothing that it reads is written meanwhile. */
void store_query(struct store *s, struct store_query *q, const char *sql,
                 const struct store_value *values, size_t count);
/* true: a row is there. false: the end, or an error that store_query_end tells. */
bool store_next(struct store_query *q);
/* Releases it: 0 or the error that ended it. */
int store_query_end(struct store_query *q);

/* Columns count from 0; valid until the next store_next. Text of a null is NULL; bytes likewise. */
bool store_is_null(const struct store_query *q, int column);
int64_t store_int(const struct store_query *q, int column);
const char *store_text(const struct store_query *q, int column);
const void *store_bytes(const struct store_query *q, int column, size_t *len_bytes);
/* Into a buffer of `size` bytes, cut to fit, always with the final zero; "" for a null. */
void store_copy_text(const struct store_query *q, int column, char *out, size_t size);

#define STORE_VALUES(...)                                                                          \
    (const struct store_value[]){__VA_ARGS__},                                                     \
        sizeof((const struct store_value[]){__VA_ARGS__}) / sizeof(struct store_value)
#define STORE_RUN(s, sql, ...)       store_run((s), (sql), STORE_VALUES(__VA_ARGS__))
#define STORE_LATER(s, sql, ...)     store_later((s), (sql), STORE_VALUES(__VA_ARGS__))
#define STORE_LATER_ONE(s, sql, ...) store_later_one((s), (sql), STORE_VALUES(__VA_ARGS__))
#define STORE_QUERY(s, q, sql, ...)  store_query((s), (q), (sql), STORE_VALUES(__VA_ARGS__))

/* ---- several nodes on one database ---- */

/* May other nodes work on this database at the same time? */
bool store_shared(const struct store *s);
/* From now on notices to `channel` are heard. Once, outside of a transaction. */
int store_listen(struct store *s, const char *channel);
/* Inside a transaction: who listens to `channel` gets `text` (under 8000 bytes) after the commit.
 */
int store_notify(struct store *s, const char *channel, const char *text);
/* The next notice. An empty text: the connection was lost meanwhile and so may notices have been.
 */
bool store_notice(struct store *s, char *text, size_t size);
/* Readable when notices may be there; -1: none now. Changes when the connection is made anew. */
int store_fd(const struct store *s);
/* Asked inside each transaction right after its begin, which fails with what it returns (< 0): a
 * node that lost its lease writes nothing. */
void store_set_guard(struct store *s, int (*guard)(struct store *s, void *user), void *user);

/* "<prefix>_<22 random letters and digits>" into out[ID_MAX] (131 bits). */
void store_new_id(char *out, const char *prefix);

#endif
