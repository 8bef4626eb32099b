/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the JSON; every text goes through one cleaning. */
#include "inspect/report.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void report_init(struct report *r)
{
    *r = (struct report){.details = json_object(), .identity = json_object()};
}

void report_fini(struct report *r)
{
    json_decref(r->details);
    json_decref(r->identity);
}

void report_fail(struct report *r, const char *reason, const char *detail)
{
    if (!r->reason[0])
        snprintf(r->reason, sizeof r->reason, "%s%s%s", reason, detail ? ":" : "",
                 detail ? detail : "");
}

void report_int(struct report *r, const char *name, int64_t value)
{
    if (value >= 0)
        json_object_set_new(r->details, name, json_integer(value));
}

void report_real(struct report *r, const char *name, double value)
{
    if (isfinite(value) && value >= 0)
        json_object_set_new(r->details, name, json_real(value));
}

/* The last character that was cut in its middle goes. */
static size_t whole_characters(const char *text, size_t len)
{
    size_t begin = len;
    while (begin > 0 && ((unsigned char)text[begin - 1] & 0xc0) == 0x80)
        begin--;
    if (begin == 0 || ((unsigned char)text[begin - 1] & 0x80) == 0)
        return len;
    unsigned char first = (unsigned char)text[begin - 1];
    size_t want = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    return len - (begin - 1) == want ? len : begin - 1;
}

/* NULL: nothing is left of it. A new reference. */
static json_t *clean(const char *value, size_t max)
{
    char text[REPORT_TEXT_MAX + 1];
    size_t len = 0;
    bool cut = false;
    if (max > REPORT_TEXT_MAX)
        max = REPORT_TEXT_MAX;
    for (const char *p = value ? value : ""; *p && !cut; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 32 || c == 127 || (c == ' ' && len == 0))
            continue;
        cut = len == max;
        if (!cut)
            text[len++] = (char)c;
    }
    if (cut)
        len = whole_characters(text, len);
    while (len > 0 && text[len - 1] == ' ')
        len--;
    return len ? json_stringn(text, len) : NULL;
}

static void set_text(json_t *object, const char *name, const char *value, size_t max)
{
    json_t *text = clean(value, max);
    if (text)
        json_object_set_new(object, name, text);
}

void report_text(struct report *r, const char *name, const char *value, size_t max)
{
    set_text(r->details, name, value, max);
}

void report_identity(struct report *r, const char *name, const char *value, size_t max)
{
    set_text(r->identity, name, value, max);
}

void report_lead(struct report *r, const char *label)
{
    json_t *leads = json_object_get(r->details, "leads");
    json_t *text = clean(label, 32);
    if (!leads) {
        leads = json_array();
        json_object_set_new(r->details, "leads", leads);
    }
    if (text && json_array_size(leads) < REPORT_LEADS_MAX)
        json_array_append(leads, text);
    json_decref(text);
}

bool report_write(const struct report *r, FILE *to)
{
    json_t *all = r->reason[0] ? json_pack("{s:b, s:s}", "ok", 0, "reason", r->reason)
                               : json_pack("{s:b, s:O, s:O}", "ok", 1, "details", r->details,
                                           "identity", r->identity);
    bool ok = all && json_dumpf(all, to, JSON_COMPACT) == 0 && fflush(to) == 0;
    json_decref(all);
    return ok;
}
