/* SPDX-License-Identifier: Apache-2.0 */
/* See book.h. Texts are copied into chunks that are freed together. */
#include "signaling/exchange/book.h"
#include "signaling/exchange/locate.h"
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (256 * 1024)
#define ROWS_FIRST  64

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(max_align_t) char bytes[];
};

void book_init(struct book *b)
{
    memset(b, 0, sizeof(*b));
}

/* Passwords were in it: nothing stays behind. */
void book_fini(struct book *b)
{
    while (b->chunks) {
        struct chunk *next = b->chunks->next;
        sodium_memzero(b->chunks->bytes, b->chunks->used);
        free(b->chunks);
        b->chunks = next;
    }
    for (int i = 0; i < TABLE_COUNT; i++)
        free(b->sheets[i].rows);
    if (b->json)
        sodium_memzero(b->json, b->json_len);
    free(b->json);
    book_init(b);
}

void *book_take(struct book *b, size_t size)
{
    size_t need = (size + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
    if (!b->chunks || b->chunks->size - b->chunks->used < need) {
        size_t room = need > CHUNK_BYTES ? need : CHUNK_BYTES;
        struct chunk *chunk = malloc(sizeof(*chunk) + room);
        if (!chunk)
            return NULL;
        *chunk = (struct chunk){.next = b->chunks, .size = room};
        b->chunks = chunk;
    }
    void *out = b->chunks->bytes + b->chunks->used;
    b->chunks->used += need;
    return out;
}

const char *book_text(struct book *b, const char *text, size_t len)
{
    if (len == 0)
        return "";
    char *out = book_take(b, len + 1);
    if (out) {
        memcpy(out, text, len);
        out[len] = '\0';
    }
    return out;
}

struct row *book_add_row(struct book *b, int table)
{
    struct sheet *sheet = &b->sheets[table];
    size_t fields = tables[table].count;
    if (sheet->count == sheet->room) {
        size_t room = sheet->room ? 2 * sheet->room : ROWS_FIRST;
        struct row *rows = realloc(sheet->rows, room * sizeof(*rows));
        if (!rows)
            return NULL;
        sheet->rows = rows;
        sheet->room = room;
    }
    const char **cells = book_take(b, fields * sizeof(*cells));
    if (!cells)
        return NULL;
    memset(cells, 0, fields * sizeof(*cells));
    struct row *row = &sheet->rows[sheet->count];
    *row = (struct row){.cells = cells, .number = sheet->count++, .nested = -1};
    return row;
}

static const char *said(const char *cell)
{
    return cell ? cell : "";
}

int row_compare(const struct table *t, const struct row *a, const struct row *b)
{
    int order = 0;
    for (size_t i = 0; i < t->keys && order == 0; i++)
        order = strcmp(said(a->cells[i]), said(b->cells[i]));
    return order;
}

const char *book_fallback(int table, size_t field, const struct row *row)
{
    const char *text = tables[table].fields[field].fallback;
    return !text ? "" : text[0] == '@' ? said(row->cells[0]) : text;
}

void book_complete(struct book *b)
{
    for (int t = 0; t < TABLE_COUNT; t++)
        for (size_t i = 0; i < b->sheets[t].count; i++)
            for (size_t f = 0; f < tables[t].count; f++) {
                const char **cell = &b->sheets[t].rows[i].cells[f];
                if (!*said(*cell))
                    *cell = book_fallback(t, f, &b->sheets[t].rows[i]);
            }
}

static int by_key(const void *left, const void *right, void *table)
{
    const struct row *a = left, *b = right;
    int order = row_compare(table, a, b);
    return order ? order : a->number < b->number ? -1 : 1;
}

void book_sort(struct book *b)
{
    for (int t = 0; t < TABLE_COUNT; t++) {
        struct sheet *sheet = &b->sheets[t];
        if (sheet->count > 1)
            qsort_r(sheet->rows, sheet->count, sizeof(*sheet->rows), by_key, (void *)&tables[t]);
        for (size_t i = 1; i < sheet->count; i++)
            if (row_compare(&tables[t], &sheet->rows[i - 1], &sheet->rows[i]) == 0)
                book_fault(b, t, &sheet->rows[i], 0, -1, "the %s \"%.60s\" is there twice",
                           "重复：%s \"%.60s\"", tables[t].singular, said(sheet->rows[i].cells[0]));
    }
}

const struct row *sheet_find(const struct sheet *sheet, int table, const char *const *keys)
{
    size_t low = 0, high = sheet->count;
    const struct row wanted = {.cells = (const char **)keys};
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = row_compare(&tables[table], &wanted, &sheet->rows[middle]);
        if (order == 0)
            return &sheet->rows[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct row *sheet_find_id(const struct sheet *sheet, int table, const char *id)
{
    return sheet_find(sheet, table, &id);
}

/* ---- faults ---- */

static struct fault *next_fault(struct book *b)
{
    static struct fault spare;
    struct fault *f = b->fault_count < FAULTS_SHOWN ? &b->faults[b->fault_count] : &spare;
    b->fault_count++;
    memset(f, 0, sizeof(*f));
    return f;
}

static void place_cell(const struct book *b, struct fault *f, int table, const struct row *row,
                       int field, int element)
{
    if (row && row->nested >= 0) {
        snprintf(f->where, sizeof(f->where), "panels[%zu].members[%d]", row->number, row->nested);
        f->place = locate(b->json, b->json_len, "panels", row->number, "members", row->nested);
        return;
    }
    if (row && row->places)
        f->place = row->places[field >= 0 ? field : 0];
    else if (row && b->json)
        f->place = locate(b->json, b->json_len, tables[table].name, row->number,
                          field >= 0 ? tables[table].fields[field].name : NULL, element);
    size_t used = (size_t)snprintf(f->where, sizeof(f->where), "%s", tables[table].name);
    if (row)
        used += (size_t)snprintf(f->where + used, sizeof(f->where) - used, "[%zu]", row->number);
    if (field >= 0)
        used += (size_t)snprintf(f->where + used, sizeof(f->where) - used, ".%s",
                                 tables[table].fields[field].name);
    if (element >= 0)
        snprintf(f->where + used, sizeof(f->where) - used, "[%d]", element);
}

void book_fault(struct book *b, int table, const struct row *row, int field, int element,
                const char *en, const char *zh, ...)
{
    va_list args;
    bool shown = b->fault_count < FAULTS_SHOWN;
    struct fault *f = next_fault(b);
    if (!shown)
        return;
    f->file = b->sheets[table].file;
    place_cell(b, f, table, row, field, element);
    va_start(args, zh);
    vsnprintf(f->en, sizeof(f->en), en, args);
    va_end(args);
    va_start(args, zh);
    vsnprintf(f->zh, sizeof(f->zh), zh, args);
    va_end(args);
}

void book_wanted(struct book *b, int table, const struct row *row, int field, int element)
{
    char en[FAULT_TEXT_MAX - 16], zh[FAULT_TEXT_MAX - 16];
    field_wanted(&tables[table].fields[field], false, en, sizeof(en));
    field_wanted(&tables[table].fields[field], true, zh, sizeof(zh));
    book_fault(b, table, row, field, element, "wanted: %s%.0s", "%.0s应为：%s", en, zh);
}

void book_fault_at(struct book *b, const char *file, struct place place, const char *where,
                   const char *en, const char *zh)
{
    struct fault *f = next_fault(b);
    f->file = file;
    f->place = place;
    snprintf(f->where, sizeof(f->where), "%s", where);
    snprintf(f->en, sizeof(f->en), "%s", en);
    snprintf(f->zh, sizeof(f->zh), "%s", zh);
}
