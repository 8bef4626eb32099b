/* SPDX-License-Identifier: Apache-2.0 */
/* See shelf.h. Statements and headers are made from the tables. */
#include "signaling/exchange/shelf.h"
#include "shanqiao/error.h"
#include <string.h>

#define SQL_SIZE  512
#define PATH_SIZE 1024

/* ---- the store ---- */

static void select_sql(const struct table *t, char *out)
{
    size_t used = (size_t)snprintf(out, SQL_SIZE, "SELECT");
    const char *comma = " ";
    for (size_t i = 0; i < t->count; i++)
        if (t->fields[i].column) {
            used +=
                (size_t)snprintf(out + used, SQL_SIZE - used, "%s%s", comma, t->fields[i].column);
            comma = ", ";
        }
    snprintf(out + used, SQL_SIZE - used, " FROM %s", t->sql);
}

static int load_row(struct book *b, int table, const struct store_query *q)
{
    char text[FIELD_MAX];
    struct row *row = book_add_row(b, table);
    int column = 0;
    if (!row)
        return SQ_ERR_NOMEM;
    for (size_t i = 0; i < tables[table].count; i++) {
        text[0] = '\0';
        if (tables[table].fields[i].column)
            field_from_store(&tables[table].fields[i], q, column++, text);
        if (!(row->cells[i] = book_text(b, text, strlen(text))))
            return SQ_ERR_NOMEM;
    }
    return 0;
}

int book_load(struct book *b, struct store *store)
{
    int status = 0;
    for (int t = 0; t < TABLE_COUNT && status == 0; t++) {
        char sql[SQL_SIZE];
        struct store_query q;
        select_sql(&tables[t], sql);
        store_query(store, &q, sql, NULL, 0);
        while (status == 0 && store_next(&q))
            status = load_row(b, t, &q);
        int ended = store_query_end(&q);
        if (status == 0)
            status = ended;
    }
    book_sort(b);
    return status;
}

/* ---- JSON ---- */

static void put_string(FILE *to, const char *text, size_t len)
{
    fputc('"', to);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            fputc('\\', to);
        if ((unsigned char)text[i] < 0x20)
            fprintf(to, "\\u%04x", (unsigned)text[i]);
        else
            fputc(text[i], to);
    }
    fputc('"', to);
}

static void put_list(FILE *to, const char *words)
{
    fputc('[', to);
    for (const char *at = words; *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        fputs(at == words ? "" : ", ", to);
        put_string(to, at, len);
        at += len;
    }
    fputc(']', to);
}

static void put_value(FILE *to, const struct field *f, const char *text)
{
    switch (f->type) {
    case FIELD_IDS:
    case FIELD_WORDS:
    case FIELD_BITS:
        put_list(to, text);
        break;
    case FIELD_FLAG:
        fputs(strcmp(text, "yes") == 0 ? "true" : "false", to);
        break;
    case FIELD_NUMBER:
    case FIELD_DEGREES:
        fputs(*text ? text : "null", to);
        break;
    default:
        put_string(to, text, strlen(text));
    }
}

static void put_row(FILE *to, const struct table *t, const struct row *row)
{
    const char *comma = "{";
    for (size_t i = 0; i < t->count; i++) {
        if ((t->fields[i].flags & FIELD_SECRET) || !row->cells[i])
            continue;
        fprintf(to, "%s\"%s\": ", comma, t->fields[i].name);
        put_value(to, &t->fields[i], row->cells[i]);
        comma = ", ";
    }
    fputc('}', to);
}

int book_write_json(const struct book *b, FILE *to)
{
    for (int t = 0; t < TABLE_COUNT; t++) {
        const struct sheet *sheet = &b->sheets[t];
        fprintf(to, "%s \"%s\": [", t ? ",\n" : "{\n", tables[t].name);
        for (size_t i = 0; i < sheet->count; i++) {
            fputs(i ? ",\n  " : "\n  ", to);
            put_row(to, &tables[t], &sheet->rows[i]);
        }
        fputs(sheet->count ? "\n ]" : "]", to);
    }
    fputs("\n}\n", to);
    return ferror(to) || fflush(to) != 0 ? SQ_ERR_IO : 0;
}

/* ---- CSV ---- */

static void put_cell(FILE *to, const char *text)
{
    bool quotes = csv_needs_quotes(text);
    if (quotes)
        fputc('"', to);
    for (; *text; text++) {
        if (quotes && *text == '"')
            fputc('"', to);
        fputc(*text, to);
    }
    if (quotes)
        fputc('"', to);
}

static void put_record(FILE *to, const struct table *t, const struct row *row)
{
    const char *comma = "";
    for (size_t i = 0; i < t->count; i++) {
        if (t->fields[i].flags & FIELD_SECRET)
            continue;
        fputs(comma, to);
        put_cell(to, !row ? t->fields[i].name : row->cells[i] ? row->cells[i] : "");
        comma = ",";
    }
    fputs("\r\n", to);
}

static int write_table(const struct book *b, int table, const char *folder)
{
    char path[PATH_SIZE];
    if ((size_t)snprintf(path, sizeof(path), "%s/%s.csv", folder, tables[table].name) >=
        sizeof(path))
        return SQ_ERR_LIMIT;
    FILE *to = fopen(path, "wb");
    if (!to)
        return SQ_ERR_IO;
    fputs("\xEF\xBB\xBF", to);
    put_record(to, &tables[table], NULL);
    for (size_t i = 0; i < b->sheets[table].count; i++)
        put_record(to, &tables[table], &b->sheets[table].rows[i]);
    bool bad = ferror(to);
    return fclose(to) != 0 || bad ? SQ_ERR_IO : 0;
}

int book_write_csv(const struct book *b, const char *folder)
{
    int status = 0;
    for (int t = 0; t < TABLE_COUNT && status == 0; t++)
        status = write_table(b, t, folder);
    return status;
}
