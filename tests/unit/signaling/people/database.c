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

static void run_on(const char *database, const char *sql)
{
    char error[STORE_ERROR_MAX];
    struct store *s = NULL;
    cr_assert_eq(store_open_as_is(&s, database, error), 0, "%s", error);
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
    run_on(server(), sql);
    snprintf(out, DATABASE_MAX, "%.*s/%s", (int)(strrchr(server(), '/') - server()), server(),
             name);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    size_t n;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    cr_assert(in && out, "%s to %s", from, to);
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
        cr_assert_eq(fwrite(bytes, 1, n, out), n);
    cr_assert_eq(ferror(in), 0);
    fclose(in);
    cr_assert_eq(fclose(out), 0);
}

static void kept_path(const char *database, char out[DATABASE_MAX + 8])
{
    snprintf(out, DATABASE_MAX + 8, "%s.kept", database);
}

void database_keep(const char *database)
{
    char kept[DATABASE_MAX + 8];
    kept_path(database, kept);
    if (store_is_uri(database))
        run_on(database, "CREATE SCHEMA kept;"
                         "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables"
                         " WHERE schemaname = 'public' LOOP"
                         " EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', t, t);"
                         " END LOOP; END $$");
    else
        copy_file(database, kept);
}

/* On PostgreSQL row by row: a new database for each time would take most of the test's. */
void database_restore(const char *database)
{
    char kept[DATABASE_MAX + 8];
    kept_path(database, kept);
    if (store_is_uri(database)) {
        run_on(database, "DO $$ DECLARE t text; BEGIN SET LOCAL session_replication_role = replica;"
                         " FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'kept' LOOP"
                         " EXECUTE format('DELETE FROM public.%I', t);"
                         " EXECUTE format('INSERT INTO public.%I SELECT * FROM kept.%I', t, t);"
                         " END LOOP; END $$");
        return;
    }
    database_remove(database);
    copy_file(kept, database);
}

void database_remove(const char *database)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char text[DATABASE_MAX + 64];
    if (store_is_uri(database)) {
        snprintf(text, sizeof text, "DROP DATABASE %s WITH (FORCE)", strrchr(database, '/') + 1);
        run_on(server(), text);
        return;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(text, sizeof text, "%s%s", database, suffixes[i]);
        unlink(text);
    }
}
