/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a request: connection -> text -> method -> rights to speak -> schema -> transaction ->
 * reply. One function per step; what is stored and told lives in unit.c, sign-in and resume in
 * session.c, the table, the connections and the clock in life.c. */
#include "signaling/proto/dispatch.h"

#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/auth/auth.h"
#include "signaling/media/media.h"
#include "signaling/proto/across.h"
#include "signaling/proto/jsonrpc.h"
#include "signaling/proto/life.h"
#include "signaling/proto/schema.h"
#include "signaling/proto/signal.h"
#include "signaling/proto/text.h"
#include "signaling/proto/unit.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One request on its way. */
struct request {
    struct dispatch *d;
    struct peer *peer;
    struct jsonrpc_request rpc;
    const struct method *method;
    uint8_t digest[DELIVERY_DIGEST_BYTES];
    time_us now_us, utc_us;
};

/* ---- pending requests ---- */

struct pending *dispatch_pending_find(struct dispatch *d, uint64_t ticket)
{
    struct pending *p = d->pending;
    while (p && p->ticket != ticket)
        p = p->next;
    return p;
}

void dispatch_pending_free(struct dispatch *d, struct pending *p)
{
    struct pending **at = &d->pending;
    struct peer *peer = peers_find(&d->peers, p->connection);
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    d->pending_count--;
    if (peer && peer->pending)
        peer->pending--;
    if (p->job)
        session_slow(p->method)->discard(p->job);
    json_decref(p->params);
    free(p);
}

static struct pending *pending_add(const struct request *r)
{
    struct dispatch *d = r->d;
    struct pending *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->ticket = ++d->next_ticket;
    p->connection = r->peer->connection;
    p->caller = r->peer->caller;
    p->method = r->method;
    p->params = json_incref(r->rpc.params);
    memcpy(p->key, r->rpc.key, sizeof p->key);
    memcpy(p->digest, r->digest, sizeof p->digest);
    p->next = d->pending;
    d->pending = p;
    d->pending_count++;
    r->peer->pending++;
    return p;
}

/* ---- replies ---- */

void dispatch_refuse(struct dispatch *d, uint64_t connection, const char *key, int error,
                     const char *en, const char *zh)
{
    size_t len = 0;
    char *text = jsonrpc_error(key, error, en, zh, &len);
    group_send(d, connection, key, text, len);
}

static void refuse(const struct request *r, int error, const char *en, const char *zh)
{
    dispatch_refuse(r->d, r->peer->connection, r->rpc.key, error, en, zh);
}

/* Where a reply goes: to the session's connection of now, or where the request came from. */
static uint64_t reply_to(const struct dispatch *d, const struct pending *p)
{
    const struct peer *peer =
        p->caller.session[0] ? peers_find_session(&d->peers, p->caller.session) : NULL;
    return peer ? peer->connection : p->connection;
}

/* Audit row, stored reply, reply: of a writing method that succeeded. `result` borrowed. */
static void succeed(struct unit *u, uint64_t connection, const struct caller *caller,
                    const char *key, const uint8_t *digest, const struct method *method,
                    const char *act, const char *object, json_t *result)
{
    struct service *s = u->d->service;
    struct audit_act row = {.utc_us = u->utc_us,
                            .account = caller->account,
                            .session = caller->session,
                            .act = act ? act : method->name,
                            .object = object,
                            .detail = "",
                            .chain = audit_chain_of_caller(caller)};
    size_t len = 0;
    char *text = jsonrpc_reply(key, result, &len);
    if (method->flags & (METHOD_WRITES | METHOD_VIEWS))
        unit_fail(u, audit_append(s->store, &row));
    if ((method->flags & METHOD_WRITES) && text && caller->session[0] &&
        !(method->flags & (METHOD_BEFORE_LOGIN | METHOD_SECRET)) && !u->error)
        unit_fail(u, delivery_reply_put(s, caller->session, key, digest, text, u->utc_us));
    unit_reply(u, connection, key, text, len);
}

void dispatch_finish(struct unit *u, struct pending *p, int error, json_t *result,
                     const char *object, const char *en, const char *zh)
{
    uint64_t connection = reply_to(u->d, p);
    json_t *empty = json_object();
    if (error) {
        size_t len = 0;
        if (!u->error)
            unit_fail(u, refused_act(&u->d->refused, u->d->service, &p->caller, p->method->name,
                                     refused_object(p->params), error, u->utc_us));
        char *text = jsonrpc_error(p->key, error, en, zh, &len);
        unit_send(u, connection, text, len);
    } else {
        succeed(u, connection, &p->caller, p->key, p->digest, p->method, NULL, object,
                result ? result : empty);
    }
    json_decref(empty);
    dispatch_pending_free(u->d, p);
}

/* ---- the kinds of methods ---- */

static struct call call_of(const struct request *r)
{
    return (struct call){.service = r->d->service,
                         .caller = &r->peer->caller,
                         .params = r->rpc.params,
                         .utc_us = r->utc_us};
}

/* The row of an act that was refused, in a transaction of its own. */
static void audit_refusal(const struct request *r, int error)
{
    const struct method_slow *slow = session_slow(r->method);
    struct dispatch *d = r->d;
    struct unit u;
    if (!slow && error != SQ_ERR_DENIED && error != SQ_ERR_NOT_FOUND)
        return;
    unit_begin(&u, d, r->now_us, r->utc_us);
    if (!u.error && slow)
        unit_fail(&u, slow->refused(d, &r->peer->caller, r->rpc.params, error, r->utc_us));
    else if (!u.error)
        unit_fail(&u, refused_act(&d->refused, d->service, &r->peer->caller, r->method->name,
                                  refused_object(r->rpc.params), error, r->utc_us));
    unit_end(&u);
}

/* What was seen is told when the row of it is on disk. */
static void tell_view(struct request *r, const struct call *call)
{
    struct unit u;
    json_t *result = call->result ? json_incref(call->result) : json_object();
    unit_begin(&u, r->d, r->now_us, r->utc_us);
    if (u.error) {
        refuse(r, u.error, NULL, NULL);
        unit_drop(&u);
    } else {
        const char *named = refused_object(r->rpc.params);
        succeed(&u, r->peer->connection, &r->peer->caller, r->rpc.key, r->digest, r->method,
                call->audit_act, call->audit_object[0] || !named ? call->audit_object : named,
                result);
        unit_end(&u);
    }
    json_decref(result);
}

static void run_read(struct request *r)
{
    struct call call = call_of(r);
    size_t len = 0;
    int error = r->method->handle(&call);
    if (!error && (r->method->flags & METHOD_SIGNALS))
        signal_send(r->d, &call.effects, r->now_us, r->utc_us);
    if (error < 0) {
        audit_refusal(r, error);
        refuse(r, error, call.message_en, call.message_zh);
    } else if (r->method->flags & METHOD_VIEWS) {
        tell_view(r, &call);
    } else {
        json_t *result = call.result ? json_incref(call.result) : json_object();
        char *text = jsonrpc_reply(r->rpc.key, result, &len);
        group_send(r->d, r->peer->connection, r->rpc.key, text, len);
        json_decref(result);
    }
    json_decref(call.result);
    effects_clear(&call.effects);
}

static void run_write(struct request *r, void *work)
{
    struct call call = call_of(r);
    struct unit u;
    call.work = work;
    unit_begin(&u, r->d, r->now_us, r->utc_us);
    int error = u.error ? u.error : r->method->handle(&call);
    if (error < 0) {
        unit_drop(&u);
        audit_refusal(r, error);
        refuse(r, error, call.message_en, call.message_zh);
    } else {
        json_t *result = call.result ? json_incref(call.result) : json_object();
        const struct caller *caller = work ? &call.signed_in : &r->peer->caller;
        unit_ask_effects(&u, &call.effects);
        succeed(&u, r->peer->connection, caller, r->rpc.key, r->digest, r->method, call.audit_act,
                call.audit_object, result);
        unit_take_effects(&u, &call.effects);
        bool stands = unit_end(&u) == 0;
        /* a connection speaks for a session that is on disk */
        if (stands && (r->method->flags & METHOD_BEFORE_LOGIN) && group_commit(r->d) == 0)
            session_signed_in(r->d, r->peer, call.signed_in.session, r->now_us, r->utc_us);
        json_decref(result);
    }
    json_decref(call.result);
    effects_clear(&call.effects);
}

static void run_deferred(struct request *r)
{
    struct unit u;
    struct pending *p = pending_add(r);
    if (!p) {
        refuse(r, SQ_ERR_NOMEM, NULL, NULL);
        return;
    }
    unit_begin(&u, r->d, r->now_us, r->utc_us);
    if (u.error) {
        refuse(r, u.error, NULL, NULL);
        dispatch_pending_free(r->d, p);
    } else if (!across_call(&u, p)) {
        media_call(r->d->config.media, p->ticket, p->method->name, &p->caller, p->params,
                   r->now_us);
        unit_take_media(&u);
    }
    unit_end(&u);
}

static void run_slow(struct request *r)
{
    struct call call = call_of(r);
    void *job = NULL;
    group_commit(r->d); /* it has a transaction of its own */
    int error = session_slow(r->method)->prepare(&call, &job);
    struct pending *p = error ? NULL : pending_add(r);
    json_decref(call.result);
    effects_clear(&call.effects);
    if (!p) {
        if (job)
            session_slow(r->method)->discard(job);
        if (error)
            audit_refusal(r, error);
        refuse(r, error ? error : SQ_ERR_NOMEM, call.message_en, call.message_zh);
        return;
    }
    p->job = job;
    struct dispatch_output item = {.type = DISPATCH_WORK,
                                   .connection = p->connection,
                                   .run = session_slow(r->method)->run,
                                   .job = job,
                                   .ticket = p->ticket};
    if (outputs_add(&r->d->outputs, &item)) {
        refuse(r, SQ_ERR_NOMEM, NULL, NULL);
        dispatch_pending_free(r->d, p);
    }
}

void dispatch_worked(struct dispatch *d, uint64_t ticket, bool refused, time_us now_us,
                     time_us utc_us)
{
    struct pending *p = dispatch_pending_find(d, ticket);
    struct peer *peer = p ? peers_find(&d->peers, p->connection) : NULL;
    if (!p)
        return;
    struct request r = {
        .d = d, .peer = peer, .method = p->method, .now_us = now_us, .utc_us = utc_us};
    memcpy(r.rpc.key, p->key, sizeof r.rpc.key);
    memcpy(r.digest, p->digest, sizeof r.digest);
    r.rpc.params = p->params;
    if (peer && refused)
        refuse(&r, SQ_ERR_LIMIT, "The server is busy. Try again in a few seconds.",
               "服务器繁忙，请几秒后重试。");
    else if (peer && !peer->closing && !strcmp(peer->caller.session, p->caller.session))
        run_write(&r, p->job);
    dispatch_pending_free(d, p);
}

/* ---- acts that came another way ---- */

static void refuse_act(struct dispatch *d, const char *act, const struct call *call, int error,
                       time_us now_us)
{
    struct unit u;
    const char *named = refused_object(call->params);
    if (error != SQ_ERR_DENIED && error != SQ_ERR_NOT_FOUND)
        return;
    unit_begin(&u, d, now_us, call->utc_us);
    if (!u.error)
        unit_fail(&u, refused_act(&d->refused, d->service, call->caller, act,
                                  call->audit_object[0] ? call->audit_object : named, error,
                                  call->utc_us));
    unit_end(&u);
}

int dispatch_act(struct dispatch *d, const char *act, int (*handle)(struct call *call),
                 struct call *call, void (*done)(void *user, int error), void *user, time_us now_us,
                 time_us utc_us)
{
    static const struct caller server = {0};
    struct unit u;
    call->service = d->service;
    call->utc_us = utc_us;
    if (!call->caller)
        call->caller = &server;
    group_bound(d, now_us);
    unit_begin(&u, d, now_us, utc_us);
    int error = u.error ? u.error : handle(call);
    if (error < 0) {
        unit_drop(&u);
        refuse_act(d, act, call, error, now_us);
    } else {
        struct audit_act row = {.utc_us = utc_us,
                                .account = call->caller->account,
                                .session = call->caller->session,
                                .act = call->audit_act ? call->audit_act : act,
                                .object = call->audit_object,
                                .detail = "",
                                .chain = audit_chain_of_caller(call->caller)};
        unit_ask_effects(&u, &call->effects);
        unit_fail(&u, audit_append(d->service->store, &row));
        unit_take_effects(&u, &call->effects);
        error = unit_end(&u);
        if (done && !error)
            dispatch_after(d, done, user);
    }
    effects_clear(&call->effects);
    return error < 0 ? error : 0;
}

/* ---- the way in ---- */

static void digest_of(struct request *r)
{
    crypto_hash_sha256_state state;
    char *text = json_dumps(r->rpc.params, JSON_COMPACT | JSON_SORT_KEYS);
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)r->method->name,
                              strlen(r->method->name) + 1);
    if (text)
        crypto_hash_sha256_update(&state, (const unsigned char *)text, strlen(text));
    crypto_hash_sha256_final(&state, r->digest);
    free(text);
}

#define USED_ID_EN "The request id was used for another request. Send it again under a new one."
#define USED_ID_ZH "该请求编号已用于其他请求，请使用新编号重新提交。"

/* true: the request was answered from the past, or its answer is on the way. `known`: the reply
 * that was asked for. */
static bool answer_repeat(struct request *r, struct store_query *known)
{
    char *reply = NULL;
    digest_of(r);
    for (struct pending *p = r->d->pending; p; p = p->next) {
        if (strcmp(p->key, r->rpc.key) || strcmp(p->caller.session, r->peer->caller.session))
            continue;
        if (memcmp(p->digest, r->digest, sizeof p->digest))
            refuse(r, SQ_ERR_CONFLICT, USED_ID_EN, USED_ID_ZH);
        return true;
    }
    int error = delivery_reply_take(r->d->service, r->peer->caller.session, r->rpc.key, r->digest,
                                    known, &reply);
    if (error)
        refuse(r, error, error == SQ_ERR_CONFLICT ? USED_ID_EN : NULL,
               error == SQ_ERR_CONFLICT ? USED_ID_ZH : NULL);
    if (reply)
        group_send(r->d, r->peer->connection, r->rpc.key, reply, strlen(reply));
    return error || reply;
}

/* What is asked of the store before anything of the request is looked at. */
struct asked {
    struct store_query session, reply;
};

static void ask(struct request *r, struct asked *asked)
{
    const char *session = r->peer->caller.session;
    *asked = (struct asked){0};
    if (r->method->flags & METHOD_BEFORE_LOGIN || !session[0])
        return;
    auth_session_ask(r->d->service, session, r->utc_us, &asked->session);
    delivery_reply_ask(r->d->service, session, r->rpc.key, &asked->reply);
    if (r->method->flags & METHOD_WRITES && across_hold(r->d, r->now_us))
        (void)group_open(r->d, r->now_us, r->utc_us); /* on the same way; failing, the unit fails */
}

static void end_asked(struct asked *asked)
{
    store_query_end(&asked->session);
    store_query_end(&asked->reply);
}

/* May this connection call the method now? Refreshes the roles. */
static bool may_speak(struct request *r, struct store_query *asked)
{
    struct auth_session session;
    struct peer *peer = r->peer;
    if (r->method->flags & METHOD_BEFORE_LOGIN) {
        if (!peer->caller.session[0])
            return true;
        refuse(r, SQ_ERR_STATE, "This connection is signed in already. Sign out first.",
               "此连接已登录，请先退出登录。");
        return false;
    }
    if (!peer->caller.session[0]) {
        refuse(r, SQ_ERR_UNAUTHENTICATED, NULL, NULL);
        return false;
    }
    int error = auth_session_take(asked, &session);
    if (!error) {
        peer->caller = session.caller;
        return true;
    }
    refuse(r, error, NULL, NULL);
    if (error == SQ_ERR_UNAUTHENTICATED)
        dispatch_close_peer(r->d, peer, DISPATCH_CLOSE_ENDED);
    return false;
}

/* Shape, then characters: the place that is named is one of the schema's. */
static bool fits_schema(struct request *r)
{
    struct schema_reason reason = {0};
    char en[320], zh[320];
    const json_t *root = schema_set_method(r->d->config.schemas, r->method->name);
    if (schema_check(root, json_object_get(root, "params"), r->rpc.params, &reason) == 0 &&
        text_check(r->rpc.params, &reason) == 0)
        return true;
    snprintf(en, sizeof en, "The field %.100s %.120s. Correct it and send again.",
             *reason.path ? reason.path : "params", reason.text);
    snprintf(zh, sizeof zh, "字段 %.100s %s，请改正后重新提交。",
             *reason.path ? reason.path : "params", *reason.zh ? reason.zh : "缺失或不符合要求");
    refuse(r, JSONRPC_PARAMS, en, zh);
    return false;
}

/* Reads are asked too whether they repeat: their digest names another method, so the id of a write
 * is refused to them. */
static bool is_new_and_allowed(struct request *r)
{
    struct asked asked;
    bool repeats = !(r->method->flags & METHOD_BEFORE_LOGIN);
    ask(r, &asked);
    bool stands = may_speak(r, &asked.session) && fits_schema(r) &&
                  (!repeats || !answer_repeat(r, &asked.reply));
    end_asked(&asked); /* what was not looked at */
    return stands;
}

static void run(struct request *r)
{
    const struct method *m = r->method;
    if (!is_new_and_allowed(r))
        return;
    if ((m->flags & METHOD_SIGNALS) && !signal_take_token(r->peer, r->now_us)) {
        refuse(r, SQ_ERR_LIMIT, "Too many signs of the moment. Send fewer a second.",
               "信号过于频繁，请降低发送频率。");
        return;
    }
    bool waits = session_slow(m) || (m->flags & METHOD_DEFERRED);
    if (waits &&
        (r->peer->pending >= DISPATCH_PENDING_MAX || (session_slow(m) && r->peer->pending) ||
         r->d->pending_count >= DISPATCH_IN_FLIGHT_MAX))
        refuse(r, SQ_ERR_LIMIT,
               "Too many requests wait for an answer. Wait for them, then send again.",
               "等待答复的请求过多，请稍候再试。");
    else if (!strcmp(m->name, "session.resume"))
        session_resume(r->d, r->peer, r->rpc.key, r->rpc.params, r->now_us, r->utc_us);
    else if (session_slow(m))
        run_slow(r);
    else if (m->flags & METHOD_DEFERRED)
        run_deferred(r);
    else if (m->flags & METHOD_WRITES)
        run_write(r, NULL);
    else
        run_read(r);
}

static void explain(const struct request *r, int error, const char *detail)
{
    char en[256];
    jsonrpc_explain(error, detail, en, sizeof en);
    refuse(r, error, error == SQ_ERR_NOMEM ? NULL : en, NULL);
}

void dispatch_receive(struct dispatch *d, uint64_t connection, const char *text, size_t len_bytes,
                      time_us now_us, time_us utc_us)
{
    struct request r = {
        .d = d, .peer = peers_find(&d->peers, connection), .now_us = now_us, .utc_us = utc_us};
    const char *detail = "";
    if (!r.peer || r.peer->closing)
        return;
    group_bound(d, now_us);
    bool in_rate = dispatch_take_token(r.peer, now_us);
    int error = jsonrpc_parse(text, len_bytes, &r.rpc, &detail);
    if (!in_rate && r.peer->refused > DISPATCH_REFUSED_MAX)
        dispatch_close_peer(d, r.peer, DISPATCH_CLOSE_RATE);
    else if (!in_rate)
        refuse(&r, SQ_ERR_LIMIT, "Too many requests. Wait a second and send again.",
               "请求过于频繁，请稍候再试。");
    else if (error)
        explain(&r, error, detail);
    else if (!(r.method = dispatch_find_method(d, r.rpc.method)))
        refuse(&r, JSONRPC_METHOD, NULL, NULL);
    else
        run(&r);
    json_decref(r.rpc.params);
}
