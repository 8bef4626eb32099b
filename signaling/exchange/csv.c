/* SPDX-License-Identifier: Apache-2.0 */
/* See csv.h. One character at a time: `take` is the only place that moves on. */
#include "signaling/exchange/csv.h"
#include "signaling/exchange/utf8.h"
#include <string.h>

enum csv_encoding csv_check(const char **text, size_t *len, struct place *at)
{
    struct csv c;
    uint32_t ch;
    *at = (struct place){1, 1};
    if (*len >= 2 && (memcmp(*text, "\xFF\xFE", 2) == 0 || memcmp(*text, "\xFE\xFF", 2) == 0))
        return CSV_UTF16;
    if (*len >= 3 && memcmp(*text, "\xEF\xBB\xBF", 3) == 0) {
        *text += 3;
        *len -= 3;
    }
    csv_init(&c, *text, *len);
    while (c.at < c.len) {
        size_t used = utf8_next(c.text + c.at, c.len - c.at, &ch);
        *at = c.place;
        if (!used)
            return CSV_NOT_UTF8;
        c.at += used;
        c.place.column++;
        if (ch == '\n')
            c.place = (struct place){c.place.line + 1, 1};
    }
    return CSV_UTF8;
}

void csv_init(struct csv *c, const char *text, size_t len)
{
    *c = (struct csv){.text = text, .len = len, .place = {1, 1}};
}

/* '\0' at the end (and for a zero in the text, which no field may hold). */
static char peek(const struct csv *c)
{
    return c->at < c->len ? c->text[c->at] : '\0';
}

static void take(struct csv *c)
{
    char ch = c->text[c->at++];
    if (ch == '\n')
        c->place = (struct place){c->place.line + 1, 1};
    else if (((unsigned char)ch & 0xC0) != 0x80)
        c->place.column++;
}

static bool at_line_end(const struct csv *c)
{
    return c->at == c->len || peek(c) == '\n' ||
           (peek(c) == '\r' && c->at + 1 < c->len && c->text[c->at + 1] == '\n');
}

static void take_line_end(struct csv *c)
{
    if (peek(c) == '\r')
        take(c);
    if (c->at < c->len)
        take(c);
}

static enum csv_step quoted_field(struct csv *c, struct csv_field *out)
{
    struct place start = c->place;
    take(c);
    out->quoted = true;
    out->raw = c->text + c->at;
    for (;;) {
        if (c->at == c->len) {
            c->place = start;
            return CSV_OPEN_QUOTE;
        }
        bool quote = peek(c) == '"';
        if (quote && (c->at + 1 == c->len || c->text[c->at + 1] != '"'))
            break;
        take(c);
        if (quote)
            take(c);
    }
    out->len = (size_t)(c->text + c->at - out->raw);
    take(c);
    return at_line_end(c) || peek(c) == ',' ? CSV_FIELD : CSV_AFTER_QUOTE;
}

static enum csv_step bare_field(struct csv *c, struct csv_field *out)
{
    out->raw = c->text + c->at;
    while (!at_line_end(c) && peek(c) != ',') {
        if (peek(c) == '"')
            return CSV_STRAY_QUOTE;
        take(c);
    }
    out->len = (size_t)(c->text + c->at - out->raw);
    return CSV_FIELD;
}

enum csv_step csv_next(struct csv *c, struct csv_field *out)
{
    *out = (struct csv_field){.place = c->place};
    if (c->at == c->len && !c->after_comma)
        return CSV_END;
    enum csv_step step = peek(c) == '"' ? quoted_field(c, out) : bare_field(c, out);
    if (step != CSV_FIELD)
        return step;
    out->last = at_line_end(c);
    c->after_comma = !out->last;
    if (out->last)
        take_line_end(c);
    else
        take(c); /* the comma */
    return CSV_FIELD;
}

size_t csv_copy(const struct csv_field *field, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < field->len; i++) {
        if (used + 1 < size)
            out[used] = field->raw[i];
        used++;
        if (field->quoted && field->raw[i] == '"')
            i++; /* the second of two */
    }
    out[used < size ? used : size - 1] = '\0';
    return used;
}

bool csv_needs_quotes(const char *text)
{
    size_t len = strlen(text);
    return strpbrk(text, ",\"\r\n") || (len && (text[0] == ' ' || text[len - 1] == ' '));
}
