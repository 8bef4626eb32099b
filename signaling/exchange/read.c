/* SPDX-License-Identifier: Apache-2.0 */
/* Which file holds what; and CSV: the first record names the columns. */
#include "signaling/exchange/read.h"
#include "shanqiao/error.h"
#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_SIZE 1024

struct reader {
    struct book *book;
    int table;
    struct csv csv;
    int columns[TABLE_FIELDS_MAX]; /* field of each column */
    size_t count;
};

/* ---- CSV ---- */

static int encoding_fault(struct book *b, int table, const char *file, enum csv_encoding encoding,
                          struct place at)
{
    if (encoding == CSV_UTF16)
        book_fault_at(b, file, at, tables[table].name,
                      "is UTF-16; save it as \"CSV UTF-8 (comma delimited)\"",
                      "文件是 UTF-16 编码；请另存为“CSV UTF-8（逗号分隔）”");
    else
        book_fault_at(b, file, at, tables[table].name,
                      "is not UTF-8, perhaps GB18030 or GBK; save it as \"CSV UTF-8 (comma "
                      "delimited)\", or: iconv -f GB18030 -t UTF-8 FILE",
                      "不是 UTF-8 编码（可能是 GB18030 或 GBK）；请另存为“CSV "
                      "UTF-8（逗号分隔）”，或运行 iconv -f GB18030 -t UTF-8 FILE");
    return 0;
}

static void syntax_fault(struct reader *r, enum csv_step step)
{
    static const char *const en[] = {
        [CSV_STRAY_QUOTE] = "a quote within a bare field; put the whole field in quotes and double "
                            "the quotes in it",
        [CSV_OPEN_QUOTE] = "this quote is never closed",
        [CSV_AFTER_QUOTE] = "something stands behind a closing quote; wanted: a comma or the end "
                            "of the line"};
    static const char *const zh[] = {
        [CSV_STRAY_QUOTE] = "未加引号的字段中出现引号；请给整个字段加引号，并将其中的引号写两次",
        [CSV_OPEN_QUOTE] = "此引号没有结束",
        [CSV_AFTER_QUOTE] = "结束引号后还有内容；此处应为逗号或行尾"};
    book_fault_at(r->book, r->book->sheets[r->table].file, r->csv.place, tables[r->table].name,
                  en[step], zh[step]);
}

static void column_fault(struct reader *r, struct place place, const char *en, const char *zh,
                         const char *name)
{
    char english[FAULT_TEXT_MAX], chinese[FAULT_TEXT_MAX], known[160] = "";
    const struct table *t = &tables[r->table];
    for (size_t i = 0, used = 0; i < t->count && used < sizeof(known); i++)
        used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
                                 t->fields[i].name);
    snprintf(english, sizeof(english), en, name, known);
    snprintf(chinese, sizeof(chinese), zh, name, known);
    book_fault_at(r->book, r->book->sheets[r->table].file, place, t->name, english, chinese);
}

static bool known_before(const struct reader *r, int field)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->columns[i] == field)
            return true;
    return false;
}

/* The first record. false: no row can be read by it. */
static bool read_header(struct reader *r)
{
    struct csv_field field = {0};
    size_t faults = r->book->fault_count;
    char name[64];
    while (!field.last) {
        enum csv_step step = csv_next(&r->csv, &field);
        if (step != CSV_FIELD) {
            if (step != CSV_END)
                syntax_fault(r, step);
            else
                column_fault(r, field.place, "%sthe first line must name the columns: %s",
                             "%s首行应为列名：%s", "");
            return false;
        }
        csv_copy(&field, name, sizeof(name));
        int is = table_field(&tables[r->table], name, strlen(name));
        if (is < 0 || known_before(r, is))
            column_fault(r, field.place,
                         is < 0 ? "unknown column \"%.40s\"; known: %s"
                                : "the column \"%.40s\" is there twice; known: %s",
                         is < 0 ? "未知的列 \"%.40s\"；可用：%s" : "列 \"%.40s\" 重复；可用：%s",
                         name);
        else
            r->columns[r->count++] = is;
    }
    for (size_t k = 0; k < tables[r->table].count; k++)
        if ((tables[r->table].fields[k].flags & FIELD_KEY) &&
            (tables[r->table].fields[k].flags & FIELD_NEEDED) && !known_before(r, (int)k))
            column_fault(r, (struct place){1, 1}, "the column \"%s\" is missing; known: %s",
                         "缺少列 \"%s\"；可用：%s", tables[r->table].fields[k].name);
    return r->book->fault_count == faults;
}

static int read_cell(struct reader *r, struct row *row, size_t column, const struct csv_field *in)
{
    char given[FIELD_MAX], canonical[FIELD_MAX];
    const int field = r->columns[column];
    const struct field *f = &tables[r->table].fields[field];
    size_t len = csv_copy(in, given, sizeof(given));
    ((struct place *)row->places)[field] = in->place;
    if (!field_read(f, given, len, canonical))
        book_wanted(r->book, r->table, row, field, -1);
    row->cells[field] = book_text(r->book, canonical, strlen(canonical));
    return row->cells[field] ? 0 : SQ_ERR_NOMEM;
}

/* false: the end, or no further record can be made out. */
static bool read_record(struct reader *r, int *status)
{
    struct csv_field field;
    struct row *row = NULL;
    size_t column = 0;
    do {
        enum csv_step step = csv_next(&r->csv, &field);
        if (step != CSV_FIELD) {
            if (step != CSV_END)
                syntax_fault(r, step);
            return false;
        }
        if (column == 0 && field.last && field.len == 0 && !field.quoted && r->count > 1)
            return true; /* an empty line */
        if (column == 0) {
            row = book_add_row(r->book, r->table);
            struct place *places =
                row ? book_take(r->book, tables[r->table].count * sizeof(*places)) : NULL;
            if (!places) {
                *status = SQ_ERR_NOMEM;
                return false;
            }
            for (size_t i = 0; i < tables[r->table].count; i++)
                places[i] = field.place;
            row->places = places;
        }
        if (column < r->count && (*status = read_cell(r, row, column, &field)) < 0)
            return false;
        column++;
    } while (!field.last);
    if (column != r->count)
        book_fault(r->book, r->table, row, -1, -1, "this line has %zu fields, the first line %zu",
                   "本行有 %zu 个字段，首行有 %zu 个", column, r->count);
    return true;
}

int book_read_csv(struct book *b, int table, const char *file, const char *text, size_t len)
{
    struct reader r = {.book = b, .table = table};
    struct place at;
    int status = 0;
    enum csv_encoding encoding = csv_check(&text, &len, &at);
    b->sheets[table].given = true;
    b->sheets[table].file = file;
    if (encoding != CSV_UTF8)
        return encoding_fault(b, table, file, encoding, at);
    csv_init(&r.csv, text, len);
    if (read_header(&r))
        while (read_record(&r, &status))
            ;
    return status;
}

/* ---- files ---- */

static int read_file(const char *path, char **out, size_t *len)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    *out = NULL;
    int status = !f || fstat(fileno(f), &st) != 0           ? SQ_ERR_IO
                 : (uint64_t)st.st_size > READ_FILE_MAX     ? SQ_ERR_LIMIT
                 : !(*out = malloc((size_t)st.st_size + 1)) ? SQ_ERR_NOMEM
                                                            : 0;
    if (status == 0) {
        *len = fread(*out, 1, (size_t)st.st_size, f);
        (*out)[*len] = '\0';
        if (ferror(f))
            status = SQ_ERR_IO;
    }
    if (f)
        fclose(f);
    if (status < 0) {
        free(*out);
        *out = NULL;
    }
    return status;
}

static bool is_csv(const char *path)
{
    size_t len = strlen(path);
    return len > 4 && strcmp(path + len - 4, ".csv") == 0;
}

static int read_one(struct book *b, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *file = book_text(b, path, strlen(path));
    int status = file ? read_file(path, &text, &len) : SQ_ERR_NOMEM;
    if (status < 0)
        return status;
    int table = is_csv(path) ? table_find(base, strlen(base) - 4) : -1;
    if (table >= 0)
        status = book_read_csv(b, table, file, text, len);
    else if (is_csv(path))
        book_fault_at(b, file, (struct place){0}, base,
                      "is no table; wanted: institutions.csv, specialties.csv, accounts.csv, "
                      "panels.csv, members.csv, agreements.csv, help.csv, shifts.csv or "
                      "exceptions.csv",
                      "不是目录表；应为 institutions.csv、specialties.csv、accounts.csv、"
                      "panels.csv、members.csv、agreements.csv、help.csv、shifts.csv 或 "
                      "exceptions.csv");
    else
        status = book_read_json(b, file, text, len);
    sodium_memzero(text, len); /* passwords may have been in it */
    free(text);
    return status;
}

static int read_folder(struct book *b, DIR *folder, const char *path)
{
    char name[PATH_SIZE];
    struct dirent *entry;
    int status = 0;
    bool any = false;
    while (status == 0 && (entry = readdir(folder)))
        if (is_csv(entry->d_name)) {
            any = true;
            if ((size_t)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >= sizeof(name))
                return SQ_ERR_LIMIT;
            status = read_one(b, name);
        }
    if (status == 0 && !any)
        book_fault_at(b, book_text(b, path, strlen(path)), (struct place){0}, "folder",
                      "holds no .csv file", "目录中没有 .csv 文件");
    return status;
}

int book_read(struct book *b, const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return read_one(b, path);
    int status = read_folder(b, folder, path);
    closedir(folder);
    return status;
}
