/* SPDX-License-Identifier: Apache-2.0 */
/* See locate.h: skips values by brackets and quotes, which is enough in a text that is JSON. */
#include "signaling/exchange/locate.h"
#include <string.h>

struct walk {
    const char *at, *end;
};

static void skip_blanks(struct walk *w)
{
    while (w->at < w->end && strchr(" \t\r\n", *w->at))
        w->at++;
}

static void skip_string(struct walk *w)
{
    for (w->at++; w->at < w->end && *w->at != '"'; w->at++)
        if (*w->at == '\\')
            w->at++;
    w->at++;
}

static void skip_value(struct walk *w)
{
    int depth = 0;
    do {
        if (w->at >= w->end)
            return;
        if (*w->at == '"') {
            skip_string(w);
            continue;
        }
        depth += *w->at == '[' || *w->at == '{' ? 1 : 0;
        depth -= *w->at == ']' || *w->at == '}' ? 1 : 0;
        w->at++;
    } while (depth > 0 || (w->at < w->end && !strchr(",]} \t\r\n", *w->at)));
}

/* From before one value to before the next of its array or object. false: that was the last. */
static bool to_next(struct walk *w)
{
    skip_value(w);
    skip_blanks(w);
    if (w->at >= w->end || *w->at != ',')
        return false;
    w->at++;
    skip_blanks(w);
    return true;
}

static bool enter(struct walk *w, char bracket)
{
    if (w->at >= w->end || *w->at != bracket)
        return false;
    w->at++;
    skip_blanks(w);
    return w->at < w->end && *w->at != (bracket == '[' ? ']' : '}');
}

static bool to_member(struct walk *w, const char *name)
{
    size_t len = strlen(name);
    struct walk from = *w;
    if (!enter(w, '{'))
        return false;
    do {
        struct walk key = *w;
        skip_string(w);
        bool same = (size_t)(w->at - key.at) == len + 2 && memcmp(key.at + 1, name, len) == 0;
        skip_blanks(w);
        w->at++; /* the colon */
        skip_blanks(w);
        if (same)
            return true;
    } while (w->at < w->end && to_next(w));
    *w = from;
    return false;
}

static bool to_element(struct walk *w, size_t number)
{
    struct walk from = *w;
    bool there = enter(w, '[');
    for (size_t i = 0; there && i < number; i++)
        there = to_next(w);
    if (!there)
        *w = from;
    return there;
}

static struct place place_of(const char *text, const char *at)
{
    struct place place = {1, 1};
    for (const char *p = text; p < at; p++) {
        if (*p == '\n')
            place = (struct place){place.line + 1, 1};
        else if (((unsigned char)*p & 0xC0) != 0x80)
            place.column++;
    }
    return place;
}

struct place locate(const char *json, size_t len, const char *list, size_t row, const char *field,
                    int element)
{
    struct walk w = {json, json + len};
    skip_blanks(&w);
    if (to_member(&w, list) && to_element(&w, row) && field && to_member(&w, field) && element >= 0)
        to_element(&w, (size_t)element);
    return place_of(json, w.at < w.end ? w.at : w.end);
}
