/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON document: {table: [{field: value}]}. Numbers, booleans and lists are read as the texts
 * that a CSV cell would hold; a member that is not there is not said, null is an empty cell. */
#include "shanqiao/error.h"
#include "signaling/exchange/read.h"
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_TEXT ((size_t)-1)

/* The text of a scalar into out[FIELD_MAX]; its length, NOT_TEXT for lists, objects and what is too
 * long. */
static size_t scalar_text(const json_t *value, char *out)
{
    size_t len = 0;
    if (json_is_string(value)) {
        len = json_string_length(value);
        if (len >= FIELD_MAX)
            return NOT_TEXT;
        memcpy(out, json_string_value(value), len);
        out[len] = '\0';
        return len;
    }
    if (json_is_boolean(value))
        return (size_t)snprintf(out, FIELD_MAX, "%s", json_is_true(value) ? "yes" : "no");
    if (json_is_integer(value))
        return (size_t)snprintf(out, FIELD_MAX, "%lld", (long long)json_integer_value(value));
    if (json_is_real(value) && json_real_value(value) < 1e9 && json_real_value(value) > -1e9)
        return (size_t)snprintf(out, FIELD_MAX, "%.6f", json_real_value(value));
    out[0] = '\0';
    return json_is_null(value) ? 0 : NOT_TEXT;
}

static bool is_list(const struct field *f)
{
    return f->type == FIELD_IDS || f->type == FIELD_WORDS || f->type == FIELD_BITS;
}

/* Each element must be good alone; then all of them, parted by blanks. -1 or the bad element. */
static int list_text(const struct field *f, const json_t *list, char *out)
{
    char one[FIELD_MAX], canonical[FIELD_MAX];
    size_t used = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        size_t len = scalar_text(json_array_get(list, i), one);
        if (len == NOT_TEXT || len == 0 || strpbrk(one, " ,;") ||
            !field_read(f, one, len, canonical) || used + len + 2 > FIELD_MAX)
            return (int)i;
        used += (size_t)snprintf(out + used, FIELD_MAX - used, "%s%s", used ? " " : "", one);
    }
    out[used] = '\0';
    return -1;
}

static int read_member(struct book *b, int table, struct row *row, int field, const json_t *value)
{
    const struct field *f = &tables[table].fields[field];
    char given[FIELD_MAX] = "", canonical[FIELD_MAX] = "";
    bool list = is_list(f) && json_is_array(value);
    int element = list ? list_text(f, value, given) : -1;
    size_t len = list ? strlen(given) : scalar_text(value, given);
    if (element >= 0 || len == NOT_TEXT || !field_read(f, given, len, canonical)) {
        book_wanted(b, table, row, field, element);
        canonical[0] = '\0';
    }
    row->cells[field] = book_text(b, canonical, strlen(canonical));
    sodium_memzero(given, sizeof(given));
    return row->cells[field] ? 0 : SQ_ERR_NOMEM;
}

static void names_of(const struct table *t, char *out, size_t size)
{
    for (size_t i = 0, used = 0; i < t->count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", t->fields[i].name);
}

/* "members": ["acc_one"] of a panel: short for rows of the table. */
static int read_members(struct book *b, const struct row *panel, const json_t *list)
{
    const size_t number = panel->number;
    const char *id = panel->cells[P_ID];
    b->sheets[TABLE_MEMBERS].given = true;
    b->sheets[TABLE_MEMBERS].file = b->sheets[TABLE_PANELS].file;
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct row *row = book_add_row(b, TABLE_MEMBERS);
        if (!row)
            return SQ_ERR_NOMEM;
        row->number = number;
        row->nested = (int)i;
        row->cells[M_PANEL] = id;
        int status = read_member(b, TABLE_MEMBERS, row, M_ACCOUNT, json_array_get(list, i));
        if (status < 0)
            return status;
    }
    return 0;
}

static int read_row(struct book *b, int table, const json_t *object)
{
    struct row *row = book_add_row(b, table);
    const char *name;
    json_t *value;
    const json_t *members = NULL; /* read last: they need the panel's id */
    char known[160] = "";
    int status = row ? 0 : SQ_ERR_NOMEM;
    if (row && !json_is_object(object))
        book_fault(b, table, row, -1, -1, "wanted: an object", "应为：对象");
    json_object_foreach((json_t *)object, name, value)
    {
        int field = table_field(&tables[table], name, strlen(name));
        if (status == 0 && field >= 0)
            status = read_member(b, table, row, field, value);
        else if (status == 0 && table == TABLE_PANELS && strcmp(name, "members") == 0 &&
                 json_is_array(value))
            members = value;
        else if (status == 0) {
            names_of(&tables[table], known, sizeof(known));
            book_fault(b, table, row, -1, -1, "unknown member \"%.40s\"; known: %s",
                       "未知的成员 \"%.40s\"；可用：%s", name, known);
        }
    }
    return status == 0 && members ? read_members(b, row, members) : status;
}

static int read_tables(struct book *b, const char *file, const json_t *root)
{
    const char *name;
    json_t *list;
    int status = 0;
    json_object_foreach((json_t *)root, name, list)
    {
        int table = table_find(name, strlen(name));
        char where[48];
        snprintf(where, sizeof(where), "%.40s", *name ? name : "file");
        if (table < 0 || !json_is_array(list)) {
            book_fault_at(b, file, (struct place){1, 1}, where,
                          table < 0 ? "is no table; known: institutions, specialties, accounts, "
                                      "panels, members, agreements, help, shifts, exceptions"
                                    : "wanted: a list",
                          table < 0
                              ? "不是目录表；可用：institutions、specialties、accounts、panels、"
                                "members、agreements、help、shifts、exceptions"
                              : "应为：列表");
            continue;
        }
        b->sheets[table].given = true;
        b->sheets[table].file = file;
        for (size_t i = 0; i < json_array_size(list) && status == 0; i++)
            status = read_row(b, table, json_array_get(list, i));
    }
    return status;
}

int book_read_json(struct book *b, const char *file, const char *text, size_t len)
{
    json_error_t error;
    struct place at;
    if (csv_check(&text, &len, &at) != CSV_UTF8) { /* skips a byte order mark */
        book_fault_at(b, file, at, "file", "is not UTF-8; save it as UTF-8",
                      "不是 UTF-8 编码；请另存为 UTF-8");
        return 0;
    }
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        at = (struct place){(uint32_t)(error.line > 0 ? error.line : 0),
                            (uint32_t)(error.column > 0 ? error.column : 0)};
        book_fault_at(b, file, at, "file", error.text, error.text);
        return 0;
    }
    int status = 0;
    b->json = malloc(len + 1);
    b->json_len = len;
    if (!b->json)
        status = SQ_ERR_NOMEM;
    else
        memcpy(b->json, text, len);
    if (!json_is_object(root))
        book_fault_at(b, file, (struct place){1, 1}, "file", "wanted: an object of tables",
                      "应为：由各表组成的对象");
    else if (status == 0)
        status = read_tables(b, file, root);
    json_decref(root);
    return status;
}
