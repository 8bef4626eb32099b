/* SPDX-License-Identifier: Apache-2.0 */
/* Takes due deliveries, hands them to the sender, writes down how they went. */
#include "base/check.h"
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/proto/dispatch.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/webhook/delivery.h"
#include "signaling/webhook/webhook.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct webhooks {
    struct service *service;
    struct dispatch *dispatch;
    struct sender *sender;
    struct webhook_flight flight;
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

/* Handlers of dispatch_act. */
static int lease(struct call *call)
{
    return webhook_lease(call->service, call->work, call->utc_us);
}

static int note(struct call *call)
{
    return webhook_note(call->service, call->work, randombytes_random(), call->utc_us);
}

static int prune(struct call *call)
{
    return webhook_prune(call->service, call->utc_us);
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

static void took_off(struct webhook_flight *f, const char *receiver)
{
    snprintf(f->receivers[f->count++], ID_MAX, "%s", receiver);
}

static void landed(struct webhook_flight *f, const char *receiver)
{
    size_t i = 0;
    while (strcmp(f->receivers[i], receiver) != 0)
        CHECK(++i < f->count);
    memmove(f->receivers[i], f->receivers[--f->count], ID_MAX);
}

/* A batch that was leased but could not be queued, or whose lease was undone, is due again by
 * itself. */
static void post_due(struct webhooks *w, time_us now_us, time_us utc_us)
{
    struct webhook_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return;
    batch->flight = &w->flight;
    if (act(w, lease, batch, now_us, utc_us) == 0)
        for (size_t i = 0; i < batch->count; i++)
            if (sender_submit(w->sender, &batch->items[i]))
                took_off(&w->flight, batch->items[i].receiver);
    free(batch);
}

void webhooks_step(void *webhooks, time_us now_us, time_us utc_us)
{
    struct webhooks *w = webhooks;
    struct sending sending;
    while (sender_take(w->sender, &sending)) {
        landed(&w->flight, sending.receiver);
        act(w, note, &sending, now_us, utc_us);
    }
    if (any(w->service,
            "SELECT 1 FROM webhook_delivery WHERE ended_us = 0 AND next_us <= $1 LIMIT 1", utc_us))
        post_due(w, now_us, utc_us);
    if (any(w->service,
            "SELECT 1 FROM webhook_delivery WHERE ended_us > 0 AND ended_us < $1 LIMIT 1",
            utc_us - WEBHOOK_KEPT_US))
        act(w, prune, NULL, now_us, utc_us);
}
