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
#include <stdlib.h>
#include <string.h>

#define PRUNE_MAX 200

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

static int read_due(struct service *s, time_us utc_us, struct webhook_batch *batch)
{
    struct store_query q;
    int status = 0;
    STORE_QUERY(s->store, &q,
                "SELECT d.id, w.url, d.body, w.id, w.sealed_secret FROM webhook_delivery d"
                " JOIN webhook w ON w.id = d.webhook WHERE d.ended_us = 0 AND d.next_us <= $1"
                " ORDER BY d.next_us LIMIT $2",
                sv_int(utc_us), sv_int(WEBHOOK_BATCH_MAX));
    while (status == 0 && batch->count < WEBHOOK_BATCH_MAX && store_next(&q)) {
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

int webhook_lease(struct service *s, struct webhook_batch *batch, time_us utc_us)
{
    int status = read_due(s, utc_us, batch);
    for (size_t i = 0; status >= 0 && i < batch->count; i++)
        status = STORE_RUN(s->store, "UPDATE webhook_delivery SET next_us = $1 WHERE id = $2",
                           sv_int(utc_us + WEBHOOK_LEASE_US), sv_text(batch->items[i].id));
    return status < 0 ? status : 0;
}

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
