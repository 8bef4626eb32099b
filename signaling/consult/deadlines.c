/* SPDX-License-Identifier: Apache-2.0 */
/* See deadlines.h. */
#include "signaling/consult/deadlines.h"
#include "shanqiao/error.h"
#include "signaling/consult/wheel.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATOR '|' /* stands in no id and no kind */

_Static_assert(ID_MAX + DEADLINE_KIND_MAX <= WHEEL_KEY_MAX, "object, separator and kind are a key");

struct deadlines {
    struct wheel *wheel;
    time_us loaded_utc_us; /* when rows of other nodes were read last */
    size_t taken_count;
    char taken[DEADLINES_AT_ONCE][WHEEL_KEY_MAX]; /* by the last deadlines_take */
};

void deadlines_free(struct deadlines *d)
{
    if (!d)
        return;
    wheel_free(d->wheel);
    free(d);
}

static void key_of(const char *object, const char *kind, char key[WHEEL_KEY_MAX])
{
    snprintf(key, WHEEL_KEY_MAX, "%.*s%c%.*s", ID_MAX - 1, object, SEPARATOR, DEADLINE_KIND_MAX - 1,
             kind);
}

static void split_key(const char *key, struct deadline_due *out)
{
    const char *separator = strchr(key, SEPARATOR);
    snprintf(out->object, ID_MAX, "%.*s", (int)(separator - key), key);
    snprintf(out->kind, DEADLINE_KIND_MAX, "%.*s", DEADLINE_KIND_MAX - 1, separator + 1);
}

/* ---- rows into the wheel ---- */

static int put_rows(struct deadlines *d, struct store_query *q)
{
    char key[WHEEL_KEY_MAX];
    int status = 0;
    while (status == 0 && store_next(q)) {
        key_of(store_text(q, 0), store_text(q, 1), key);
        status = wheel_set(d->wheel, key, store_int(q, 2));
    }
    int ended = store_query_end(q);
    return status < 0 ? status : ended;
}

static int load_all(struct service *s, struct deadlines *d)
{
    struct store_query q;
    store_query(s->store, &q, "SELECT object, kind, at_us FROM deadline ORDER BY at_us", NULL, 0);
    return put_rows(d, &q);
}

/* Loaded from the rows when it is first needed. */
static int open_deadlines(struct service *s)
{
    if (s->deadlines)
        return 0;
    struct deadlines *d = calloc(1, sizeof(*d));
    if (!d)
        return SQ_ERR_NOMEM;
    d->wheel = wheel_new(0);
    int status = d->wheel ? load_all(s, d) : SQ_ERR_NOMEM;
    if (status == 0)
        s->deadlines = d;
    else
        deadlines_free(d);
    return status;
}

/* What other nodes wrote: soon due is enough, the next look comes before the rest is. */
static int load_news(struct service *s, time_us utc_us)
{
    struct deadlines *d = s->deadlines;
    struct store_query q;
    if (!store_shared(s->store) || utc_us - d->loaded_utc_us < DEADLINES_RELOAD_US)
        return 0;
    d->loaded_utc_us = utc_us;
    STORE_QUERY(s->store, &q, "SELECT object, kind, at_us FROM deadline WHERE at_us <= $1",
                sv_int(utc_us + 2 * DEADLINES_RELOAD_US));
    return put_rows(d, &q);
}

int service_deadline_changed(struct service *s, const char *object)
{
    struct store_query q;
    int status = open_deadlines(s);
    if (status < 0 || !object)
        return status < 0 ? status : load_all(s, s->deadlines);
    STORE_QUERY(s->store, &q, "SELECT object, kind, at_us FROM deadline WHERE object = $1",
                sv_text(object));
    return put_rows(s->deadlines, &q);
}

/* ---- set ---- */

static int write_row(struct service *s, const char *object, const char *kind, time_us at_utc_us)
{
    int status =
        at_utc_us == TIME_US_NEVER
            ? STORE_LATER(s->store, "DELETE FROM deadline WHERE object = $1 AND kind = $2",
                          sv_text(object), sv_text(kind))
            : STORE_LATER(s->store,
                          "INSERT INTO deadline (object, kind, at_us) VALUES ($1, $2, $3)"
                          " ON CONFLICT (object, kind) DO UPDATE SET at_us = excluded.at_us",
                          sv_text(object), sv_text(kind), sv_int(at_utc_us));
    return status < 0 ? status : 0;
}

static bool is_taken(const struct deadlines *d, const char *key)
{
    for (size_t i = 0; i < d->taken_count; i++)
        if (strcmp(d->taken[i], key) == 0)
            return true;
    return false;
}

static int read_row(struct service *s, const char *object, const char *kind, time_us *at_utc_us)
{
    struct store_query q;
    *at_utc_us = TIME_US_NEVER;
    STORE_QUERY(s->store, &q, "SELECT at_us FROM deadline WHERE object = $1 AND kind = $2",
                sv_text(object), sv_text(kind));
    if (store_next(&q))
        *at_utc_us = store_int(&q, 0);
    return store_query_end(&q);
}

int service_deadline_set(struct service *s, const char *object, const char *kind, time_us at_utc_us)
{
    time_us before;
    int status = read_row(s, object, kind, &before);
    return status < 0 ? status : service_deadline_move(s, object, kind, before, at_utc_us);
}

/* A hint that stands only moves to earlier: if this transaction is undone the old time counts
 * again. */
int service_deadline_move(struct service *s, const char *object, const char *kind, time_us before,
                          time_us at_utc_us)
{
    char key[WHEEL_KEY_MAX];
    int status = open_deadlines(s);
    if (status == 0)
        status = write_row(s, object, kind, at_utc_us);
    if (status < 0)
        return status;
    key_of(object, kind, key);
    bool hint = at_utc_us < before || (at_utc_us != TIME_US_NEVER && is_taken(s->deadlines, key));
    return hint ? wheel_set(s->deadlines->wheel, key, at_utc_us) : 0;
}

/* ---- take ---- */

/* What the last call gave out may not have been carried out: look again. */
static int give_back(struct deadlines *d, time_us utc_us)
{
    int status = 0;
    for (size_t i = 0; i < d->taken_count && status == 0; i++)
        status = wheel_set(d->wheel, d->taken[i], utc_us);
    if (status == 0)
        d->taken_count = 0;
    return status;
}

int deadlines_take(struct service *s, time_us utc_us, struct deadline_due due[DEADLINES_AT_ONCE],
                   size_t *count)
{
    char key[WHEEL_KEY_MAX];
    time_us hint_us;
    *count = 0;
    int status = open_deadlines(s);
    if (status == 0)
        status = give_back(s->deadlines, utc_us);
    if (status == 0)
        status = load_news(s, utc_us);
    while (status == 0 && *count < DEADLINES_AT_ONCE &&
           wheel_take(s->deadlines->wheel, utc_us, key, &hint_us)) {
        struct deadline_due *d = &due[*count];
        split_key(key, d);
        status = read_row(s, d->object, d->kind, &d->at_utc_us);
        if (status < 0 || d->at_utc_us > utc_us) {
            int kept = wheel_set(s->deadlines->wheel, key, status < 0 ? utc_us : d->at_utc_us);
            status = status < 0 ? status : kept;
            continue;
        }
        snprintf(s->deadlines->taken[s->deadlines->taken_count++], WHEEL_KEY_MAX, "%s", key);
        (*count)++;
    }
    return status;
}

int service_next_deadline(struct service *s, time_us *at_utc_us)
{
    *at_utc_us = TIME_US_NEVER;
    int status = open_deadlines(s);
    if (status < 0)
        return status;
    *at_utc_us = wheel_next(s->deadlines->wheel);
    if (store_shared(s->store))
        *at_utc_us = time_us_min(*at_utc_us, s->deadlines->loaded_utc_us + DEADLINES_RELOAD_US);
    return 0;
}
