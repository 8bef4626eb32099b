/* SPDX-License-Identifier: Apache-2.0 */
/* A group in numbers. */
#include "signaling/statistics/group.h"
#include "shanqiao/error.h"
#include <math.h>
#include <stdlib.h>

const char *const group_concordances[GROUP_CONCORDANCES] = {"agrees", "agrees_in_part", "differs",
                                                            "unknown"};

int spans_add(struct spans *s, int64_t span_us)
{
    if (s->count == s->capacity) {
        size_t capacity = s->capacity ? 2 * s->capacity : 16;
        int64_t *grown = reallocarray(s->items, capacity, sizeof *grown);
        if (!grown)
            return SQ_ERR_NOMEM;
        s->items = grown;
        s->capacity = capacity;
    }
    s->items[s->count++] = span_us;
    return 0;
}

static int order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Seconds with milliseconds: a wait is never known better. */
static double seconds(double us)
{
    return round(us / 1000.0) / 1000.0;
}

static double rank(const struct spans *s, size_t percent)
{
    size_t at = (s->count * percent + 99) / 100;
    return seconds((double)s->items[at > 0 ? at - 1 : 0]);
}

json_t *spans_json(struct spans *s)
{
    double sum = 0;
    if (s->count == 0)
        return json_pack("{s:i}", "count", 0);
    qsort(s->items, s->count, sizeof(s->items[0]), order);
    for (size_t i = 0; i < s->count; i++)
        sum += (double)s->items[i];
    return json_pack("{s:I, s:f, s:f, s:f}", "count", (json_int_t)s->count, "mean_s",
                     seconds(sum / (double)s->count), "p50_s", rank(s, 50), "p90_s", rank(s, 90));
}

void group_clear(struct group *g)
{
    for (size_t i = 0; i < CONSULT_STATE_COUNT; i++)
        free(g->waits[i].items);
}

/* Names to numbers, those that are not 0. */
static json_t *states_json(const struct group *g)
{
    json_t *object = json_object();
    for (int i = 0; object && i < CONSULT_STATE_COUNT; i++)
        if (g->states[i])
            json_object_set_new(object, consult_state_name((enum consult_state)i),
                                json_integer(g->states[i]));
    return object;
}

static json_t *waits_json(struct group *g)
{
    json_t *object = json_object();
    for (int i = 0; object && i < CONSULT_STATE_COUNT; i++)
        if (g->waits[i].count)
            json_object_set_new(object, consult_state_name((enum consult_state)i),
                                spans_json(&g->waits[i]));
    return object;
}

static json_t *concordance_json(const struct group *g)
{
    json_t *object = json_object();
    for (size_t i = 0; object && i < GROUP_CONCORDANCES; i++)
        json_object_set_new(object, group_concordances[i], json_integer(g->concordance[i]));
    return object;
}

/* Of nothing there is no share. */
static json_t *share(int64_t part, int64_t whole)
{
    return whole ? json_real(round(1000.0 * (double)part / (double)whole) / 1000.0) : NULL;
}

static const char *or_none(const char *text)
{
    return text && *text ? text : NULL;
}

json_t *group_json(struct group *g)
{
    return json_pack(
        "{s:o*, s:s*, s:s*, s:s*, s:s*, s:I, s:o, s:o, s:I, s:I, s:I, s:{s:I, s:I, s:o*}, "
        "s:{s:I, s:I}, s:o}",
        "level", g->level ? json_integer(g->level) : NULL, "institution", or_none(g->institution),
        "specialty", or_none(g->specialty), "kind", or_none(g->kind), "week", or_none(g->week),
        "cases", (json_int_t)g->cases, "states", states_json(g), "waits", waits_json(g), "refusals",
        (json_int_t)g->refusals, "interruptions", (json_int_t)g->interruptions, "interruptedCases",
        (json_int_t)g->interrupted_cases, "calls", "count", (json_int_t)g->calls, "soundOnly",
        (json_int_t)g->sound_only, "soundOnlyShare", share(g->sound_only, g->calls), "transfers",
        "known", (json_int_t)g->outcomes, "avoided", (json_int_t)g->avoided_transfers,
        "concordance", concordance_json(g));
}
