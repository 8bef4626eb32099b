/* SPDX-License-Identifier: Apache-2.0 */
/* What was collected, as lines of RFC 4180. One row for each column says where it stands. */
#include "signaling/statistics/group.h"
#include "signaling/statistics/statistics.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A column: a member, or a member of a member. */
static const struct {
    const char *title, *outer, *inner;
} columns[] = {
    {"level", NULL, "level"},
    {"institution", NULL, "institution"},
    {"specialty", NULL, "specialty"},
    {"kind", NULL, "kind"},
    {"week", NULL, "week"},
    {"cases", NULL, "cases"},
    {"refusals", NULL, "refusals"},
    {"interruptions", NULL, "interruptions"},
    {"interrupted_cases", NULL, "interruptedCases"},
    {"calls", "calls", "count"},
    {"sound_only_calls", "calls", "soundOnly"},
    {"sound_only_share", "calls", "soundOnlyShare"},
    {"transfers_known", "transfers", "known"},
    {"transfers_avoided", "transfers", "avoided"},
    {"concordance_agrees", "concordance", "agrees"},
    {"concordance_agrees_in_part", "concordance", "agrees_in_part"},
    {"concordance_differs", "concordance", "differs"},
    {"concordance_unknown", "concordance", "unknown"},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* Texts are ids and codes of ours; a quote or a formula sign never stands in them, and would be
 * quoted all the same. */
static void write_text(FILE *out, const char *text)
{
    fputc('"', out);
    if (strchr("=+-@\t\r", *text) && *text)
        fputc('\'', out); /* no spreadsheet shall take it for a formula */
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void write_value(FILE *out, const json_t *value)
{
    if (json_is_string(value))
        write_text(out, json_string_value(value));
    else if (json_is_integer(value))
        fprintf(out, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        fprintf(out, "%.3f", json_real_value(value));
}

static void write_head(FILE *out)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        fprintf(out, "%s%s", i ? "," : "", columns[i].title);
    for (int s = 0; s < CONSULT_STATE_COUNT; s++)
        fprintf(out, ",now_%s", consult_state_name((enum consult_state)s));
    for (int s = 0; s < CONSULT_STATE_COUNT; s++) {
        const char *name = consult_state_name((enum consult_state)s);
        fprintf(out, ",wait_%s_p50_s,wait_%s_p90_s", name, name);
    }
    fputs("\r\n", out);
}

static void write_group(FILE *out, const json_t *g)
{
    const json_t *states = json_object_get(g, "states"), *waits = json_object_get(g, "waits");
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        const json_t *from = columns[i].outer ? json_object_get(g, columns[i].outer) : g;
        if (i)
            fputc(',', out);
        write_value(out, json_object_get(from, columns[i].inner));
    }
    for (int s = 0; s < CONSULT_STATE_COUNT; s++) {
        const json_t *count = json_object_get(states, consult_state_name((enum consult_state)s));
        fprintf(out, ",%lld", (long long)json_integer_value(count));
    }
    for (int s = 0; s < CONSULT_STATE_COUNT; s++) {
        const json_t *wait = json_object_get(waits, consult_state_name((enum consult_state)s));
        fputc(',', out);
        write_value(out, json_object_get(wait, "p50_s"));
        fputc(',', out);
        write_value(out, json_object_get(wait, "p90_s"));
    }
    fputs("\r\n", out);
}

char *statistics_csv(const json_t *collected)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    json_t *group;
    size_t i;
    if (!out)
        return NULL;
    write_head(out);
    json_array_foreach(json_object_get(collected, "groups"), i, group) write_group(out, group);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
