/* SPDX-License-Identifier: Apache-2.0 */
/* The look-ups of routing: ancestry, agreements, panels, help. One statement each: on a store
 * beyond the network the round trips are what a look-up costs. Depths are bounded in the
 * statements, so that a cycle in the tables ends. */
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/directory/directory.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

#define US_PER_MIN  (60 * TIME_US_PER_S)
#define MIN_PER_DAY 1440

/* CROSS JOIN fixes the order of the loops in SQLite, whatever its statistics say: from the few
 * found to what their keys name. PostgreSQL takes it as any join. up: the institution $1 and all
 * above it. 7: DIRECTORY_ANCESTORS_MAX - 1. */
#define WITH_UP                                                                                    \
    "WITH RECURSIVE up (id, parent, distance) AS"                                                  \
    " (SELECT id, parent, CAST(0 AS BIGINT) FROM institution WHERE id = $1 UNION ALL"              \
    "  SELECT i.id, i.parent, up.distance + 1 FROM up CROSS JOIN institution i"                    \
    "  WHERE i.id = up.parent AND up.distance < 7)"

/* In force on the local day of institution i. $3 always is the minutes since 1970. */
#define TODAY  " ($3 + i.utc_offset_min) / 1440"
#define OPEN_A " a.from_day <=" TODAY " AND a.until_day >=" TODAY
#define OPEN_I " i.until_day >=" TODAY
#define OPEN_P " p.until_day >=" TODAY " AND" OPEN_I

/* ---- where an institution belongs ---- */

int directory_ancestors(struct service *s, const char *institution, struct directory_ids *out)
{
    struct store_query q;
    out->count = 0;
    STORE_QUERY(s->store, &q, WITH_UP " SELECT id FROM up ORDER BY distance", sv_text(institution));
    while (out->count < DIRECTORY_ANCESTORS_MAX && store_next(&q))
        store_copy_text(&q, 0, out->items[out->count++], ID_MAX);
    int status = store_query_end(&q);
    return status == 0 && !out->count ? SQ_ERR_NOT_FOUND : status;
}

/* A consultation centre stands for the institution that it belongs to. */
void directory_ask_belongs(struct service *s, const char *institution, const char *ancestor,
                           struct store_query *q)
{
    STORE_QUERY(s->store, q,
                WITH_UP " SELECT 1 FROM up WHERE id = $2 OR id = (SELECT parent FROM institution"
                        " WHERE id = $2 AND kind = 'consultation_centre')",
                sv_text(institution), sv_text(ancestor));
}

int directory_belongs(struct service *s, const char *institution, const char *ancestor, bool *out)
{
    struct store_query q;
    directory_ask_belongs(s, institution, ancestor, &q);
    *out = store_next(&q);
    return store_query_end(&q);
}

int directory_coordinators(struct service *s, const char *institution,
                           struct directory_accounts *out)
{
    struct store_query q;
    int64_t nearest = -1;
    out->count = 0;
    out->institution[0] = '\0';
    STORE_QUERY(s->store, &q,
                WITH_UP ", seat (id, distance) AS (SELECT id, distance FROM up UNION"
                        "  SELECT c.id, up.distance FROM up CROSS JOIN institution c"
                        "  WHERE c.parent = up.id AND c.kind = 'consultation_centre')"
                        " SELECT a.id, seat.distance, seat.id FROM seat CROSS JOIN account a"
                        " WHERE a.institution = seat.id AND a.disabled = 0 AND (a.roles & $2) <> 0 "
                        "ORDER BY seat.distance, a.id",
                sv_text(institution), sv_int(ROLE_COORDINATOR));
    while (out->count < DIRECTORY_COORDINATORS_MAX && store_next(&q)) {
        if (nearest >= 0 && store_int(&q, 1) != nearest)
            break;
        if (nearest < 0)
            store_copy_text(&q, 2, out->institution, ID_MAX);
        nearest = store_int(&q, 1);
        store_copy_text(&q, 0, out->items[out->count++], ID_MAX);
    }
    return store_query_end(&q);
}

/* ---- agreements ---- */

static const char *const strategies[] = {"ring_all", "ring_one", "next_in_line"};

const char *directory_strategy_name(enum directory_strategy strategy)
{
    size_t i = (size_t)strategy;
    return i < sizeof(strategies) / sizeof(strategies[0]) ? strategies[i] : NULL;
}

/* Is `word` one of the words, parted by single blanks? No words: all are meant. */
static bool covers(const char *words, const char *word)
{
    size_t len = strlen(word);
    if (!*words)
        return true;
    for (const char *at = words; (at = strstr(at, word)); at += len)
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static time_us day_to_utc(int64_t day, int64_t offset_min)
{
    return (day * MIN_PER_DAY - offset_min) * US_PER_MIN;
}

static void read_agreement(const struct store_query *q, struct directory_agreement *out)
{
    int64_t offset_min = store_int(q, 6);
    store_copy_text(q, 0, out->id, sizeof(out->id));
    store_copy_text(q, 1, out->inviting, sizeof(out->inviting));
    store_copy_text(q, 2, out->invited, sizeof(out->invited));
    store_copy_text(q, 3, out->reference, sizeof(out->reference));
    out->from_us = day_to_utc(store_int(q, 4), offset_min);
    out->until_us = store_int(q, 5) >= DIRECTORY_OPEN_DAY
                        ? TIME_US_NEVER
                        : day_to_utc(store_int(q, 5) + 1, offset_min);
    out->policy = (struct directory_policy){
        .approve_inviting = store_int(q, 9) != 0,
        .approve_invited = store_int(q, 10) != 0,
        .triage = store_int(q, 11) != 0,
        .schedule = store_int(q, 12) != 0,
        .strategy = (enum directory_strategy)store_int(q, 13),
        .ring_us = store_int(q, 14) * TIME_US_PER_S,
    };
}

static void agree_inside(const char *institution, struct directory_agreement *out)
{
    *out = (struct directory_agreement){.until_us = TIME_US_NEVER,
                                        .policy = {.strategy = DIRECTORY_RING_ALL, .ring_us = 0}};
    snprintf(out->inviting, sizeof(out->inviting), "%s", institution);
    snprintf(out->invited, sizeof(out->invited), "%s", institution);
}

int directory_agreement(struct service *s, const char *inviting, const char *invited,
                        const char *kind, const char *specialty, time_us utc_us,
                        struct directory_agreement *out)
{
    struct store_query q;
    bool found = false;
    if (strcmp(inviting, invited) == 0) {
        agree_inside(inviting, out);
        return 0;
    }
    STORE_QUERY(s->store, &q,
                WITH_UP " SELECT a.id, a.inviting, a.invited, a.reference, a.from_day, a.until_day,"
                        " i.utc_offset_min, a.kinds, a.specialties, a.approve_inviting,"
                        " a.approve_invited, a.triage, a.schedule, a.strategy, a.ring_s"
                        " FROM up CROSS JOIN agreement a CROSS JOIN institution i"
                        " CROSS JOIN institution b CROSS JOIN institution v"
                        " WHERE a.inviting = up.id AND a.invited = $2 AND i.id = $1"
                        " AND b.id = a.inviting AND v.id = a.invited AND b.until_day >=" TODAY
                        " AND v.until_day >=" TODAY " AND" OPEN_I " AND" OPEN_A
                        " ORDER BY up.distance, CASE WHEN a.specialties = '' THEN 1 ELSE 0 END,"
                        " a.from_day DESC, a.id",
                sv_text(inviting), sv_text(invited), sv_int(utc_us / US_PER_MIN));
    while (!found && store_next(&q))
        if ((!kind || covers(store_text(&q, 7), kind)) &&
            (!specialty || !*specialty || covers(store_text(&q, 8), specialty))) {
            found = true;
            read_agreement(&q, out);
        }
    int status = store_query_end(&q);
    return status == 0 && !found ? SQ_ERR_NOT_FOUND : status;
}

/* ---- panels ---- */

#define PANEL_COLUMNS " p.id, p.institution, p.specialty, p.level"

static bool known(const struct directory_panels *panels, const char *panel)
{
    for (size_t i = 0; i < panels->count; i++)
        if (strcmp(panels->items[i].id, panel) == 0)
            return true;
    return false;
}

static void read_panel(const struct store_query *q, struct directory_panel *out)
{
    store_copy_text(q, 0, out->id, sizeof(out->id));
    store_copy_text(q, 1, out->institution, sizeof(out->institution));
    store_copy_text(q, 2, out->specialty, sizeof(out->specialty));
    out->level = (int)store_int(q, 3);
    out->distance = (int)store_int(q, 4);
}

/* The first mention of each panel. */
static int read_panels(struct store_query *q, struct directory_panels *out)
{
    out->count = 0;
    while (out->count < DIRECTORY_PANELS_MAX && store_next(q))
        if (!known(out, store_text(q, 0)))
            read_panel(q, &out->items[out->count++]);
    return store_query_end(q);
}

/* $2: a specialty, or "". */
#define FROM_PANEL                                                                                 \
    "SELECT" PANEL_COLUMNS ", 0 FROM panel p JOIN institution i ON i.id = p.institution"           \
    " WHERE ($2 = '' OR p.specialty = $2) AND" OPEN_P " AND"

int directory_panel(struct service *s, const char *panel, time_us utc_us,
                    struct directory_panel *out)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, FROM_PANEL " p.id = $1", sv_text(panel), sv_text(""),
                sv_int(utc_us / US_PER_MIN));
    bool found = store_next(&q);
    if (found)
        read_panel(&q, out);
    int status = store_query_end(&q);
    return status == 0 && !found ? SQ_ERR_NOT_FOUND : status;
}

/* Two statements, so that each has its index. */
int directory_panels(struct service *s, const struct directory_filter *filter, time_us utc_us,
                     struct directory_panels *out)
{
    struct store_query q;
    const char *specialty = filter->specialty ? filter->specialty : "";
    struct store_value now = sv_int(utc_us / US_PER_MIN);
    if (filter->institution)
        STORE_QUERY(s->store, &q,
                    FROM_PANEL " p.institution = $1 AND ($4 = 0 OR p.level = $4)"
                               " ORDER BY p.level, p.id LIMIT 32",
                    sv_text(filter->institution), sv_text(specialty), now, sv_int(filter->level));
    else
        STORE_QUERY(s->store, &q,
                    FROM_PANEL " p.level BETWEEN $1 AND $4 ORDER BY p.level, p.id LIMIT 32",
                    sv_int(filter->level ? filter->level : 1), sv_text(specialty), now,
                    sv_int(filter->level ? filter->level : 5));
    return read_panels(&q, out);
}

int directory_escalation(struct service *s, const char *from, const char *specialty, time_us utc_us,
                         struct directory_panels *out)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "WITH RECURSIVE reach (id, distance, position) AS"
                " (SELECT institution, CAST(0 AS BIGINT), CAST(0 AS BIGINT) FROM panel"
                "  WHERE id = $1 UNION SELECT h.helper, reach.distance + 1, h.position"
                "  FROM reach CROSS JOIN help h WHERE h.helped = reach.id"
                "  AND (h.specialty = '' OR h.specialty = $2) AND reach.distance < 5)"
                " SELECT" PANEL_COLUMNS ", reach.distance FROM reach"
                " CROSS JOIN panel p CROSS JOIN institution i WHERE p.institution = reach.id"
                " AND p.specialty = $2 AND i.id = reach.id AND reach.distance > 0"
                " AND p.institution <> (SELECT institution FROM panel WHERE id = $1)"
                " AND" OPEN_P " ORDER BY reach.distance, reach.position, p.id",
                sv_text(from), sv_text(specialty), sv_int(utc_us / US_PER_MIN));
    return read_panels(&q, out);
}

/* Helpers of what `from` holds. The limit is far above what there is, and tells PostgreSQL that it
 * is little: it then looks rows up by index instead of reading whole tables, which a recursion over
 * help would make it do. */
#define HELPERS(name, from)                                                                        \
    ", " name " (id, distance) AS (SELECT h.helper, f.distance + 1 FROM " from " f"                \
    " CROSS JOIN help h WHERE h.helped = f.id AND ($2 = '' OR h.specialty = ''"                    \
    " OR h.specialty = $2 OR h.specialty = $4) LIMIT 64)"

/* Panels of either specialty; "": any. Help over three relations: county, city, province. */
static int around(struct service *s, const char *institution, const char *specialty,
                  const char *other, time_us utc_us, struct directory_panels *out)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                WITH_UP ", own (id, distance) AS (SELECT id, distance FROM up LIMIT 8)" HELPERS(
                    "first", "own") HELPERS("second", "first")
                    HELPERS("third",
                            "second") ", near (id, distance) AS (SELECT id, distance FROM own UNION"
                                      "  SELECT id, distance FROM first UNION SELECT id, distance "
                                      "FROM second UNION"
                                      "  SELECT id, distance FROM third LIMIT 64)"
                                      " SELECT" PANEL_COLUMNS ", near.distance FROM near"
                                      " CROSS JOIN panel p CROSS JOIN institution i"
                                      " WHERE p.institution = near.id AND i.id = near.id"
                                      " AND ($2 = '' OR p.specialty = $2 OR p.specialty = $4)"
                                      " AND" OPEN_P " ORDER BY p.level, near.distance, p.id",
                sv_text(institution), sv_text(specialty), sv_int(utc_us / US_PER_MIN),
                sv_text(other));
    return read_panels(&q, out);
}

int directory_around(struct service *s, const char *institution, const char *specialty,
                     time_us utc_us, struct directory_panels *out)
{
    const char *one = specialty ? specialty : "";
    return around(s, institution, one, one, utc_us, out);
}

int directory_emergency(struct service *s, const char *institution, const char *specialty,
                        time_us utc_us, struct directory_panels *out)
{
    const char *one = specialty && *specialty ? specialty : DIRECTORY_EMERGENCY;
    return around(s, institution, one, DIRECTORY_EMERGENCY, utc_us, out);
}
