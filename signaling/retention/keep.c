/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept until when, and legal holds. */
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/retention/retention.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASSIFY_MAX 64
#define MARK         "classified"

int retention_put(struct service *s, const char *object, enum retention_class class,
                  const char *institution, time_us from_utc_us)
{
    int status = STORE_RUN(
        s->store,
        "INSERT INTO retention (object, class, institution, from_us, due_us)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (object) DO UPDATE SET class = excluded.class,"
        " institution = excluded.institution, from_us = excluded.from_us, due_us = excluded.due_us",
        sv_text(object), sv_text(retention_rule(class)->name), sv_text(institution),
        sv_int(from_utc_us), sv_int(retention_due_at(class, from_utc_us)));
    return status < 0 ? status : 0;
}

static void take_item(const struct store_query *q, struct retention_item *out)
{
    *out = (struct retention_item){0};
    store_copy_text(q, 0, out->object, sizeof(out->object));
    if (!retention_class_parse(store_text(q, 1), &out->class))
        out->class = RETENTION_INPATIENT; /* of a newer program: kept longest */
    store_copy_text(q, 2, out->institution, sizeof(out->institution));
    out->from_utc_us = store_int(q, 3);
    out->due_utc_us = store_int(q, 4);
    out->held = store_int(q, 5) != 0;
}

#define ITEM_COLUMNS                                                                               \
    "SELECT r.object, r.class, r.institution, r.from_us, r.due_us,"                                \
    " (SELECT COUNT(*) FROM hold h WHERE h.released_us IS NULL"                                    \
    "  AND (h.object = r.object OR h.object = r.institution)) FROM retention r "

int retention_find(struct service *s, const char *object, struct retention_item *out)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, ITEM_COLUMNS "WHERE r.object = $1", sv_text(object));
    bool found = store_next(&q);
    if (found)
        take_item(&q, out);
    int status = store_query_end(&q);
    return status < 0 ? status : found ? 0 : SQ_ERR_NOT_FOUND;
}

/* A page at a time: `each` may write. */
#define PAGE 64

struct page {
    struct retention_item items[PAGE];
    size_t count;
};

static int load_page(struct service *s, time_us until_utc_us, const struct retention_item *after,
                     struct page *out)
{
    struct store_query q;
    out->count = 0;
    STORE_QUERY(s->store, &q,
                ITEM_COLUMNS "WHERE r.due_us < $1 AND (r.due_us > $2 OR (r.due_us = $2"
                             " AND r.object > $3)) ORDER BY r.due_us, r.object LIMIT 64",
                sv_int(until_utc_us), sv_int(after->due_utc_us), sv_text(after->object));
    while (out->count < PAGE && store_next(&q))
        take_item(&q, &out->items[out->count++]);
    return store_query_end(&q);
}

int retention_each(struct service *s, time_us until_utc_us,
                   int (*each)(const struct retention_item *item, void *user), void *user)
{
    struct retention_item after = {.due_utc_us = INT64_MIN};
    struct page *page = malloc(sizeof(*page));
    int status = page ? 0 : SQ_ERR_NOMEM;
    while (status == 0) {
        status = load_page(s, until_utc_us, &after, page);
        for (size_t i = 0; i < page->count && status == 0; i++)
            status = each(&page->items[i], user);
        if (page->count < PAGE)
            break;
        after = page->items[page->count - 1];
    }
    free(page);
    return status;
}

int retention_reclassify(struct service *s, const char *object, enum retention_class class)
{
    struct retention_item item;
    int status = retention_find(s, object, &item);
    return status < 0 ? status
                      : retention_put(s, object, class, item.institution, item.from_utc_us);
}

/* ---- cases that ended ---- */

static int load_mark(struct service *s, time_us *out)
{
    struct store_query q;
    *out = 0;
    STORE_QUERY(s->store, &q, "SELECT at_us FROM retention_mark WHERE name = $1", sv_text(MARK));
    if (store_next(&q))
        *out = store_int(&q, 0);
    return store_query_end(&q);
}

static int load_ended(struct service *s, time_us mark_us, struct page *out)
{
    struct store_query q;
    out->count = 0;
    STORE_QUERY(s->store, &q,
                "SELECT c.id, 'outpatient', c.institution, x.at_us, x.at_us, 0"
                " FROM consultation_state x JOIN consultation c ON c.id = x.consultation"
                " WHERE x.at_us >= $1 AND x.state = c.state AND x.state IN"
                " ('archived', 'cancelled', 'expired', 'refused', 'no_show')"
                " ORDER BY x.at_us, c.id LIMIT 64",
                sv_int(mark_us));
    while (out->count < CLASSIFY_MAX && store_next(&q))
        take_item(&q, &out->items[out->count++]);
    return store_query_end(&q);
}

/* Keeps the class that somebody gave it. */
static int take_up(struct service *s, const struct retention_item *ended)
{
    struct retention_item before;
    int status = retention_find(s, ended->object, &before);
    if (status == 0 && before.from_utc_us == ended->from_utc_us)
        return 0;
    if (status < 0 && status != SQ_ERR_NOT_FOUND)
        return status;
    enum retention_class class = status == 0 ? before.class : RETENTION_OUTPATIENT;
    status = retention_put(s, ended->object, class, ended->institution, ended->from_utc_us);
    return status < 0 ? status : 1;
}

int retention_classify(struct service *s)
{
    time_us mark_us = 0;
    int taken = 0;
    struct page *page = malloc(sizeof(*page));
    int status = page ? load_mark(s, &mark_us) : SQ_ERR_NOMEM;
    if (status == 0)
        status = load_ended(s, mark_us, page);
    for (size_t i = 0; i < (status < 0 ? 0 : page->count) && status >= 0; i++) {
        status = take_up(s, &page->items[i]);
        taken += status > 0;
    }
    if (status >= 0 && page->count) {
        time_us last_us = page->items[page->count - 1].from_utc_us;
        bool stuck = page->count == CLASSIFY_MAX && last_us == mark_us;
        status = STORE_RUN(s->store,
                           "INSERT INTO retention_mark (name, at_us) VALUES ($1, $2)"
                           " ON CONFLICT (name) DO UPDATE SET at_us = excluded.at_us",
                           sv_text(MARK), sv_int(last_us + stuck));
    }
    free(page);
    return status < 0 ? status : taken;
}

/* ---- holds ---- */

int retention_held(struct service *s, const char *object, const char *institution, bool *out)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT 1 FROM hold WHERE released_us IS NULL AND (object = $1 OR object = $2)"
                " LIMIT 1",
                sv_text(object), sv_text(institution));
    *out = store_next(&q);
    return store_query_end(&q);
}

static int exists(struct service *s, const char *object)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT 1 FROM consultation WHERE id = $1"
                " UNION SELECT 1 FROM institution WHERE id = $1"
                " UNION SELECT 1 FROM retention WHERE object = $1",
                sv_text(object));
    bool found = store_next(&q);
    int status = store_query_end(&q);
    return status < 0 ? status : found ? 0 : SQ_ERR_NOT_FOUND;
}

static struct vault_place place_of(const char *hold)
{
    return (struct vault_place){"hold", hold, "sealed_reason"};
}

int retention_hold(struct service *s, const char *object, const char *reason, const char *account,
                   time_us utc_us, char id[ID_MAX])
{
    uint8_t *sealed = NULL;
    size_t len = 0;
    store_new_id(id, "hld");
    struct vault_place place = place_of(id);
    int status = exists(s, object);
    if (status == 0)
        status = vault_seal(s->vault, &place, reason, strlen(reason), &sealed, &len);
    if (status == 0)
        status = STORE_RUN(s->store,
                           "INSERT INTO hold (id, object, sealed_reason, placed_us, placed_by)"
                           " VALUES ($1, $2, $3, $4, $5)",
                           sv_text(id), sv_text(object), sv_bytes(sealed, len), sv_int(utc_us),
                           sv_text(account));
    free(sealed);
    return status < 0 ? status : 0;
}

int retention_release(struct service *s, const char *hold, const char *account, time_us utc_us)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, "SELECT 1 FROM hold WHERE id = $1", sv_text(hold));
    bool found = store_next(&q);
    int status = store_query_end(&q);
    if (status < 0 || !found)
        return status < 0 ? status : SQ_ERR_NOT_FOUND;
    status = STORE_RUN(s->store,
                       "UPDATE hold SET released_us = $1, released_by = $2 WHERE id = $3"
                       " AND released_us IS NULL",
                       sv_int(utc_us), sv_text(account), sv_text(hold));
    return status < 0 ? status : status ? 0 : SQ_ERR_STATE;
}

static json_t *hold_json(struct service *s, const struct store_query *q)
{
    char placed[SERVICE_TIME_MAX];
    uint8_t *reason = NULL;
    size_t len = 0, sealed_len = 0;
    const void *sealed = store_bytes(q, 2, &sealed_len);
    struct vault_place place = place_of(store_text(q, 0));
    bool opened = vault_unseal(s->vault, &place, sealed, sealed_len, &reason, &len) == 0;
    json_t *out =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", store_text(q, 0), "object", store_text(q, 1),
                  "reason", opened ? (const char *)reason : "", "placedAt",
                  service_time_text(store_int(q, 3), placed), "placedBy", store_text(q, 4));
    free(reason);
    return out;
}

int retention_holds(struct service *s, json_t **out)
{
    struct store_query q;
    *out = json_array();
    store_query(s->store, &q,
                "SELECT id, object, sealed_reason, placed_us, placed_by FROM hold"
                " WHERE released_us IS NULL ORDER BY placed_us, id",
                NULL, 0);
    int bad = 0;
    while (store_next(&q))
        bad |= json_array_append_new(*out, hold_json(s, &q));
    int status = store_query_end(&q);
    return status < 0 ? status : bad || !*out ? SQ_ERR_NOMEM : 0;
}
