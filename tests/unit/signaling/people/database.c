/* SPDX-License-Identifier: Apache-2.0 */
/* See database.h. Databases are made through the store port itself, on the server's first one. */
#include "database.h"
#include "base/random.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_LETTERS 16

static const char *server(void)
{
    const char *uri = getenv("SHANQIAO_TEST_POSTGRES");
    return uri && *uri ? uri : NULL;
}

bool database_is_postgres(void)
{
    return server() != NULL;
}

static void on_server(const char *sql)
{
    char error[STORE_ERROR_MAX];
    struct store *s = NULL;
    cr_assert_eq(store_open_as_is(&s, server(), error), 0, "%s", error);
    cr_assert_eq(s->ops->script(s->engine, sql), 0, "%s: %s", sql, store_error(s));
    store_close(s);
}

void database_make(const char *path, char out[DATABASE_MAX])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    char name[NAME_LETTERS + 1] = "", sql[160];
    if (!server()) {
        snprintf(out, DATABASE_MAX, "%s", path);
        return;
    }
    random_bytes(name, NAME_LETTERS);
    for (size_t i = 0; i < NAME_LETTERS; i++)
        name[i] = letters[(unsigned char)name[i] % 26];
    snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'",
             name);
    on_server(sql);
    snprintf(out, DATABASE_MAX, "%.*s/%s", (int)(strrchr(server(), '/') - server()), server(),
             name);
}

void database_remove(const char *database)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char text[DATABASE_MAX + 64];
    if (store_is_uri(database)) {
        snprintf(text, sizeof text, "DROP DATABASE %s WITH (FORCE)", strrchr(database, '/') + 1);
        on_server(text);
        return;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(text, sizeof text, "%s%s", database, suffixes[i]);
        unlink(text);
    }
}
