/* SPDX-License-Identifier: Apache-2.0 */
/* See text.h: one walk over the values, one over the characters of each. */
#include "signaling/proto/text.h"

#include "shanqiao/error.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Members that a person reads to know who and why: empty in effect means not given. */
static const char *const said[] = {"name",   "signer", "relation", "complaint", "purpose",
                                   "reason", "text",   "plan",     "outcome",   "problem"};

/* Members that are one line wherever they are shown or printed. */
static const char *const lines[] = {"name",        "idNumber", "department", "wantedTitle",
                                    "location",    "signer",   "relation",   "witness",
                                    "textVersion", "how",      "device",     "login"};

/* The code point at *at (UTF-8 that the parser has checked); moves on. */
static uint32_t next_char(const unsigned char **at)
{
    const unsigned char *p = *at;
    unsigned more = *p < 0x80 ? 0 : *p < 0xE0 ? 1 : *p < 0xF0 ? 2 : 3;
    uint32_t ch = more ? *p & (0x3Fu >> more) : *p;
    for (unsigned i = 1; i <= more && (p[i] & 0xC0) == 0x80; i++)
        ch = ch << 6 | (p[i] & 0x3F);
    *at = p + 1;
    while ((**at & 0xC0) == 0x80)
        (*at)++;
    return ch;
}

static bool harmful(uint32_t ch)
{
    return (ch < 0x20 && ch != '\n' && ch != '\t') || (ch >= 0x7F && ch <= 0x9F) || ch == 0x2028 ||
           ch == 0x2029 || (ch >= 0x202A && ch <= 0x202E) || (ch >= 0x2066 && ch <= 0x2069);
}

/* Noncharacters and private use (Unicode 15, chapter 23). What is merely unassigned passes: a later
 * Unicode assigns it, and it reads as the same character ever after. */
static bool meaningless(uint32_t ch)
{
    return (ch & 0xFFFE) == 0xFFFE || (ch >= 0xFDD0 && ch <= 0xFDEF) ||
           (ch >= 0xE000 && ch <= 0xF8FF) || ch >= 0xF0000;
}

/* White space of Unicode (White_Space=yes), and what has no width. */
static bool blank(uint32_t ch)
{
    return ch == ' ' || ch == '\n' || ch == '\t' || ch == 0xA0 || ch == 0x1680 ||
           (ch >= 0x2000 && ch <= 0x200D) || ch == 0x202F || ch == 0x205F || ch == 0x2060 ||
           ch == 0x3000 || ch == 0xFEFF;
}

#define COUNT(list) (sizeof list / sizeof list[0])

static bool is_one_of(const char *const *list, size_t count, const char *member)
{
    for (size_t i = 0; member && i < count; i++) {
        if (!strcmp(list[i], member))
            return true;
    }
    return false;
}

enum fault { FAULT_NONE, FAULT_CONTROL, FAULT_MEANINGLESS, FAULT_LINES, FAULT_BLANK, FAULT_NAME };
static const struct {
    const char *en, *zh;
} faults[] = {
    [FAULT_CONTROL] = {"holds a control character", "含有控制字符"},
    [FAULT_MEANINGLESS] = {"holds a private use character or none of Unicode; write it otherwise",
                           "含有私用区字符或非字符，请改写"},
    [FAULT_LINES] = {"holds a line break or tab, and has to be one line",
                     "应为单行，不得换行或含制表符"},
    [FAULT_BLANK] = {"holds only blanks", "只有空白"},
    [FAULT_NAME] = {"has a member whose name holds a control character",
                    "含有名称带控制字符的成员"},
};

static enum fault fault_of_char(uint32_t ch)
{
    return harmful(ch) ? FAULT_CONTROL : meaningless(ch) ? FAULT_MEANINGLESS : FAULT_NONE;
}

bool text_refuses(uint32_t ch)
{
    return fault_of_char(ch) != FAULT_NONE;
}

/* Of the text of this member; NULL: of a name, or in an array. */
static enum fault fault_of(const char *text, const char *member)
{
    const unsigned char *at = (const unsigned char *)text;
    bool some = !is_one_of(said, COUNT(said), member);
    bool line = is_one_of(lines, COUNT(lines), member), broken = false;
    while (*at) {
        uint32_t ch = next_char(&at);
        enum fault fault = fault_of_char(ch);
        if (fault)
            return fault;
        broken |= line && (ch == '\n' || ch == '\t');
        some |= !blank(ch);
    }
    return !some ? FAULT_BLANK : broken ? FAULT_LINES : FAULT_NONE;
}

static int check(const json_t *value, const char *member, struct schema_reason *reason);

static int check_below(const json_t *value, const char *member, size_t index,
                       struct schema_reason *reason)
{
    size_t old_len = strlen(reason->path), room = sizeof reason->path - old_len;
    if (member)
        snprintf(reason->path + old_len, room, "/%s", member);
    else
        snprintf(reason->path + old_len, room, "/%zu", index);
    int error = check(value, member, reason);
    if (!error)
        reason->path[old_len] = 0;
    return error;
}

static int refuse(struct schema_reason *reason, enum fault fault)
{
    snprintf(reason->text, sizeof reason->text, "%s", faults[fault].en);
    snprintf(reason->zh, sizeof reason->zh, "%s", faults[fault].zh);
    return SQ_ERR_INVALID;
}

static int check_object(const json_t *object, struct schema_reason *reason)
{
    const char *name;
    json_t *part;
    json_object_foreach((json_t *)object, name, part)
    {
        if (fault_of(name, NULL))
            return refuse(reason, FAULT_NAME);
        int error = check_below(part, name, 0, reason);
        if (error)
            return error;
    }
    return 0;
}

static int check(const json_t *value, const char *member, struct schema_reason *reason)
{
    size_t i;
    json_t *part;
    if (json_is_object(value))
        return check_object(value, reason);
    json_array_foreach((json_t *)value, i, part)
    {
        int error = check_below(part, NULL, i, reason);
        if (error)
            return error;
    }
    const char *text = json_string_value(value);
    enum fault fault = text ? fault_of(text, member) : FAULT_NONE;
    return fault ? refuse(reason, fault) : 0;
}

int text_check(const json_t *params, struct schema_reason *reason)
{
    reason->path[0] = reason->text[0] = reason->zh[0] = 0;
    return check(params, NULL, reason);
}
