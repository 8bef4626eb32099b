/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and their connections: sign-in (the slow part on a pool thread), resume with replay, and
 * what happens when a connection goes and does not come back. */
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/auth/auth.h"
#include "signaling/media/media.h"
#include "signaling/operator/operator.h"
#include "signaling/proto/across.h"
#include "signaling/proto/jsonrpc.h"
#include "signaling/proto/unit.h"
#include "signaling/rooms.h"
#include "signaling/service.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SWEEP_US                                                                                   \
    (1 * TIME_US_PER_S) /* an ended right is felt within two seconds (TRUST AUT-04)                \
                         */

#define REPLIES_US (10 * TIME_US_PER_S) /* between two looks for replies to forget */

/* ---- auth.login ---- */

struct login_job {
    struct auth_login login;
    char password[AUTH_PASSWORD_MAX + 1];
    bool good;
};

static void explain_wait(struct call *call, time_us wait_us)
{
    long long s = wait_us / TIME_US_PER_S + 1;
    snprintf(call->message_en, sizeof call->message_en,
             "Too many failed sign-ins. Try again in %lld s.", s);
    snprintf(call->message_zh, sizeof call->message_zh, "登录失败次数过多，请在 %lld 秒后重试。",
             s);
}

/* `login` is charged for an attempt with params.password. */
static int prepare(struct call *call, const char *login, void **job)
{
    const char *password = json_string_value(json_object_get(call->params, "password"));
    struct login_job *j = calloc(1, sizeof *j);
    time_us wait_us = 0;
    int error = j ? SQ_ERR_UNAUTHENTICATED : SQ_ERR_NOMEM;
    if (j && password && login && strlen(password) <= AUTH_PASSWORD_MAX)
        error = auth_login_begin(call->service, login, call->utc_us, &j->login, &wait_us);
    if (error) {
        free(j);
        if (error == SQ_ERR_LIMIT)
            explain_wait(call, wait_us);
        return error;
    }
    snprintf(j->password, sizeof j->password, "%s", password);
    *job = j;
    return 0;
}

static int login_prepare(struct call *call, void **job)
{
    return prepare(call, json_string_value(json_object_get(call->params, "account")), job);
}

static void login_run(void *job)
{
    struct login_job *j = job;
    j->good = auth_password_verify(&j->login, j->password);
}

static void login_discard(void *job)
{
    sodium_memzero(job, sizeof(struct login_job));
    free(job);
}

static int login_handle(struct call *call)
{
    const struct login_job *j = call->work;
    return auth_login_finish(call, &j->login, j->good);
}

static int login_refused(struct dispatch *d, const struct caller *caller, const json_t *params,
                         int error, time_us utc_us)
{
    (void)caller;
    uint8_t hash[AUTH_LOGIN_HASH_BYTES];
    const char *account = json_string_value(json_object_get(params, "account"));
    auth_login_hash(account ? account : "", hash);
    return refused_login(&d->refused, d->service, hash, error, utc_us);
}

static const struct method_slow login_slow = {login_prepare, login_run, login_discard,
                                              login_refused};

/* ---- auth.confirm: opens a locked page ---- */

static int confirm_prepare(struct call *call, void **job)
{
    char login[AUTH_LOGIN_MAX];
    int error = auth_login_of(call->service, call->caller->account, login);
    return error ? error : prepare(call, login, job);
}

static int confirm_handle(struct call *call)
{
    const struct login_job *j = call->work;
    return auth_confirm_finish(call, &j->login, j->good);
}

static int confirm_refused(struct dispatch *d, const struct caller *caller, const json_t *params,
                           int error, time_us utc_us)
{
    (void)params;
    return refused_confirm(&d->refused, d->service, caller, error, utc_us);
}

static const struct method_slow confirm_slow = {confirm_prepare, login_run, login_discard,
                                                confirm_refused};

const struct method session_methods[] = {
    {.name = "auth.login", .flags = METHOD_WRITES | METHOD_BEFORE_LOGIN, .handle = login_handle},
    {.name = "session.resume", .flags = METHOD_BEFORE_LOGIN}, /* session_resume, below */
    {.name = "auth.confirm", .flags = METHOD_WRITES | METHOD_SECRET, .handle = confirm_handle},
};

const struct method_slow *session_slow(const struct method *method)
{
    return method == &session_methods[0]   ? &login_slow
           : method == &session_methods[2] ? &confirm_slow
                                           : NULL;
}

/* ---- away and back ---- */

void session_forget_away(struct dispatch *d, const char *session)
{
    struct away **at = &d->away;
    while (*at && strcmp((*at)->session, session))
        at = &(*at)->next;
    if (*at) {
        struct away *gone = *at;
        *at = gone->next;
        free(gone);
    }
}

static void tell_media(struct dispatch *d, const char *session, bool there, time_us now_us,
                       time_us utc_us)
{
    struct unit u;
    watch_presence(d->service, session, there, utc_us);
    if (!d->config.media && !d->config.nodes)
        return;
    unit_begin(&u, d, now_us, utc_us);
    across_presence(&u, session, there);
    if (d->config.media && across_may(&u))
        media_presence(d->config.media, session, there, now_us);
    unit_take_media(&u);
    unit_end(&u);
}

void session_arrived(struct dispatch *d, struct peer *peer, const struct caller *caller,
                     int64_t last_seq, time_us now_us, time_us utc_us)
{
    struct peer *former = peers_find_session(&d->peers, caller->session);
    if (former) {
        peers_unbind(&d->peers, former);
        dispatch_close_peer(d, former, DISPATCH_CLOSE_REPLACED);
    }
    peers_bind(&d->peers, peer, caller);
    peer->last_seq = last_seq;
    session_forget_away(d, caller->session);
    tell_media(d, caller->session, true, now_us, utc_us);
    across_fall_behind(d, peer); /* written elsewhere since the session was looked up */
}

void session_left(struct dispatch *d, const char *session, time_us now_us, time_us utc_us)
{
    struct away *away = calloc(1, sizeof *away);
    if (away) {
        snprintf(away->session, sizeof away->session, "%s", session);
        away->since_us = now_us;
        away->next = d->away;
        d->away = away;
    }
    tell_media(d, session, false, now_us, utc_us);
}

static void tell_lost(struct dispatch *d, const char *session, time_us now_us, time_us utc_us)
{
    struct effects effects = {0};
    struct unit u;
    unit_begin(&u, d, now_us, utc_us);
    if (!u.error && !across_connected(d, session))
        unit_fail(&u, service_session_lost(d->service, session, utc_us, &effects));
    unit_take_effects(&u, &effects);
    unit_end(&u);
}

static void sweep(struct dispatch *d, time_us now_us, time_us utc_us)
{
    struct effects effects = {0};
    struct unit u;
    unit_begin(&u, d, now_us, utc_us);
    if (!u.error)
        unit_fail(&u, rooms_sweep(d->service, utc_us, &effects));
    if (!u.error && now_us >= d->replies_us) {
        d->replies_us = now_us + REPLIES_US;
        unit_fail(&u, delivery_sweep(d->service, utc_us, d->replies_cursor));
    }
    unit_take_effects(&u, &effects);
    unit_end(&u);
}

void session_step(struct dispatch *d, time_us now_us, time_us utc_us)
{
    struct away *next;
    if (now_us < d->sweep_us)
        return;
    d->sweep_us = now_us + SWEEP_US;
    for (struct away *a = d->away; a; a = next) {
        char session[ID_MAX];
        next = a->next;
        if (now_us - a->since_us < DISPATCH_LOST_US)
            continue;
        memcpy(session, a->session, sizeof session);
        session_forget_away(d, session);
        tell_lost(d, session, now_us, utc_us);
        next = d->away; /* the list may have changed: from the start again */
    }
    sweep(d, now_us, utc_us);
}

/* ---- session.resume ---- */

struct replay {
    char **texts;
    size_t count;
};

static void replay_clear(struct replay *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->texts[i]);
    free(r->texts);
}

static int replay_take(int64_t seq, const char *body, void *user)
{
    struct replay *r = user;
    (void)seq;
    if (r->count >= DISPATCH_REPLAY_MAX)
        return SQ_ERR_LIMIT;
    char **grown = reallocarray(r->texts, r->count + 1, sizeof *grown);
    if (!grown)
        return SQ_ERR_NOMEM;
    r->texts = grown;
    r->texts[r->count] = strdup(body);
    return r->texts[r->count++] ? 0 : SQ_ERR_NOMEM;
}

void session_signed_in(struct dispatch *d, struct peer *peer, const char *session, time_us now_us,
                       time_us utc_us)
{
    struct auth_session s;
    struct replay first = {0};
    if (auth_session_check(d->service, session, utc_us, &s))
        return;
    int error = delivery_outbox_read(d->service, session, 0, replay_take, &first);
    for (size_t i = 0; i < first.count && !error; i++) {
        struct dispatch_output item = {.type = DISPATCH_SEND,
                                       .connection = peer->connection,
                                       .text = first.texts[i],
                                       .len_bytes = strlen(first.texts[i])};
        first.texts[i] = NULL; /* moved */
        error = outputs_add(&d->outputs, &item);
    }
    replay_clear(&first);
    /* bound last: what its arrival tells it follows */
    session_arrived(d, peer, &s.caller, s.last_seq, now_us, utc_us);
    if (error)
        dispatch_close_peer(d, peer, DISPATCH_CLOSE_INTERNAL); /* a resume brings the rest */
}

/* What the session missed after `seen`. SQ_ERR_INVALID: never sent that much. SQ_ERR_STATE: too
 * long ago. */
static int collect_missed(struct dispatch *d, const struct auth_session *s, int64_t seen,
                          struct replay *out)
{
    int64_t missed = s->last_seq - seen;
    if (missed < 0)
        return SQ_ERR_INVALID;
    if (missed > DISPATCH_REPLAY_MAX)
        return SQ_ERR_STATE;
    int error = delivery_outbox_read(d->service, s->caller.session, seen, replay_take, out);
    if (!error && (int64_t)out->count != missed)
        return SQ_ERR_STATE; /* trimmed */
    return error;
}

static void send_resumed(struct unit *u, const char *connection_key, uint64_t connection,
                         const struct auth_session *s, struct replay *replay)
{
    size_t len = 0;
    json_t *result = json_pack("{s:s, s:I, s:I}", "sessionId", s->caller.session, "seq",
                               (json_int_t)s->last_seq, "replayed", (json_int_t)replay->count);
    char *text = result ? jsonrpc_reply(connection_key, result, &len) : NULL;
    json_decref(result);
    unit_reply(u, connection, connection_key, text, len);
    if (!u->error)
        u->told.items[u->told.count - 1].unbind = true;
    for (size_t i = 0; i < replay->count; i++) {
        unit_send(u, connection, replay->texts[i], strlen(replay->texts[i]));
        replay->texts[i] = NULL; /* moved */
    }
}

static int resume(struct dispatch *d, struct peer *peer, const char *key, json_t *params,
                  time_us now_us, time_us utc_us, struct replay *replay)
{
    struct auth_session s;
    struct effects effects = {0};
    struct unit u;
    const char *named = json_string_value(json_object_get(params, "token"));
    const char *token = named ? named : peer->token;
    int64_t seen = json_integer_value(json_object_get(params, "lastSeq"));
    int error = auth_session_by_token(d->service, token, utc_us, &s);
    if (error)
        return error;
    if (json_is_true(json_object_get(params, "reload")))
        seen = s.last_seq;
    error = collect_missed(d, &s, seen, replay);
    if (error)
        return error;
    /* bound first: what the next step tells this session follows its replay */
    session_arrived(d, peer, &s.caller, s.last_seq, now_us, utc_us);
    unit_begin(&u, d, now_us, utc_us);
    struct audit_act row = {.utc_us = utc_us,
                            .account = s.caller.account,
                            .session = s.caller.session,
                            .act = "session.resume",
                            .object = s.caller.session};
    if (!u.error)
        unit_fail(&u, audit_append(d->service->store, &row));
    unit_fail(&u, delivery_outbox_trim(d->service, s.caller.session, seen));
    send_resumed(&u, key, peer->connection, &s, replay);
    if (!u.error)
        unit_fail(&u, service_session_back(d->service, s.caller.session, utc_us, &effects));
    unit_take_effects(&u, &effects);
    if (unit_end(&u))
        peers_unbind(&d->peers, peer);
    return 0;
}

void session_resume(struct dispatch *d, struct peer *peer, const char *key, json_t *params,
                    time_us now_us, time_us utc_us)
{
    struct replay replay = {0};
    int error = resume(d, peer, key, params, now_us, utc_us, &replay);
    if (error == SQ_ERR_STATE)
        dispatch_refuse(d, peer->connection, key, error,
                        "Too much was missed. Resume with reload: true and load the state again.",
                        "错过的通知过多，请以 reload: true 恢复会话并重新加载状态。");
    else if (error)
        dispatch_refuse(d, peer->connection, key, error, NULL, NULL);
    replay_clear(&replay);
}
