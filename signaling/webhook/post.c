/* SPDX-License-Identifier: Apache-2.0 */
/* Takes due deliveries, hands them to the sender, writes down how they went. A delivery in flight
 * is leased (its next_us lies ahead), so that a second node or a restart does not post it at the
 * same time, and does when this one died. */
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/proto/dispatch.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include "signaling/webhook/sender.h"
#include "signaling/webhook/webhook.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_MAX SENDER_AT_ONCE
#define LEASE_US  (4 * SENDER_TIME_S * TIME_US_PER_S)
#define PRUNE_MAX 200

struct webhooks {
    struct service *service;
    struct dispatch *dispatch;
    struct sender *sender;
};

struct batch {
    size_t count;
    struct sending items[BATCH_MAX];
};

int webhooks_new(struct webhooks **out, struct service *s, struct dispatch *d, const char *ca)
{
    struct webhooks *w = calloc(1, sizeof *w);
    *out = NULL;
    if (!w)
        return SQ_ERR_NOMEM;
    w->service = s;
    w->dispatch = d;
    int status = sender_new(&w->sender, ca);
    if (status < 0) {
        free(w);
        return status;
    }
    *out = w;
    return 0;
}

void webhooks_free(struct webhooks *w)
{
    if (!w)
        return;
    sender_free(w->sender);
    free(w);
}

static int sign(struct service *s, const char *webhook, const struct store_query *q, int column,
                struct sending *out)
{
    struct vault_place place = {"webhook", webhook, "sealed_secret"};
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

static int read_due(struct service *s, time_us utc_us, struct batch *batch)
{
    struct store_query q;
    int status = 0;
    STORE_QUERY(s->store, &q,
                "SELECT d.id, w.url, d.body, w.id, w.sealed_secret FROM webhook_delivery d"
                " JOIN webhook w ON w.id = d.webhook WHERE d.ended_us = 0 AND d.next_us <= $1"
                " ORDER BY d.next_us LIMIT $2",
                sv_int(utc_us), sv_int(BATCH_MAX));
    while (status == 0 && batch->count < BATCH_MAX && store_next(&q)) {
        struct sending *item = &batch->items[batch->count];
        char webhook[ID_MAX];
        *item = (struct sending){.timestamp_s = utc_us / TIME_US_PER_S};
        store_copy_text(&q, 0, item->id, sizeof item->id);
        store_copy_text(&q, 1, item->url, sizeof item->url);
        store_copy_text(&q, 2, item->body, sizeof item->body);
        store_copy_text(&q, 3, webhook, sizeof webhook);
        status = sign(s, webhook, &q, 4, item);
        batch->count += status == 0;
    }
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

/* Handler of dispatch_act: leases what is due. call->work is the batch. */
static int lease(struct call *call)
{
    struct batch *batch = call->work;
    int status = read_due(call->service, call->utc_us, batch);
    for (size_t i = 0; status >= 0 && i < batch->count; i++)
        status = STORE_RUN(call->service->store,
                           "UPDATE webhook_delivery SET next_us = $1 WHERE id = $2",
                           sv_int(call->utc_us + LEASE_US), sv_text(batch->items[i].id));
    return status < 0 ? status : 0;
}

static int attempts_of(struct service *s, const char *id, int64_t *attempts)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, "SELECT attempts FROM webhook_delivery WHERE id = $1", sv_text(id));
    *attempts = store_next(&q) ? store_int(&q, 0) : 0;
    return store_query_end(&q);
}

/* Handler of dispatch_act: one post is over. call->work is the sending. */
static int note(struct call *call)
{
    const struct sending *sending = call->work;
    struct store *store = call->service->store;
    int64_t attempts = 0;
    int status = attempts_of(call->service, sending->id, &attempts);
    if (status < 0)
        return status;
    bool delivered = sending->answer >= 200 && sending->answer < 300;
    time_us wait_us = delivered ? TIME_US_NEVER : webhook_wait(attempts + 1, randombytes_random());
    bool ended = wait_us == TIME_US_NEVER;
    if (ended && !delivered)
        log_write(LOG_ERROR, "webhook.given_up", LOG_TEXT("delivery", sending->id));
    status = STORE_RUN(store,
                       "UPDATE webhook_delivery SET attempts = $1, next_us = $2, ended_us = $3,"
                       " delivered = $4, answer = $5 WHERE id = $6 AND ended_us = 0",
                       sv_int(attempts + 1), sv_int(ended ? call->utc_us : call->utc_us + wait_us),
                       sv_int(ended ? call->utc_us : 0), sv_int(delivered), sv_int(sending->answer),
                       sv_text(sending->id));
    return status < 0 ? status : 0;
}

static int prune(struct call *call)
{
    int status = STORE_RUN(call->service->store,
                           "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM"
                           " webhook_delivery WHERE ended_us > 0 AND ended_us < $1 LIMIT $2)",
                           sv_int(call->utc_us - WEBHOOK_KEPT_US), sv_int(PRUNE_MAX));
    return status < 0 ? status : 0;
}

static bool any(struct service *s, const char *sql, time_us utc_us)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, sql, sv_int(utc_us));
    bool found = store_next(&q);
    return store_query_end(&q) == 0 && found;
}

static int act(struct webhooks *w, int (*handle)(struct call *call), void *work, time_us now_us,
               time_us utc_us)
{
    static const struct caller server;
    struct call call = {.caller = &server, .work = work};
    int status =
        dispatch_act(w->dispatch, "webhook.post", handle, &call, NULL, NULL, now_us, utc_us);
    json_decref(call.result);
    if (status < 0)
        log_write(LOG_ERROR, "webhook.store", LOG_TEXT("error", "not written; tried again"));
    return status;
}

/* A batch that was leased but could not be queued, or whose lease was undone, is due again by
 * itself. */
static void post_due(struct webhooks *w, time_us now_us, time_us utc_us)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return;
    if (act(w, lease, batch, now_us, utc_us) == 0)
        for (size_t i = 0; i < batch->count; i++)
            sender_submit(w->sender, &batch->items[i]);
    free(batch);
}

void webhooks_step(void *webhooks, time_us now_us, time_us utc_us)
{
    struct webhooks *w = webhooks;
    struct sending sending;
    while (sender_take(w->sender, &sending))
        act(w, note, &sending, now_us, utc_us);
    if (any(w->service,
            "SELECT 1 FROM webhook_delivery WHERE ended_us = 0 AND next_us <= $1 LIMIT 1", utc_us))
        post_due(w, now_us, utc_us);
    if (any(w->service,
            "SELECT 1 FROM webhook_delivery WHERE ended_us > 0 AND ended_us < $1 LIMIT 1",
            utc_us - WEBHOOK_KEPT_US))
        act(w, prune, NULL, now_us, utc_us);
}
