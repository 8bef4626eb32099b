/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the cases of a span once, and what belongs to each, into groups. */
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/consult/record.h"
#include "signaling/service.h"
#include "signaling/statistics/group.h"
#include "signaling/statistics/statistics.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct collection {
    struct service *service;
    const struct statistics_filter *filter;
    json_t *index; /* key of a group -> its number */
    struct group **groups;
    size_t count, capacity;
};

#define WEEK_MAX 12
#define DAY_US   (24 * 3600 * TIME_US_PER_S)

struct one_case {
    char id[ID_MAX], institution[ID_MAX], specialty[DIRECTORY_WORD_MAX], kind[24];
    char week[WEEK_MAX]; /* "2026-01-26": its Monday */
    int64_t level;
    enum consult_state state;
};

/* ---- groups ---- */

static const struct {
    const char *name;
    uint32_t bit;
} dimensions[] = {
    {"level", STATISTICS_BY_LEVEL},         {"institution", STATISTICS_BY_INSTITUTION},
    {"specialty", STATISTICS_BY_SPECIALTY}, {"kind", STATISTICS_BY_KIND},
    {"week", STATISTICS_BY_WEEK},
};

uint32_t statistics_by_parse(const char *name)
{
    for (size_t i = 0; i < sizeof(dimensions) / sizeof(dimensions[0]); i++)
        if (strcmp(dimensions[i].name, name) == 0)
            return dimensions[i].bit;
    return 0;
}

static void free_groups(struct collection *c)
{
    for (size_t i = 0; i < c->count; i++) {
        group_clear(c->groups[i]);
        free((char *)c->groups[i]->institution); /* one block with the other names */
        free(c->groups[i]);
    }
    free(c->groups);
    json_decref(c->index);
}

/* Its four names in one block, so that one free releases them. */
static struct group *new_group(const struct one_case *k, uint32_t by)
{
    const size_t size =
        sizeof(k->institution) + sizeof(k->specialty) + sizeof(k->kind) + sizeof(k->week);
    struct group *g = calloc(1, sizeof *g);
    char *names = calloc(1, size);
    if (!g || !names) {
        free(g);
        free(names);
        return NULL;
    }
    char *specialty = names + sizeof(k->institution), *kind = specialty + sizeof(k->specialty);
    char *week = kind + sizeof(k->kind);
    if (by & STATISTICS_BY_INSTITUTION)
        snprintf(names, sizeof(k->institution), "%s", k->institution);
    if (by & STATISTICS_BY_SPECIALTY)
        snprintf(specialty, sizeof(k->specialty), "%s", k->specialty);
    if (by & STATISTICS_BY_KIND)
        snprintf(kind, sizeof(k->kind), "%s", k->kind);
    if (by & STATISTICS_BY_WEEK)
        snprintf(week, sizeof(k->week), "%s", k->week);
    g->level = by & STATISTICS_BY_LEVEL ? k->level : 0;
    g->institution = names;
    g->specialty = specialty;
    g->kind = kind;
    g->week = week;
    return g;
}

static int keep_group(struct collection *c, struct group *g, const char *key)
{
    if (c->count == c->capacity) {
        size_t capacity = c->capacity ? 2 * c->capacity : 16;
        struct group **grown = reallocarray(c->groups, capacity, sizeof(struct group *));
        if (!grown)
            return SQ_ERR_NOMEM;
        c->groups = grown;
        c->capacity = capacity;
    }
    if (json_object_set_new(c->index, key, json_integer((json_int_t)c->count)))
        return SQ_ERR_NOMEM;
    c->groups[c->count++] = g;
    return 0;
}

static struct group *group_of(struct collection *c, const struct one_case *k)
{
    uint32_t by = c->filter->by;
    char key[200];
    snprintf(key, sizeof key, "%lld/%s/%s/%s/%s",
             (long long)(by & STATISTICS_BY_LEVEL ? k->level : 0),
             by & STATISTICS_BY_INSTITUTION ? k->institution : "",
             by & STATISTICS_BY_SPECIALTY ? k->specialty : "",
             by & STATISTICS_BY_KIND ? k->kind : "", by & STATISTICS_BY_WEEK ? k->week : "");
    json_t *known = json_object_get(c->index, key);
    if (known)
        return c->groups[json_integer_value(known)];
    struct group *g = new_group(k, by);
    if (g && keep_group(c, g, key) < 0) {
        free((char *)g->institution);
        free(g);
        return NULL;
    }
    return g;
}

/* ---- what belongs to a case ---- */

/* Each state lasted until the next one began; the present one still lasts and is no wait yet. */
static int add_history(struct collection *c, const char *id, struct group *g)
{
    struct store_query q;
    enum consult_state before = CONSULT_STATE_COUNT;
    time_us since_us = 0;
    int status = 0;
    bool interrupted = false;
    STORE_QUERY(c->service->store, &q,
                "SELECT state, at_us FROM consultation_state WHERE consultation = $1"
                " ORDER BY number",
                sv_text(id));
    while (status == 0 && store_next(&q)) {
        enum consult_state state = consult_state_parse(store_text(&q, 0));
        time_us at_us = store_int(&q, 1);
        if (before != CONSULT_STATE_COUNT)
            status = spans_add(&g->waits[before], at_us - since_us);
        g->interruptions += state == CONSULT_INTERRUPTED;
        interrupted = interrupted || state == CONSULT_INTERRUPTED;
        before = state;
        since_us = at_us;
    }
    g->interrupted_cases += interrupted;
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

static int add_refusals(struct collection *c, const char *id, struct group *g)
{
    struct store_query q;
    STORE_QUERY(c->service->store, &q,
                "SELECT COUNT(*) FROM ring WHERE consultation = $1 AND state = $2", sv_text(id),
                sv_int(CONSULT_RING_REFUSED));
    if (store_next(&q))
        g->refusals += store_int(&q, 0);
    return store_query_end(&q);
}

static int add_call(struct collection *c, const char *id, struct group *g)
{
    struct store_query q;
    STORE_QUERY(c->service->store, &q,
                "SELECT picture FROM consultation_media WHERE consultation = $1", sv_text(id));
    if (store_next(&q)) {
        g->calls++;
        g->sound_only += store_int(&q, 0) == 0;
    }
    return store_query_end(&q);
}

static void count_outcome(struct group *g, const json_t *outcome)
{
    const json_t *avoided = json_object_get(outcome, "avoidedTransfer");
    const char *concordance = json_string_value(json_object_get(outcome, "concordance"));
    if (json_is_boolean(avoided)) {
        g->outcomes++;
        g->avoided_transfers += json_is_true(avoided);
    }
    for (size_t i = 0; concordance && i < GROUP_CONCORDANCES; i++)
        g->concordance[i] += strcmp(group_concordances[i], concordance) == 0;
}

/* The last outcome counts: it corrects those before it. */
static int add_outcome(struct collection *c, const struct one_case *k, struct group *g)
{
    json_t *entries = NULL;
    if (k->state != CONSULT_OUTCOME_RECORDED && k->state != CONSULT_ARCHIVED)
        return 0;
    int status = consult_entries(c->service, k->id, "outcome", &entries);
    if (status == 0 && json_array_size(entries) > 0)
        count_outcome(g, json_array_get(entries, json_array_size(entries) - 1));
    json_decref(entries);
    return status;
}

static int add_case(struct collection *c, const struct one_case *k)
{
    struct group *g = group_of(c, k);
    if (!g)
        return SQ_ERR_NOMEM;
    g->cases++;
    if (k->state < CONSULT_STATE_COUNT)
        g->states[k->state]++;
    int status = add_history(c, k->id, g);
    if (status == 0)
        status = add_refusals(c, k->id, g);
    if (status == 0)
        status = add_call(c, k->id, g);
    return status < 0 ? status : add_outcome(c, k, g);
}

/* ---- the walk ---- */

static void query_cases(struct collection *c, struct store_query *q)
{
    const struct statistics_filter *f = c->filter;
    STORE_QUERY(c->service->store, q,
                "WITH RECURSIVE below (id) AS (SELECT id FROM institution WHERE id = $1"
                " UNION SELECT i.id FROM institution i JOIN below b ON i.parent = b.id)"
                " SELECT c.id, c.institution, c.specialty, c.kind, i.level, c.state,"
                " c.submitted_us, i.utc_offset_min"
                " FROM consultation c JOIN institution i ON i.id = c.institution"
                " WHERE c.submitted_us >= $2 AND c.submitted_us < $3 AND c.submitted_us > 0"
                " AND ($1 = '' OR c.institution IN (SELECT id FROM below)"
                "  OR c.invited IN (SELECT id FROM below))"
                " ORDER BY c.submitted_us, c.id LIMIT $4",
                sv_text(f->institution), sv_int(f->from_us), sv_int(f->until_us),
                sv_int((int64_t)f->cases_max + 1));
}

/* 1970-01-01 was a Thursday, the fourth day of its week. */
static void write_week(time_us submitted_us, int64_t utc_offset_min, char out[WEEK_MAX])
{
    char text[SERVICE_TIME_MAX];
    int64_t day = (submitted_us + utc_offset_min * 60 * TIME_US_PER_S) / DAY_US;
    service_time_text((day - (day + 3) % 7) * DAY_US, text);
    snprintf(out, WEEK_MAX, "%.10s", text);
}

static int walk(struct collection *c, size_t *cases)
{
    struct store_query q;
    struct one_case k;
    int status = 0;
    query_cases(c, &q);
    while (status == 0 && store_next(&q)) {
        store_copy_text(&q, 0, k.id, sizeof k.id);
        store_copy_text(&q, 1, k.institution, sizeof k.institution);
        store_copy_text(&q, 2, k.specialty, sizeof k.specialty);
        store_copy_text(&q, 3, k.kind, sizeof k.kind);
        k.level = store_int(&q, 4);
        k.state = consult_state_parse(store_text(&q, 5));
        write_week(store_int(&q, 6), store_int(&q, 7), k.week);
        status = ++*cases > c->filter->cases_max ? SQ_ERR_LIMIT : add_case(c, &k);
    }
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

static int tell(struct collection *c, size_t cases, json_t **out)
{
    char from[SERVICE_TIME_MAX], until[SERVICE_TIME_MAX];
    json_t *groups = json_array();
    for (size_t i = 0; i < c->count; i++)
        if (json_array_append_new(groups, group_json(c->groups[i]))) {
            json_decref(groups);
            return SQ_ERR_NOMEM;
        }
    *out = json_pack("{s:s, s:s, s:I, s:o}", "from", service_time_text(c->filter->from_us, from),
                     "until", service_time_text(c->filter->until_us, until), "cases",
                     (json_int_t)cases, "groups", groups);
    return *out ? 0 : SQ_ERR_NOMEM;
}

int statistics_collect(struct service *s, const struct statistics_filter *f, json_t **out)
{
    struct collection c = {.service = s, .filter = f, .index = json_object()};
    size_t cases = 0;
    *out = NULL;
    int status = c.index ? walk(&c, &cases) : SQ_ERR_NOMEM;
    if (status == 0)
        status = tell(&c, cases, out);
    free_groups(&c);
    return status;
}
