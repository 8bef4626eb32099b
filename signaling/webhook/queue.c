/* SPDX-License-Identifier: Apache-2.0 */
/* Receivers and what they are to be told, as rows. */
#include "shanqiao/error.h"
#include "signaling/directory/directory.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include "signaling/webhook/address.h"
#include "signaling/webhook/sign.h"
#include "signaling/webhook/webhook.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* All receivers that one change can have: of both sides and of all above them. */
#define RECEIVERS_MAX (2 * DIRECTORY_ANCESTORS_MAX * WEBHOOK_OF_INSTITUTION_MAX)

struct receivers {
    size_t count;
    char items[RECEIVERS_MAX][ID_MAX];
};

/* Of both sides and of all above them; each once. 7: DIRECTORY_ANCESTORS_MAX - 1. */
#define RECEIVERS                                                                                  \
    "WITH RECURSIVE up (id, parent, distance) AS"                                                  \
    " (SELECT id, parent, CAST(0 AS BIGINT) FROM institution WHERE id IN ($1, $2) UNION ALL"       \
    "  SELECT i.id, i.parent, up.distance + 1 FROM up CROSS JOIN institution i"                    \
    "  WHERE i.id = up.parent AND up.distance < 7)"                                                \
    " SELECT DISTINCT w.id FROM up CROSS JOIN webhook w"                                           \
    " WHERE w.institution = up.id AND w.disabled_us = 0"

static int collect(struct store_query *q, struct receivers *r)
{
    while (r->count < RECEIVERS_MAX && store_next(q))
        store_copy_text(q, 0, r->items[r->count++], ID_MAX);
    return store_query_end(q);
}

static char *body_of(const struct webhook_event *e)
{
    char time[SERVICE_TIME_MAX];
    json_t *body = json_pack("{s:s, s:s, s:{s:s, s:s}}", "type", e->type, "timestamp",
                             service_time_text(e->utc_us, time), "data", "consultationId",
                             e->consultation, "state", e->state);
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    return text;
}

static int insert(struct service *s, const char *receiver, const struct webhook_event *e,
                  const char *body)
{
    char id[ID_MAX];
    store_new_id(id, "msg");
    int status = STORE_LATER(s->store,
                             "INSERT INTO webhook_delivery (id, webhook, event, body, created_us,"
                             " next_us) VALUES ($1, $2, $3, $4, $5, $5)",
                             sv_text(id), sv_text(receiver), sv_text(e->type), sv_text(body),
                             sv_int(e->utc_us));
    return status < 0 ? status : 0;
}

void webhook_ask(struct service *s, const struct webhook_event *e, struct store_query *q)
{
    STORE_QUERY(s->store, q, RECEIVERS, sv_text(e->inviting), sv_text(e->invited));
}

int webhook_enqueue(struct service *s, const struct webhook_event *e)
{
    struct store_query q;
    webhook_ask(s, e, &q);
    return webhook_take(s, e, &q);
}

int webhook_take(struct service *s, const struct webhook_event *e, struct store_query *q)
{
    struct receivers receivers = {0};
    int status = collect(q, &receivers);
    if (status < 0 || receivers.count == 0)
        return status;
    char *body = body_of(e);
    if (!body)
        return SQ_ERR_NOMEM;
    for (size_t i = 0; status == 0 && i < receivers.count; i++)
        status = insert(s, receivers.items[i], e, body);
    free(body);
    return status;
}

static int count_of(struct service *s, const char *institution, int64_t *count)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT COUNT(*) FROM webhook WHERE institution = $1 AND disabled_us = 0",
                sv_text(institution));
    *count = store_next(&q) ? store_int(&q, 0) : 0;
    return store_query_end(&q);
}

static int check_new(struct service *s, const char *institution, const char *url)
{
    json_t *found = NULL;
    int64_t count = 0;
    if (!webhook_address_is_good(url))
        return SQ_ERR_INVALID;
    int status = directory_institution(s, institution, &found);
    json_decref(found);
    if (status == 0)
        status = count_of(s, institution, &count);
    return status == 0 && count >= WEBHOOK_OF_INSTITUTION_MAX ? SQ_ERR_LIMIT : status;
}

int webhook_add(struct service *s, const char *institution, const char *url, time_us utc_us,
                char id[ID_MAX], char *secret_text, size_t size)
{
    uint8_t secret[WEBHOOK_SECRET_BYTES], *sealed = NULL;
    char text[WEBHOOK_SECRET_TEXT_MAX];
    size_t len = 0;
    int status = check_new(s, institution, url);
    if (status < 0)
        return status;
    store_new_id(id, "whk");
    randombytes_buf(secret, sizeof secret);
    webhook_secret_text(secret, text);
    if (size < sizeof text)
        return SQ_ERR_LIMIT;
    memcpy(secret_text, text, sizeof text);
    struct vault_place place = {"webhook", id, "sealed_secret"};
    status = vault_seal(s->vault, &place, secret, sizeof secret, &sealed, &len);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(text, sizeof text);
    if (status == 0)
        status = STORE_RUN(s->store,
                           "INSERT INTO webhook (id, institution, url, events, sealed_secret,"
                           " created_us) VALUES ($1, $2, $3, 'consultation.state', $4, $5)",
                           sv_text(id), sv_text(institution), sv_text(url), sv_bytes(sealed, len),
                           sv_int(utc_us));
    free(sealed);
    return status < 0 ? status : 0;
}

int webhook_remove(struct service *s, const char *id, time_us utc_us)
{
    int rows =
        STORE_RUN(s->store, "UPDATE webhook SET disabled_us = $1 WHERE id = $2 AND disabled_us = 0",
                  sv_int(utc_us), sv_text(id));
    if (rows <= 0)
        return rows == 0 ? SQ_ERR_NOT_FOUND : rows;
    rows = STORE_RUN(s->store,
                     "UPDATE webhook_delivery SET ended_us = $1 WHERE webhook = $2"
                     " AND ended_us = 0",
                     sv_int(utc_us), sv_text(id));
    return rows < 0 ? rows : 0;
}
