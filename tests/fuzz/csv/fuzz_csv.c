/* SPDX-License-Identifier: Apache-2.0 */
/* Directory files from spreadsheets and programs: the first byte chooses a table (or JSON), the
 * rest is the file. Any bytes end in rows of canonical cells or in faults with a place; what was
 * read is written again and read as the same. */
#include "base/check.h"
#include "signaling/exchange/plan.h"
#include "signaling/exchange/read.h"
#include "signaling/exchange/shelf.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_faults(const struct book *b)
{
    for (size_t i = 0; i < b->fault_count && i < FAULTS_SHOWN; i++)
        CHECK(b->faults[i].where[0] && b->faults[i].en[0] && b->faults[i].zh[0]);
}

static void check_cells(const struct book *b)
{
    char out[FIELD_MAX];
    for (int t = 0; t < TABLE_COUNT; t++)
        for (size_t i = 0; i < b->sheets[t].count; i++)
            for (size_t f = 0; f < tables[t].count; f++) {
                const char *cell = b->sheets[t].rows[i].cells[f];
                const struct field *field = &tables[t].fields[f];
                if (!cell || !*cell)
                    continue;
                CHECK(field_read(field, cell, strlen(cell), out) && strcmp(out, cell) == 0);
                if (field->column)
                    (void)field_value(field, cell);
            }
}

/* Good rows, complete: written as JSON they are read as the same. */
static void write_and_read(struct book *b)
{
    char *text = NULL;
    size_t len = 0;
    struct book again;
    FILE *to = open_memstream(&text, &len);
    CHECK(to && book_write_json(b, to) == 0);
    fclose(to);
    book_init(&again);
    CHECK(book_read_json(&again, "again", text, len) == 0);
    for (int t = 0; t < TABLE_COUNT; t++)
        CHECK(again.sheets[t].count == b->sheets[t].count);
    book_fini(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct book b;
    if (size < 1 || size > 1 << 16)
        return 0;
    book_init(&b);
    int table = data[0] % (TABLE_COUNT + 1);
    const char *text = (const char *)data + 1;
    int status = table == TABLE_COUNT ? book_read_json(&b, "file", text, size - 1)
                                      : book_read_csv(&b, table, "file", text, size - 1);
    CHECK(status == 0);
    check_faults(&b);
    if (!b.fault_count) {
        check_cells(&b);
        book_complete(&b);
        book_sort(&b);
        rules_check(&b, &b);
        check_faults(&b);
        write_and_read(&b);
    }
    book_fini(&b);
    return 0;
}
