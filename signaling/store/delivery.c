/* SPDX-License-Identifier: Apache-2.0 */
/* Replies by idempotency key and outboxes by session. Every body is sealed under its own place. */
#include "signaling/store/delivery.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE_ID_MAX 160

static void reply_place(struct vault_place *place, char id[PLACE_ID_MAX], const char *session,
                        const char *request)
{
    snprintf(id, PLACE_ID_MAX, "%s/%s", session, request);
    *place = (struct vault_place){"idempotency", id, "sealed_reply"};
}

static void outbox_place(struct vault_place *place, char id[PLACE_ID_MAX], const char *session,
                         int64_t seq)
{
    snprintf(id, PLACE_ID_MAX, "%s/%lld", session, (long long)seq);
    *place = (struct vault_place){"outbox", id, "sealed_body"};
}

void delivery_reply_ask(struct service *s, const char *session, const char *request,
                        struct store_query *q)
{
    STORE_QUERY(s->store, q,
                "SELECT digest, sealed_reply FROM idempotency WHERE session = $1 AND request = $2",
                sv_text(session), sv_text(request));
}

int delivery_reply_take(struct service *s, const char *session, const char *request,
                        const uint8_t digest[DELIVERY_DIGEST_BYTES], struct store_query *q,
                        char **reply)
{
    char id[PLACE_ID_MAX];
    struct vault_place place;
    size_t len = 0;
    int status = 0;
    *reply = NULL;
    if (store_next(q)) {
        const void *known = store_bytes(q, 0, &len);
        if (!known || len != DELIVERY_DIGEST_BYTES || memcmp(known, digest, len) != 0) {
            status = SQ_ERR_CONFLICT;
        } else {
            size_t plain_len = 0;
            const void *sealed = store_bytes(q, 1, &len);
            reply_place(&place, id, session, request);
            status = vault_unseal(s->vault, &place, sealed, len, (uint8_t **)reply, &plain_len);
        }
    }
    int ended = store_query_end(q);
    return status < 0 ? status : ended;
}

int delivery_reply_find(struct service *s, const char *session, const char *request,
                        const uint8_t digest[DELIVERY_DIGEST_BYTES], char **reply)
{
    struct store_query q;
    delivery_reply_ask(s, session, request, &q);
    return delivery_reply_take(s, session, request, digest, &q, reply);
}

int delivery_reply_put(struct service *s, const char *session, const char *request,
                       const uint8_t digest[DELIVERY_DIGEST_BYTES], const char *reply,
                       time_us utc_us)
{
    char id[PLACE_ID_MAX];
    struct vault_place place;
    uint8_t *sealed = NULL;
    size_t len = 0;
    reply_place(&place, id, session, request);
    int status = vault_seal(s->vault, &place, reply, strlen(reply), &sealed, &len);
    if (status == 0)
        status =
            STORE_LATER(s->store,
                        "INSERT INTO idempotency (session, request, digest, sealed_reply, at_us)"
                        " VALUES ($1, $2, $3, $4, $5)",
                        sv_text(session), sv_text(request), sv_bytes(digest, DELIVERY_DIGEST_BYTES),
                        sv_bytes(sealed, len), sv_int(utc_us));
    free(sealed);
    return status < 0 ? status : 0;
}

int delivery_next_seq(struct service *s, const char *session, int64_t *seq)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "UPDATE session SET last_seq = last_seq + 1"
                " WHERE id = $1 AND ended_us IS NULL RETURNING last_seq",
                sv_text(session));
    bool found = store_next(&q);
    *seq = found ? store_int(&q, 0) : 0;
    while (store_next(&q))
        ; /* the statement is carried out in full before it is released */
    int status = store_query_end(&q);
    return status < 0 ? status : found ? 0 : SQ_ERR_NOT_FOUND;
}

int delivery_outbox_put(struct service *s, const char *session, int64_t seq, const char *body)
{
    char id[PLACE_ID_MAX];
    struct vault_place place;
    uint8_t *sealed = NULL;
    size_t len = 0;
    outbox_place(&place, id, session, seq);
    int status = vault_seal(s->vault, &place, body, strlen(body), &sealed, &len);
    if (status == 0)
        status = STORE_LATER(s->store,
                             "INSERT INTO outbox (session, seq, sealed_body) VALUES ($1, $2, $3)",
                             sv_text(session), sv_int(seq), sv_bytes(sealed, len));
    free(sealed);
    return status < 0 ? status : delivery_outbox_trim(s, session, seq - OUTBOX_KEPT);
}

int delivery_outbox_read(struct service *s, const char *session, int64_t after,
                         int (*each)(int64_t seq, const char *body, void *user), void *user)
{
    struct store_query q;
    int status = 0;
    STORE_QUERY(s->store, &q,
                "SELECT seq, sealed_body FROM outbox WHERE session = $1 AND seq > $2 ORDER BY seq",
                sv_text(session), sv_int(after));
    while (status == 0 && store_next(&q)) {
        char id[PLACE_ID_MAX];
        struct vault_place place;
        uint8_t *body = NULL;
        size_t len = 0;
        int64_t seq = store_int(&q, 0);
        const void *sealed = store_bytes(&q, 1, &len);
        outbox_place(&place, id, session, seq);
        status = vault_unseal(s->vault, &place, sealed, len, &body, &len);
        if (status == 0)
            status = each(seq, (const char *)body, user);
        free(body);
    }
    int ended = store_query_end(&q);
    return status ? status : ended;
}

int delivery_outbox_trim(struct service *s, const char *session, int64_t seen)
{
    if (seen <= 0)
        return 0;
    int status = STORE_LATER(s->store, "DELETE FROM outbox WHERE session = $1 AND seq <= $2",
                             sv_text(session), sv_int(seen));
    return status < 0 ? status : 0;
}

static int forget_replies(struct service *s, const char *session, time_us utc_us)
{
    return STORE_RUN(s->store,
                     "DELETE FROM idempotency WHERE session = $1 AND (at_us < $2 OR (at_us < $3"
                     " AND NOT EXISTS (SELECT 1 FROM session WHERE id = $1 AND ended_us IS NULL)))",
                     sv_text(session), sv_int(utc_us - DELIVERY_REPLY_KEPT_US),
                     sv_int(utc_us - DELIVERY_ENDED_KEPT_US));
}

int delivery_sweep(struct service *s, time_us utc_us, char *cursor)
{
    struct store_query q;
    char sessions[DELIVERY_SWEEP_MAX][ID_MAX];
    size_t count = 0;
    int rows = 0;
    STORE_QUERY(s->store, &q,
                "SELECT DISTINCT session FROM idempotency WHERE session > $1 ORDER BY session"
                " LIMIT $2",
                sv_text(cursor), sv_int(DELIVERY_SWEEP_MAX));
    while (count < DELIVERY_SWEEP_MAX && store_next(&q))
        store_copy_text(&q, 0, sessions[count++], ID_MAX);
    int status = store_query_end(&q);
    for (size_t i = 0; i < count && status >= 0; i++) {
        status = forget_replies(s, sessions[i], utc_us);
        rows += status > 0 ? status : 0;
    }
    snprintf(cursor, ID_MAX, "%s", count == DELIVERY_SWEEP_MAX ? sessions[count - 1] : "");
    return status < 0 ? status : rows;
}

void delivery_ask_seqs(struct service *s, const char *account, time_us utc_us,
                       struct store_query *q)
{
    STORE_QUERY(s->store, q,
                "UPDATE session SET last_seq = last_seq + 1 WHERE id IN (SELECT id FROM session"
                " WHERE account = $1 AND ended_us IS NULL AND expires_us > $2 ORDER BY id LIMIT $3)"
                " RETURNING id, last_seq",
                sv_text(account), sv_int(utc_us), sv_int(DELIVERY_SESSIONS_MAX));
}

int delivery_take_seqs(struct store_query *q, struct delivery_places *out)
{
    out->count = 0;
    while (store_next(q)) {
        CHECK(out->count < DELIVERY_SESSIONS_MAX);
        store_copy_text(q, 0, out->items[out->count].session, ID_MAX);
        out->items[out->count++].seq = store_int(q, 1);
    }
    return store_query_end(q);
}
