/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of webhook_delivery between the change that made them and the last answer. */
#include "signaling/webhook/delivery.h"
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include "signaling/webhook/webhook.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRUNE_MAX 200

/* ---- receivers with something due ---- */

struct receiver {
    char id[ID_MAX];
    time_us due_us; /* its oldest */
    size_t held;    /* in flight by this process */
};

struct receivers {
    struct receiver *items;
    size_t count;
};

static size_t held_of(const struct webhook_flight *flight, const char *receiver)
{
    size_t held = 0;
    for (size_t i = 0; i < flight->count; i++)
        held += strcmp(flight->receivers[i], receiver) == 0;
    return held;
}

static int compare(const void *a, const void *b)
{
    const struct receiver *x = a, *y = b;
    if (x->held != y->held)
        return x->held < y->held ? -1 : 1;
    return (x->due_us > y->due_us) - (x->due_us < y->due_us);
}

static int add_receiver(struct receivers *r, const struct store_query *q,
                        const struct webhook_flight *flight)
{
    struct receiver *grown = reallocarray(r->items, r->count + 1, sizeof *grown);
    if (!grown)
        return SQ_ERR_NOMEM;
    r->items = grown;
    struct receiver *added = &grown[r->count++];
    store_copy_text(q, 0, added->id, sizeof added->id);
    added->due_us = store_int(q, 1);
    added->held = held_of(flight, added->id);
    return 0;
}

static int find_receivers(struct service *s, const struct webhook_flight *flight, time_us utc_us,
                          struct receivers *out)
{
    struct store_query q;
    int status = 0;
    STORE_QUERY(s->store, &q,
                "SELECT id, due_us FROM (SELECT w.id, (SELECT MIN(d.next_us) FROM webhook_delivery"
                " d WHERE d.webhook = w.id AND d.ended_us = 0 AND d.next_us <= $1) AS due_us"
                " FROM webhook w) AS waiting WHERE due_us IS NOT NULL",
                sv_int(utc_us));
    while (status == 0 && store_next(&q))
        status = add_receiver(out, &q, flight);
    int ended = store_query_end(&q);
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items, compare);
    return status < 0 ? status : ended;
}

/* ---- one receiver's ---- */

static int sign(struct service *s, const struct store_query *q, int column, struct sending *out)
{
    struct vault_place place = {"webhook", out->receiver, "sealed_secret"};
    uint8_t *secret = NULL;
    size_t len = 0;
    const void *sealed = store_bytes(q, column, &len);
    int status = vault_unseal(s->vault, &place, sealed, len, &secret, &len);
    if (status == 0 && len != WEBHOOK_SECRET_BYTES)
        status = SQ_ERR_FORGED;
    if (status == 0)
        webhook_sign(secret, len, out->id, out->timestamp_s, out->body, out->signature);
    if (secret)
        sodium_memzero(secret, len);
    free(secret);
    return status;
}

/* `signature` "": it can't be signed. */
static int read_due(struct service *s, const char *receiver, size_t most, time_us utc_us,
                    struct webhook_batch *batch)
{
    struct store_query q;
    int status = 0;
    STORE_QUERY(s->store, &q,
                "SELECT d.id, w.url, d.body, w.sealed_secret FROM webhook_delivery d"
                " JOIN webhook w ON w.id = d.webhook WHERE d.webhook = $1 AND d.ended_us = 0"
                " AND d.next_us <= $2 ORDER BY d.next_us, d.id LIMIT $3",
                sv_text(receiver), sv_int(utc_us), sv_int((int64_t)most));
    while (status == 0 && store_next(&q)) {
        struct sending *item = &batch->items[batch->count];
        *item = (struct sending){.timestamp_s = utc_us / TIME_US_PER_S};
        store_copy_text(&q, 0, item->id, sizeof item->id);
        store_copy_text(&q, 1, item->url, sizeof item->url);
        store_copy_text(&q, 2, item->body, sizeof item->body);
        snprintf(item->receiver, sizeof item->receiver, "%s", receiver);
        status = sign(s, &q, 3, item);
        status = status == SQ_ERR_FORGED ? 0 : status;
        batch->count += status == 0;
    }
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

static int fail(struct service *s, const struct sending *item, time_us utc_us)
{
    log_write(LOG_ERROR, "webhook.secret", LOG_TEXT("webhook", item->receiver),
              LOG_TEXT("delivery", item->id),
              LOG_TEXT("remedy", "its secret can't be unsealed: remove the webhook, add it anew"));
    return STORE_RUN(s->store,
                     "UPDATE webhook_delivery SET ended_us = $1, failure = $2 WHERE id = $3",
                     sv_int(utc_us), sv_text(WEBHOOK_FAILED_SECRET), sv_text(item->id));
}

/* Those that can be posted stay in the batch. */
static int lease_from(struct service *s, struct webhook_batch *batch, size_t first, time_us utc_us)
{
    int status = 0;
    size_t kept = first;
    for (size_t i = first; status >= 0 && i < batch->count; i++) {
        const struct sending *item = &batch->items[i];
        if (!*item->signature) {
            status = fail(s, item, utc_us);
            continue;
        }
        status = STORE_RUN(s->store, "UPDATE webhook_delivery SET next_us = $1 WHERE id = $2",
                           sv_int(utc_us + WEBHOOK_LEASE_US), sv_text(item->id));
        batch->items[kept++] = *item;
    }
    batch->count = kept;
    return status < 0 ? status : 0;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

int webhook_lease(struct service *s, struct webhook_batch *batch, time_us utc_us)
{
    struct receivers r = {0};
    size_t room = least(WEBHOOK_BATCH_MAX, SENDER_QUEUE_MAX - batch->flight->count);
    int status = find_receivers(s, batch->flight, utc_us, &r);
    for (size_t i = 0; status == 0 && i < r.count && batch->count < room; i++) {
        size_t first = batch->count;
        if (r.items[i].held >= WEBHOOK_OF_RECEIVER)
            break; /* and those behind it */
        status =
            read_due(s, r.items[i].id, least(WEBHOOK_OF_RECEIVER - r.items[i].held, room - first),
                     utc_us, batch);
        if (status == 0)
            status = lease_from(s, batch, first, utc_us);
    }
    free(r.items);
    return status;
}

/* ---- afterwards ---- */

static int attempts_of(struct service *s, const char *id, int64_t *attempts)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, "SELECT attempts FROM webhook_delivery WHERE id = $1", sv_text(id));
    *attempts = store_next(&q) ? store_int(&q, 0) : 0;
    return store_query_end(&q);
}

int webhook_note(struct service *s, const struct sending *sending, uint32_t random, time_us utc_us)
{
    int64_t attempts = 0;
    int status = attempts_of(s, sending->id, &attempts);
    if (status < 0)
        return status;
    bool delivered = sending->answer >= 200 && sending->answer < 300;
    time_us wait_us = delivered ? TIME_US_NEVER : webhook_wait(attempts + 1, random);
    bool ended = wait_us == TIME_US_NEVER;
    if (ended && !delivered)
        log_write(LOG_ERROR, "webhook.given_up", LOG_TEXT("delivery", sending->id));
    status = STORE_RUN(s->store,
                       "UPDATE webhook_delivery SET attempts = $1, next_us = $2, ended_us = $3,"
                       " delivered = $4, answer = $5 WHERE id = $6 AND ended_us = 0",
                       sv_int(attempts + 1), sv_int(ended ? utc_us : utc_us + wait_us),
                       sv_int(ended ? utc_us : 0), sv_int(delivered), sv_int(sending->answer),
                       sv_text(sending->id));
    return status < 0 ? status : 0;
}

int webhook_prune(struct service *s, time_us utc_us)
{
    int status = STORE_RUN(s->store,
                           "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM"
                           " webhook_delivery WHERE ended_us > 0 AND ended_us < $1 LIMIT $2)",
                           sv_int(utc_us - WEBHOOK_KEPT_US), sv_int(PRUNE_MAX));
    return status < 0 ? status : 0;
}
