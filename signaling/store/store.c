/* SPDX-License-Identifier: Apache-2.0 */
/* The engine-independent half of the store: values, queries, transactions, the opening sequence.
 * Refuses to know which engine runs and what the tables mean. */
#include "signaling/store/store.h"
#include "base/check.h"
#include "base/random.h"
#include "shanqiao/error.h"
#include "signaling/proto/method.h"
#include "signaling/store/migrations.h"
#include "signaling/store/postgres.h"
#include "signaling/store/sqlite.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_RANDOM_LETTERS 22 /* 131 bits: nobody guesses an id, and two never meet */

struct store_value sv_int(int64_t v)
{
    return (struct store_value){.type = STORE_INT, .integer = v};
}

struct store_value sv_text(const char *text)
{
    if (!text)
        return sv_null();
    return (struct store_value){.type = STORE_TEXT, .data = text, .len_bytes = strlen(text)};
}

struct store_value sv_bytes(const void *data, size_t len_bytes)
{
    if (!data)
        return sv_null();
    return (struct store_value){.type = STORE_BYTES, .data = data, .len_bytes = len_bytes};
}

struct store_value sv_null(void)
{
    return (struct store_value){.type = STORE_NULL};
}

bool store_is_uri(const char *database)
{
    return postgres_uri(database);
}

/* Scheme, then host and name: user information ends at the last @ before the path, and parameters
 * may hold a password too. */
void store_database_name(const char *database, char *out, size_t size)
{
    if (!store_is_uri(database)) {
        snprintf(out, size, "%s", database);
        return;
    }
    const char *host = strstr(database, "://") + 3;
    size_t len = strcspn(host, "?");
    for (size_t i = 0; i < len; i++) {
        if (host[i] == '@') {
            len -= i + 1;
            host += i + 1;
            i = (size_t)-1;
        }
    }
    snprintf(out, size, "postgresql://%.*s", (int)len, host);
}

int store_open_as_is(struct store **out, const char *database, char error[STORE_ERROR_MAX])
{
    *out = NULL;
    struct store *s = calloc(1, sizeof(*s));
    if (!s) {
        snprintf(error, STORE_ERROR_MAX, "out of memory");
        return SQ_ERR_NOMEM;
    }
    int status = store_is_uri(database) ? postgres_engine_open(s, database)
                                        : sqlite_engine_open(s, database);
    if (status < 0) {
        snprintf(error, STORE_ERROR_MAX, "%s", s->error);
        store_close(s);
        return status;
    }
    *out = s;
    return 0;
}

int store_open(struct store **out, const char *database, char error[STORE_ERROR_MAX])
{
    int status = store_open_as_is(out, database, error);
    if (status < 0)
        return status;
    status = migrations_run(*out);
    if (status < 0) {
        snprintf(error, STORE_ERROR_MAX, "%s", (*out)->error);
        store_close(*out);
        *out = NULL;
    }
    return status;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_rollback(s);
    if (s->engine)
        s->ops->close(s->engine);
    free(s);
}

const char *store_error(const struct store *s)
{
    return s->error;
}

void store_set_error(struct store *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->error, sizeof(s->error), format, args);
    va_end(args);
}

static int begin_once(struct store *s)
{
    int status = s->ops->begin(s->engine);
    s->in_transaction = status == 0;
    if (status == 0)
        status = s->guard ? s->guard(s, s->guard_user) : store_settle(s);
    if (status < 0)
        store_rollback(s);
    return status;
}

int store_begin(struct store *s)
{
    CHECK(!s->in_transaction);
    bool shared = store_fd(s) >= 0;
    int status = begin_once(s);
    if (status < 0 && shared && store_fd(s) < 0)
        status = begin_once(s); /* the server ended it while it idled: nothing had begun */
    return status;
}

int store_commit(struct store *s)
{
    CHECK(s->in_transaction && !s->in_part);
    int status = s->ops->commit(s->engine);
    if (status == 0)
        s->in_transaction = false;
    return status;
}

void store_rollback(struct store *s)
{
    if (!s->in_transaction)
        return;
    s->ops->rollback(s->engine);
    s->in_transaction = s->in_part = false;
}

int store_scrub(struct store *s)
{
    CHECK(!s->in_transaction);
    return s->ops->scrub ? s->ops->scrub(s->engine) : 0;
}

static int part(struct store *s, enum store_part what)
{
    static const char *const sql[] = {[STORE_PART_BEGIN] = "SAVEPOINT part",
                                      [STORE_PART_KEEP] = "RELEASE SAVEPOINT part",
                                      [STORE_PART_UNDO] =
                                          "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part"};
    return s->ops->part ? s->ops->part(s->engine, what, sql[what])
                        : s->ops->script(s->engine, sql[what]);
}

int store_savepoint(struct store *s)
{
    CHECK(s->in_transaction && !s->in_part);
    int status = part(s, STORE_PART_BEGIN);
    s->in_part = status == 0;
    return status;
}

int store_release(struct store *s)
{
    CHECK(s->in_part);
    s->in_part = false;
    return part(s, STORE_PART_KEEP);
}

int store_rollback_to(struct store *s)
{
    CHECK(s->in_part);
    s->in_part = false;
    return part(s, STORE_PART_UNDO);
}

int store_run(struct store *s, const char *sql, const struct store_value *values, size_t count)
{
    void *cursor = NULL;
    int status = s->ops->prepare(s->engine, sql, values, count, &cursor);
    if (status < 0)
        return status;
    status = s->ops->step(s->engine, cursor);
    CHECK(status != 1); /* a statement with rows belongs into store_query */
    int64_t changed = s->ops->changed(s->engine);
    s->ops->finish(s->engine, cursor);
    if (status < 0)
        return status;
    return changed > INT32_MAX ? INT32_MAX : (int)changed;
}

static int later(struct store *s, const char *sql, const struct store_value *values, size_t count,
                 bool one)
{
    if (s->ops->later && s->in_transaction)
        return s->ops->later(s->engine, sql, values, count, one);
    int changed = store_run(s, sql, values, count);
    return changed < 0 ? changed : one && changed != 1 ? SQ_ERR_CONFLICT : 0;
}

int store_later(struct store *s, const char *sql, const struct store_value *values, size_t count)
{
    return later(s, sql, values, count, false);
}

int store_later_one(struct store *s, const char *sql, const struct store_value *values,
                    size_t count)
{
    return later(s, sql, values, count, true);
}

int store_settle(struct store *s)
{
    return s->ops->settle && s->in_transaction ? s->ops->settle(s->engine) : 0;
}

void store_query(struct store *s, struct store_query *q, const char *sql,
                 const struct store_value *values, size_t count)
{
    *q = (struct store_query){.store = s};
    q->error = s->ops->prepare(s->engine, sql, values, count, &q->cursor);
}

bool store_next(struct store_query *q)
{
    if (q->error < 0 || !q->cursor)
        return false;
    int status = q->store->ops->step(q->store->engine, q->cursor);
    if (status < 0)
        q->error = status;
    return status == 1;
}

int store_query_end(struct store_query *q)
{
    if (q->cursor)
        q->store->ops->finish(q->store->engine, q->cursor);
    q->cursor = NULL;
    return q->error;
}

bool store_is_null(const struct store_query *q, int column)
{
    return q->store->ops->is_null(q->cursor, column);
}

int64_t store_int(const struct store_query *q, int column)
{
    return q->store->ops->get_int(q->cursor, column);
}

const char *store_text(const struct store_query *q, int column)
{
    return q->store->ops->get_text(q->cursor, column);
}

const void *store_bytes(const struct store_query *q, int column, size_t *len_bytes)
{
    return q->store->ops->get_bytes(q->cursor, column, len_bytes);
}

void store_copy_text(const struct store_query *q, int column, char *out, size_t size)
{
    const char *text = store_text(q, column);
    snprintf(out, size, "%s", text ? text : "");
}

bool store_shared(const struct store *s)
{
    return s->ops->listen != NULL;
}

int store_listen(struct store *s, const char *channel)
{
    return store_shared(s) ? s->ops->listen(s->engine, channel) : 0;
}

int store_notify(struct store *s, const char *channel, const char *text)
{
    CHECK(s->in_transaction);
    return store_shared(s) ? s->ops->notify(s->engine, channel, text) : 0;
}

bool store_notice(struct store *s, char *text, size_t size)
{
    return store_shared(s) && s->ops->notice(s->engine, text, size);
}

int store_fd(const struct store *s)
{
    return store_shared(s) ? s->ops->fd(s->engine) : -1;
}

void store_set_guard(struct store *s, int (*guard)(struct store *s, void *user), void *user)
{
    s->guard = guard;
    s->guard_user = user;
}

void store_new_id(char *out, const char *prefix)
{
    char letters[ID_RANDOM_LETTERS + 1];
    random_text(letters, ID_RANDOM_LETTERS);
    int len = snprintf(out, ID_MAX, "%s_%s", prefix, letters);
    CHECK(len > 0 && len < ID_MAX);
}
