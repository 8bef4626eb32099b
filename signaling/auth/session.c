/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: 256-bit tokens that are kept as SHA-256 only, so a copy of the store signs nobody in.
 */
#include "signaling/auth/session.h"
#include "base/random.h"
#include "shanqiao/error.h"
#include "signaling/consult/consult.h"
#include "signaling/duty/duty.h"
#include "signaling/service.h"
#include "signaling/store/delivery.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_BYTES 32
#define SWEEP_MAX   64

static void token_hash(const char *token, uint8_t out[crypto_hash_sha256_BYTES])
{
    crypto_hash_sha256(out, (const uint8_t *)token, strlen(token));
}

int session_create(struct service *s, const char *account, const char *device, time_us utc_us,
                   char id[ID_MAX], char token[AUTH_TOKEN_MAX])
{
    uint8_t secret[TOKEN_BYTES], hash[crypto_hash_sha256_BYTES];
    /* The reply to a sign-out is stored after its session ended: it goes with the next sign-in. */
    int status = STORE_RUN(s->store,
                           "DELETE FROM idempotency WHERE session IN (SELECT id FROM session"
                           " WHERE account = $1 AND ended_us IS NOT NULL)",
                           sv_text(account));
    if (status < 0)
        return status;
    random_bytes(secret, sizeof(secret));
    sodium_bin2base64(token, AUTH_TOKEN_MAX, secret, sizeof(secret),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(secret, sizeof(secret));
    token_hash(token, hash);
    store_new_id(id, "ses");
    status = STORE_RUN(s->store,
                       "INSERT INTO session (id, token_hash, account, device, created_us,"
                       " expires_us) VALUES ($1, $2, $3, $4, $5, $6)",
                       sv_text(id), sv_bytes(hash, sizeof(hash)), sv_text(account), sv_text(device),
                       sv_int(utc_us), sv_int(utc_us + s->limits.session_lifetime_us));
    return status < 0 ? status : 0;
}

/* 1: it ended now; 0: it had ended before. */
static int end_session(struct service *s, const char *session, const char *account,
                       const char *reason, time_us utc_us, struct effects *effects)
{
    struct effect e = {.type = EFFECT_SESSION_ENDED, .reason = reason};
    int status = STORE_RUN(s->store,
                           "UPDATE session SET ended_us = $1, end_reason = $2"
                           " WHERE id = $3 AND ended_us IS NULL",
                           sv_int(utc_us), sv_text(reason), sv_text(session));
    if (status <= 0)
        return status;
    /* Nobody can resume it: what was kept for that goes. */
    status = STORE_RUN(s->store, "DELETE FROM outbox WHERE session = $1", sv_text(session));
    if (status >= 0)
        status =
            STORE_RUN(s->store, "DELETE FROM idempotency WHERE session = $1", sv_text(session));
    if (status < 0)
        return status;
    snprintf(e.session, sizeof(e.session), "%s", session);
    snprintf(e.account, sizeof(e.account), "%s", account);
    status = effects_add(effects, &e);
    return status < 0 ? status : 1;
}

int session_end(struct service *s, const char *session, const char *account, const char *reason,
                time_us utc_us, struct effects *effects)
{
    int status = end_session(s, session, account, reason, utc_us, effects);
    if (status <= 0)
        return status;
    status = duty_end(s, account, utc_us);
    bool stays = strcmp(reason, "takeover") == 0; /* at another place */
    return status < 0 || stays ? status : consult_signed_out(s, effects, account, utc_us);
}

#define SESSIONS_MAX 8 /* live ones of an account: one, and what takeovers left over */

int session_end_all(struct service *s, const char *account, const char *reason, time_us utc_us,
                    struct effects *effects)
{
    struct store_query q;
    char ids[SESSIONS_MAX][ID_MAX];
    size_t count = 0;
    STORE_QUERY(s->store, &q,
                "SELECT id FROM session WHERE account = $1 AND ended_us IS NULL LIMIT 8",
                sv_text(account));
    while (count < SESSIONS_MAX && store_next(&q))
        store_copy_text(&q, 0, ids[count++], ID_MAX);
    int status = store_query_end(&q);
    for (size_t i = 0; i < count && status >= 0; i++)
        status = session_end(s, ids[i], account, reason, utc_us, effects);
    return status < 0 ? status : 0;
}

int session_supersede(struct service *s, const char *session, const char *account, time_us utc_us,
                      struct effects *effects)
{
    int status = end_session(s, session, account, "takeover", utc_us, effects);
    return status < 0 ? status : 0;
}

int session_of_account(struct service *s, const char *account, time_us utc_us, char out[ID_MAX])
{
    struct store_query q;
    out[0] = '\0';
    STORE_QUERY(s->store, &q,
                "SELECT id FROM session WHERE account = $1 AND ended_us IS NULL"
                " AND expires_us > $2",
                sv_text(account), sv_int(utc_us));
    if (store_next(&q))
        store_copy_text(&q, 0, out, ID_MAX);
    return store_query_end(&q);
}

int auth_session_of(struct service *s, const char *account, time_us utc_us, char out[ID_MAX])
{
    return session_of_account(s, account, utc_us, out);
}

#define SESSION_COLUMNS                                                                            \
    "SELECT s.id, a.id, a.institution, a.roles, a.language, s.last_seq, s.expires_us"              \
    " FROM session s JOIN account a ON a.id = s.account"                                           \
    " WHERE s.ended_us IS NULL AND a.disabled = 0 AND s.expires_us > $1 AND "

/* The one row of a query over SESSION_COLUMNS. */
int auth_session_take(struct store_query *q, struct auth_session *out)
{
    *out = (struct auth_session){0};
    bool found = store_next(q);
    if (found) {
        store_copy_text(q, 0, out->caller.session, sizeof(out->caller.session));
        store_copy_text(q, 1, out->caller.account, sizeof(out->caller.account));
        store_copy_text(q, 2, out->caller.institution, sizeof(out->caller.institution));
        out->caller.roles = (uint32_t)store_int(q, 3);
        store_copy_text(q, 4, out->caller.language, sizeof(out->caller.language));
        out->last_seq = store_int(q, 5);
        out->expires_utc_us = store_int(q, 6);
    }
    int status = store_query_end(q);
    return status < 0 ? status : found ? 0 : SQ_ERR_UNAUTHENTICATED;
}

int auth_session_by_token(struct service *s, const char *token, time_us utc_us,
                          struct auth_session *out)
{
    struct store_query q;
    uint8_t hash[crypto_hash_sha256_BYTES];
    token_hash(token, hash);
    STORE_QUERY(s->store, &q, SESSION_COLUMNS "s.token_hash = $2", sv_int(utc_us),
                sv_bytes(hash, sizeof(hash)));
    return auth_session_take(&q, out);
}

void auth_session_ask(struct service *s, const char *session, time_us utc_us, struct store_query *q)
{
    STORE_QUERY(s->store, q, SESSION_COLUMNS "s.id = $2", sv_int(utc_us), sv_text(session));
}

int auth_session_check(struct service *s, const char *session, time_us utc_us,
                       struct auth_session *out)
{
    struct store_query q;
    auth_session_ask(s, session, utc_us, &q);
    return auth_session_take(&q, out);
}

struct ended {
    char session[ID_MAX];
    char account[ID_MAX];
    bool expired;
};

int auth_sessions_sweep(struct service *s, time_us utc_us, struct effects *effects)
{
    struct ended ended[SWEEP_MAX];
    struct store_query q;
    size_t count = 0;
    STORE_QUERY(
        s->store, &q,
        "SELECT id, account, expires_us FROM session"
        " WHERE ended_us IS NULL AND expires_us <= $1"
        " UNION ALL SELECT s.id, s.account, s.expires_us FROM account a CROSS JOIN session s"
        " WHERE a.disabled <> 0 AND s.account = a.id AND s.ended_us IS NULL"
        " AND s.expires_us > $1 LIMIT 64",
        sv_int(utc_us));
    while (count < SWEEP_MAX && store_next(&q)) {
        store_copy_text(&q, 0, ended[count].session, ID_MAX);
        store_copy_text(&q, 1, ended[count].account, ID_MAX);
        int64_t expires_us = store_int(&q, 2);
        ended[count++].expired = expires_us <= utc_us && expires_us != SESSION_REVOKED_US;
    }
    int status = store_query_end(&q);
    for (size_t i = 0; i < count && status >= 0; i++)
        status = session_end(s, ended[i].session, ended[i].account,
                             ended[i].expired ? "expired" : "revoked", utc_us, effects);
    return status < 0 ? status : changes_sweep(s, utc_us, effects);
}
