/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to PostgreSQL: made with bounded waits, refused where the server would not keep what
 * it acknowledged or would sort otherwise than SQLite does, made anew after it was lost. Refuses to
 * know statements. */
#include "signaling/store/postgres_connect.h"

#include "base/log.h"
#include "shanqiao/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_US (500 * TIME_US_PER_MS) /* after a refused connection: callers fail at once */

/* Who hangs inside a transaction holds the writer lock, so the server ends that transaction: a
 * node's after a second, the operator's tool's (it hashes passwords meanwhile) after five. Others
 * wait for the lock a little longer than a node may hold it, and a lease (nodes/nodes.h) is longer
 * still, so that waiting costs nobody its lease. */
/* Statements are prepared once, some while their table is still empty, and such a plan stays until
 * the table was analysed: each of ours has an index for it, so none may settle for reading a whole
 * table. (The compiler of plans goes by their cost, which that makes huge.) */
#define PLANS        "SET enable_seqscan = off; SET jit = off;"
#define IDLE_OF_NODE "SET idle_in_transaction_session_timeout = 1000"
#define SESSION_SETTINGS                                                                           \
    "SET idle_in_transaction_session_timeout = 5000; SET lock_timeout = 1500;"                     \
    "SET statement_timeout = 10000; SET client_min_messages = warning;" PLANS                      \
    "SELECT set_config('synchronous_commit', 'on', false)"                                         \
    " WHERE current_setting('synchronous_commit') IN ('off', 'local')"

#define SERVER_FACTS                                                                               \
    "SELECT current_setting('server_encoding'), datcollate, current_setting('fsync')"              \
    " FROM pg_database WHERE datname = current_database()"

static int code_of(const PGresult *r)
{
    const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    if (state && strcmp(state, "23505") == 0) /* unique_violation */
        return SQ_ERR_CONFLICT;
    return state && strcmp(state, "53200") == 0 ? SQ_ERR_NOMEM : SQ_ERR_STORE;
}

int postgres_fail(struct postgres_engine *e, const PGresult *r)
{
    /* the primary text only: details hold values of the row */
    const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    const char *text = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (!text)
        text = e->db ? PQerrorMessage(e->db) : "out of memory";
    store_set_error(e->store, "database: %.*s (PostgreSQL %s)", (int)strcspn(text, "\n"), text,
                    state ? state : "connection");
    return code_of(r);
}

int postgres_script(struct postgres_engine *e, const char *sql)
{
    PGresult *r = PQexec(e->db, sql);
    ExecStatusType type = PQresultStatus(r);
    bool good = type == PGRES_COMMAND_OK || type == PGRES_TUPLES_OK || type == PGRES_EMPTY_QUERY;
    int status = good ? 0 : postgres_fail(e, r);
    PQclear(r);
    return status;
}

void postgres_disconnect(struct postgres_engine *e)
{
    for (size_t i = 0; i < POSTGRES_SLOTS; i++)
        free(e->slots[i].sql);
    memset(e->slots, 0, sizeof e->slots);
    PQfinish(e->db);
    e->db = NULL;
    for (int i = 0; i < e->waiting; i++) {
        if (e->line[i].cursor)
            e->line[i].cursor->waits = false;
    }
    e->waiting = 0;
}

/* Byte order is what SQLite sorts by; both engines shall page and compare alike. */
static bool sorts_by_bytes(const char *collation)
{
    static const char *const names[] = {"C", "POSIX", "C.UTF-8", "C.utf8"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(collation, names[i]) == 0)
            return true;
    }
    return false;
}

static int check_server(struct postgres_engine *e)
{
    PGresult *r = PQexec(e->db, SERVER_FACTS);
    int status = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1 ? SQ_ERR_STORE : 0;
    if (status == 0) {
        status = postgres_fail(e, r);
    } else if (strcmp(PQgetvalue(r, 0, 0), "UTF8") != 0 || !sorts_by_bytes(PQgetvalue(r, 0, 1))) {
        store_set_error(e->store,
                        "database: it has encoding %.20s and collation %.40s; make one with "
                        "createdb --template=template0 --encoding=UTF8 --locale=C NAME",
                        PQgetvalue(r, 0, 0), PQgetvalue(r, 0, 1));
    } else if (strcmp(PQgetvalue(r, 0, 2), "on") != 0) {
        store_set_error(e->store, "database: the server runs with fsync off, which loses what was "
                                  "acknowledged; switch it on in postgresql.conf");
    } else {
        status = 0;
    }
    PQclear(r);
    return status;
}

/* LISTEN takes no parameter; the name is quoted by libpq. */
static int listen_again(struct postgres_engine *e)
{
    char sql[192];
    if (!e->channel)
        return 0;
    char *name = PQescapeIdentifier(e->db, e->channel, strlen(e->channel));
    if (!name)
        return postgres_fail(e, NULL);
    snprintf(sql, sizeof sql, "LISTEN %s; " IDLE_OF_NODE, name);
    PQfreemem(name);
    return postgres_script(e, sql);
}

/* libpq would print these; what matters comes back as an error of a command. */
static void hear_nothing(void *user, const char *text)
{
    (void)user;
    (void)text;
}

static int connect_now(struct postgres_engine *e)
{
    /* what the URI says comes later and wins */
    const char *const names[] = {"connect_timeout",
                                 "tcp_user_timeout",
                                 "keepalives_idle",
                                 "keepalives_interval",
                                 "keepalives_count",
                                 "fallback_application_name",
                                 "dbname",
                                 "client_encoding",
                                 NULL};
    const char *const values[] = {"3", "3000", "5", "2", "3", "shanqiao", e->uri, "UTF8", NULL};
    e->db = PQconnectdbParams(names, values, 1);
    if (!e->db || PQstatus(e->db) != CONNECTION_OK)
        return postgres_fail(e, NULL);
    PQsetNoticeProcessor(e->db, hear_nothing, NULL);
    int status = postgres_script(e, SESSION_SETTINGS);
    if (status == 0)
        status = check_server(e);
    return status == 0 ? listen_again(e) : status;
}

int postgres_connect(struct postgres_engine *e)
{
    time_us now_us = clock_monotonic_us();
    if (e->db && PQstatus(e->db) == CONNECTION_OK)
        return 0;
    if (now_us < e->retry_us) {
        store_set_error(e->store, "database: no connection (PostgreSQL connection)");
        return SQ_ERR_STORE;
    }
    postgres_disconnect(e);
    int status = connect_now(e);
    if (status < 0) {
        postgres_disconnect(e);
        e->retry_us = clock_monotonic_us() + RETRY_US;
        return status;
    }
    if (e->was_up) {
        e->reconnected = true;
        log_write(LOG_WARN, "store.reconnected");
    }
    e->was_up = true;
    return 0;
}
