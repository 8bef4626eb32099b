/* SPDX-License-Identifier: Apache-2.0 */
/* How long the look-ups of routing take in this directory: each kind in turn, with villages and
 * panels drawn by a seed, each timed alone. Reads only. */
#include "base/time.h"
#include "shanqiao/error.h"
#include "signaling/ctl/ctl.h"
#include "signaling/directory/directory.h"
#include "signaling/duty/duty.h"
#include "signaling/store/store.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define LOOKUPS_DEFAULT 21000
#define LOOKUPS_MAX     10000000
#define PLACES_MAX      4096 /* villages and panels to draw from */

struct places {
    char (*ids)[ID_MAX];
    size_t count;
};

struct measure {
    struct service *s;
    time_us utc_us;
    struct places villages, panels;
    uint64_t state;
};

static const char *draw(struct measure *m, const struct places *of)
{
    m->state = m->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth */
    return of->ids[(m->state >> 33) % of->count];
}

static int agreement(struct measure *m)
{
    struct directory_agreement out;
    struct directory_panel panel;
    int status = directory_panel(m->s, draw(m, &m->panels), m->utc_us, &panel);
    if (status == 0)
        status = directory_agreement(m->s, draw(m, &m->villages), panel.institution, "live",
                                     panel.specialty, m->utc_us, &out);
    return status;
}

static int ancestors(struct measure *m)
{
    struct directory_ids out;
    return directory_ancestors(m->s, draw(m, &m->villages), &out);
}

static int coordinators(struct measure *m)
{
    struct directory_accounts out;
    return directory_coordinators(m->s, draw(m, &m->villages), &out);
}

static int escalation(struct measure *m)
{
    struct directory_panels out;
    return directory_escalation(m->s, draw(m, &m->panels), "cardiology", m->utc_us, &out);
}

static int emergency(struct measure *m)
{
    struct directory_panels out;
    return directory_emergency(m->s, draw(m, &m->villages), "chest_pain", m->utc_us, &out);
}

static int roster(struct measure *m)
{
    struct duty_roster out;
    return duty_roster(m->s, draw(m, &m->panels), "", m->utc_us, &out);
}

/* The whole question: which panels of a specialty around a village have whom on duty? */
static int on_duty_around(struct measure *m)
{
    struct directory_panels panels;
    struct duty_roster out;
    int status = directory_around(m->s, draw(m, &m->villages), "cardiology", m->utc_us, &panels);
    for (size_t i = 0; i < panels.count && status == 0; i++)
        status = duty_roster(m->s, panels.items[i].id, "", m->utc_us, &out);
    return status;
}

static const struct {
    const char *name;
    int (*look_up)(struct measure *m);
} kinds[] = {
    {"agreement", agreement},           {"ancestors", ancestors}, {"coordinators", coordinators},
    {"escalation", escalation},         {"emergency", emergency}, {"roster", roster},
    {"on_duty_around", on_duty_around},
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static int load_places(struct measure *m, const char *sql, struct places *out)
{
    struct store_query q;
    out->ids = calloc(PLACES_MAX, sizeof(*out->ids));
    if (!out->ids)
        return SQ_ERR_NOMEM;
    store_query(m->s->store, &q, sql, NULL, 0);
    while (out->count < PLACES_MAX && store_next(&q))
        store_copy_text(&q, 0, out->ids[out->count++], ID_MAX);
    int status = store_query_end(&q);
    return status == 0 && !out->count ? SQ_ERR_NOT_FOUND : status;
}

static int by_size(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static json_t *describe(int64_t *us, size_t count)
{
    qsort(us, count, sizeof(*us), by_size);
    return json_pack("{s:I, s:I, s:I}", "p50", (json_int_t)us[count / 2], "p99",
                     (json_int_t)us[count - 1 - count / 100], "max", (json_int_t)us[count - 1]);
}

/* us[KIND_COUNT][each], one kind after the other. */
static int time_lookups(struct measure *m, int64_t *us, size_t each)
{
    for (size_t i = 0; i < each; i++)
        for (size_t k = 0; k < KIND_COUNT; k++) {
            time_us start = clock_monotonic_us();
            int status = kinds[k].look_up(m);
            us[k * each + i] = clock_monotonic_us() - start;
            if (status < 0 && status != SQ_ERR_NOT_FOUND) /* no agreement is an answer too */
                return status;
        }
    return 0;
}

static int count_institutions(struct measure *m, int64_t *out)
{
    struct store_query q;
    store_query(m->s->store, &q, "SELECT COUNT(*) FROM institution", NULL, 0);
    *out = store_next(&q) ? store_int(&q, 0) : 0;
    return store_query_end(&q);
}

static int run(struct measure *m, size_t each, json_t **out)
{
    int64_t institutions = 0;
    int64_t *us = calloc(KIND_COUNT * each, sizeof(*us));
    int status = us ? 0 : SQ_ERR_NOMEM;
    if (status == 0)
        status = load_places(m,
                             "SELECT id FROM institution WHERE level = 1"
                             " ORDER BY admin_code DESC, id LIMIT 4096",
                             &m->villages);
    if (status == 0)
        status = load_places(m, "SELECT id FROM panel ORDER BY id LIMIT 4096", &m->panels);
    if (status == 0)
        status = count_institutions(m, &institutions);
    if (status == 0)
        status = time_lookups(m, us, each);
    if (status == 0) {
        json_t *by = json_object();
        for (size_t k = 0; k < KIND_COUNT; k++)
            json_object_set_new(by, kinds[k].name, describe(us + k * each, each));
        *out = json_pack("{s:I, s:I, s:o, s:o}", "institutions", (json_int_t)institutions,
                         "lookups", (json_int_t)(KIND_COUNT * each), "lookup_us",
                         describe(us, KIND_COUNT * each), "by", by);
    }
    free(us);
    free(m->villages.ids);
    free(m->panels.ids);
    return status;
}

int ctl_directory_measure(struct ctl *c)
{
    struct service s;
    json_t *out = NULL;
    const char *lookups = c->directory.lookups;
    long count = lookups ? strtol(lookups, NULL, 10) : LOOKUPS_DEFAULT;
    if (count < (long)KIND_COUNT || count > LOOKUPS_MAX) {
        ctl_fail(c, "--lookups is %d to %d", "--lookups 应为 %d 到 %d", (int)KIND_COUNT,
                 LOOKUPS_MAX);
        return CTL_USAGE;
    }
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    struct measure m = {.s = &s, .utc_us = c->utc_us, .state = 1};
    int error = run(&m, (size_t)count / KIND_COUNT, &out);
    if (error == SQ_ERR_NOT_FOUND)
        status = ctl_fail(c, "there are no villages or no panels", "没有村级机构或专家组");
    else if (error < 0)
        status = ctl_fail(c, "%s: %s", "%s：%s", sq_error_name(error), store_error(s.store));
    else {
        json_dumpf(out, c->out, JSON_COMPACT | JSON_PRESERVE_ORDER);
        fputc('\n', c->out);
    }
    json_decref(out);
    service_close(&s);
    return status;
}
