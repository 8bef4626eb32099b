/* SPDX-License-Identifier: Apache-2.0 */
/* See rpc.h. A request lives in a list from rpc_request until its reply. After a reconnect and
 * resume all of them are sent again under their old keys; the server answers what it has done
 * already from its store. */
#include "client-lib/signal/rpc.h"

#include "base/check.h"
#include "base/random.h"
#include <shanqiao/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODE_BASE           (-32000) /* signaling.md: codes are this plus enum sq_error */
#define CODE_UNKNOWN_METHOD (-32601) /* JSON-RPC 2.0 section 5.1 */
#define EVENTS_MAX          1024
#define NUMBER_NONE         0

struct pending {
    struct pending *next;
    int64_t number; /* NUMBER_NONE: our own session.resume */
    char id[RPC_ID_LEN + 1];
    char method[64];
    json_t *params;
    bool sent; /* on this connection */
};

struct queued_event {
    struct queued_event *next;
    struct rpc_event event;
};

struct rpc {
    enum rpc_state state;
    char device[64];
    char language[8];
    char token[RPC_TOKEN_MAX];
    int64_t last_seq, base_seq;
    int64_t next_number;
    struct pending *first; /* in order of asking */
    size_t pending_count;
    struct pending *entry; /* auth.login or session.resume, not in the list */
    bool open;
    bool close_wanted;
    bool told_offline;  /* once, until it is online again */
    time_us attempt_us; /* when WAITING */
    time_us backoff_us;
    struct queued_event *events, *events_last;
    size_t event_count;
    uint64_t dropped;
};

int rpc_new(struct rpc **out, const char *device, const char *language)
{
    struct rpc *r = calloc(1, sizeof(*r));
    if (!r)
        return SQ_ERR_NOMEM;
    snprintf(r->device, sizeof(r->device), "%s", device ? device : "terminal");
    snprintf(r->language, sizeof(r->language), "%s", language ? language : "zh-CN");
    r->next_number = 1;
    r->backoff_us = RPC_BACKOFF_MIN_US;
    *out = r;
    return 0;
}

/* Passwords and tokens don't stay in memory that malloc hands out again. */
static void wipe(json_t *params)
{
    static const char *const secrets[] = {"password", "token"};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        json_t *value = json_object_get(params, secrets[i]);
        if (json_is_string(value))
            explicit_bzero((char *)(uintptr_t)json_string_value(value), json_string_length(value));
    }
}

static void pending_free(struct pending *p)
{
    if (!p)
        return;
    wipe(p->params);
    json_decref(p->params);
    free(p);
}

void rpc_free(struct rpc *r)
{
    if (!r)
        return;
    pending_free(r->entry);
    while (r->first) {
        struct pending *next = r->first->next;
        pending_free(r->first);
        r->first = next;
    }
    struct rpc_event event;
    while (rpc_next_event(r, &event))
        json_decref(event.body);
    explicit_bzero(r->token, sizeof(r->token));
    free(r);
}

static void emit(struct rpc *r, const struct rpc_event *event)
{
    struct queued_event *q = r->event_count < EVENTS_MAX ? calloc(1, sizeof(*q)) : NULL;
    if (!q) {
        r->dropped++;
        json_decref(event->body);
        return;
    }
    q->event = *event;
    if (r->events_last)
        r->events_last->next = q;
    else
        r->events = q;
    r->events_last = q;
    r->event_count++;
}

bool rpc_next_event(struct rpc *r, struct rpc_event *out)
{
    struct queued_event *q = r->events;
    if (!q)
        return false;
    *out = q->event;
    r->events = q->next;
    if (!r->events)
        r->events_last = NULL;
    r->event_count--;
    free(q);
    return true;
}

/* ONLINE or ENDED: the states that are news in themselves. */
static void set_state(struct rpc *r, enum rpc_state state, const char *reason)
{
    if (r->state == state)
        return;
    r->state = state;
    r->told_offline = false;
    struct rpc_event event = {.type = RPC_EVENT_STATE, .state = state};
    snprintf(event.reason, sizeof(event.reason), "%s", reason);
    emit(r, &event);
}

static void reply(struct rpc *r, const struct pending *p, int error, const char *text, json_t *body)
{
    if (p->number == NUMBER_NONE) {
        json_decref(body);
        return;
    }
    struct rpc_event event = {
        .type = RPC_EVENT_REPLY, .request = p->number, .error = error, .body = body};
    snprintf(event.method, sizeof(event.method), "%s", p->method);
    if (error)
        snprintf(event.text, sizeof(event.text), "%s",
                 text && *text ? text : sq_error_text(error, r->language));
    emit(r, &event);
}

static struct pending *pending_new(struct rpc *r, const char *method, json_t *params, bool numbered)
{
    struct pending *p = params ? calloc(1, sizeof(*p)) : NULL;
    if (!p) {
        json_decref(params);
        return NULL;
    }
    p->number = numbered ? r->next_number++ : NUMBER_NONE;
    p->params = params;
    random_text(p->id, RPC_ID_LEN);
    snprintf(p->method, sizeof(p->method), "%s", method);
    return p;
}

static int64_t begin(struct rpc *r, const char *method, json_t *params, time_us now_us)
{
    if (r->state != RPC_IDLE && r->state != RPC_ENDED) {
        json_decref(params);
        return SQ_ERR_STATE;
    }
    struct pending *p = pending_new(r, method, params, true);
    if (!p)
        return SQ_ERR_NOMEM;
    pending_free(r->entry);
    r->entry = p;
    r->state = r->open ? RPC_SIGNING_IN : RPC_WAITING;
    r->close_wanted = false;
    r->attempt_us = now_us;
    return p->number;
}

int64_t rpc_login(struct rpc *r, const char *account, const char *password, bool takeover,
                  time_us now_us)
{
    if (!account || !password)
        return SQ_ERR_INVALID;
    json_t *params =
        json_pack("{s:s, s:s, s:s}", "account", account, "password", password, "device", r->device);
    if (!params)
        return SQ_ERR_INVALID;
    if (takeover)
        json_object_set_new(params, "takeover", json_true());
    return begin(r, "auth.login", params, now_us);
}

int64_t rpc_resume(struct rpc *r, const char *token, int64_t last_seq, time_us now_us)
{
    if (!token || !*token || strlen(token) >= sizeof(r->token) || last_seq < 0)
        return SQ_ERR_INVALID;
    if (r->state != RPC_IDLE && r->state != RPC_ENDED)
        return SQ_ERR_STATE;
    json_t *params = json_pack("{s:s, s:I}", "token", token, "lastSeq", (json_int_t)last_seq);
    if (!params)
        return SQ_ERR_INVALID;
    int64_t number = begin(r, "session.resume", params, now_us);
    if (number > 0) {
        snprintf(r->token, sizeof(r->token), "%s", token);
        r->last_seq = r->base_seq = last_seq;
    }
    return number;
}

int64_t rpc_request(struct rpc *r, const char *method, json_t *params, time_us now_us)
{
    (void)now_us;
    if (!params)
        params = json_object();
    int err = 0;
    if (!r->token[0] || r->state == RPC_ENDED || r->state == RPC_IDLE)
        err = SQ_ERR_STATE;
    else if (r->pending_count >= RPC_PENDING_MAX)
        err = SQ_ERR_LIMIT;
    if (err) {
        json_decref(params);
        return err;
    }
    struct pending *p = pending_new(r, method, params, true);
    if (!p)
        return SQ_ERR_NOMEM;
    struct pending **end = &r->first;
    while (*end)
        end = &(*end)->next;
    *end = p;
    r->pending_count++;
    return p->number;
}

/* ---- connection ---- */

void rpc_on_connecting(struct rpc *r)
{
    if (r->state == RPC_WAITING)
        r->state = RPC_CONNECTING;
}

void rpc_on_open(struct rpc *r, time_us now_us)
{
    (void)now_us;
    r->open = true;
    if (r->state != RPC_CONNECTING && r->state != RPC_WAITING)
        return;
    if (r->token[0] && !r->entry) {
        json_t *params =
            json_pack("{s:s, s:I}", "token", r->token, "lastSeq", (json_int_t)r->last_seq);
        r->entry = pending_new(r, "session.resume", params, false);
        if (!r->entry) {
            r->close_wanted = true;
            return;
        }
    }
    r->state = RPC_SIGNING_IN;
}

static void forget_sent(struct rpc *r)
{
    if (r->entry)
        r->entry->sent = false;
    for (struct pending *p = r->first; p; p = p->next)
        p->sent = false;
}

/* Half of the pause is chance, so that a thousand terminals don't come back in step (TRUST fault
 * 11). */
static time_us next_pause(struct rpc *r)
{
    time_us pause = r->backoff_us / 2 + (time_us)(random_u32() % (uint32_t)(r->backoff_us / 2 + 1));
    r->backoff_us = time_us_min(r->backoff_us * 2, RPC_BACKOFF_MAX_US);
    return pause;
}

void rpc_on_closed(struct rpc *r, time_us now_us)
{
    r->open = false;
    r->close_wanted = false;
    forget_sent(r);
    if (r->entry && r->entry->number == NUMBER_NONE) {
        pending_free(r->entry); /* made afresh, with the newest lastSeq */
        r->entry = NULL;
    }
    if (r->state == RPC_IDLE || r->state == RPC_ENDED)
        return;
    r->state = RPC_WAITING;
    r->attempt_us = now_us + next_pause(r);
    if (!r->told_offline)
        emit(r, &(struct rpc_event){.type = RPC_EVENT_STATE, .state = RPC_WAITING});
    r->told_offline = true;
}

enum rpc_wish rpc_wish(const struct rpc *r, time_us now_us)
{
    if (r->open && (r->close_wanted || r->state == RPC_ENDED))
        return RPC_WISH_CLOSE;
    if (r->state == RPC_WAITING && !r->open && now_us >= r->attempt_us)
        return RPC_WISH_CONNECT;
    return RPC_WISH_NOTHING;
}

time_us rpc_deadline(const struct rpc *r)
{
    return r->state == RPC_WAITING && !r->open ? r->attempt_us : TIME_US_NEVER;
}

static char *frame_of(struct pending *p)
{
    json_t *frame = json_pack("{s:s, s:s, s:s, s:O}", "jsonrpc", "2.0", "id", p->id, "method",
                              p->method, "params", p->params);
    char *text = frame ? json_dumps(frame, JSON_COMPACT) : NULL;
    json_decref(frame);
    p->sent = text != NULL;
    return text;
}

char *rpc_next_send(struct rpc *r)
{
    if (!r->open)
        return NULL;
    if (r->state == RPC_SIGNING_IN && r->entry && !r->entry->sent)
        return frame_of(r->entry);
    if (r->state != RPC_ONLINE)
        return NULL;
    for (struct pending *p = r->first; p; p = p->next)
        if (!p->sent)
            return frame_of(p);
    return NULL;
}

/* ---- what the server says ---- */

static void end_session(struct rpc *r, const char *reason, int error)
{
    while (r->first) {
        struct pending *p = r->first;
        r->first = p->next;
        r->pending_count--;
        reply(r, p, error, NULL, NULL);
        pending_free(p);
    }
    explicit_bzero(r->token, sizeof(r->token));
    r->last_seq = 0;
    set_state(r, RPC_ENDED, reason);
}

static int error_of(json_t *error, const char *language, const char **text)
{
    json_int_t code = json_integer_value(json_object_get(error, "code"));
    json_t *remedy = json_object_get(json_object_get(error, "data"), "remedy");
    *text = json_string_value(json_object_get(remedy, language));
    if (code < CODE_BASE && code >= CODE_BASE + SQ_ERR_INTERNAL)
        return (int)(code - CODE_BASE);
    return code == CODE_UNKNOWN_METHOD ? SQ_ERR_UNSUPPORTED : SQ_ERR_INVALID;
}

static void signed_in(struct rpc *r, const struct pending *p, json_t *result)
{
    if (strcmp(p->method, "auth.login") == 0) {
        const char *token = json_string_value(json_object_get(result, "token"));
        snprintf(r->token, sizeof(r->token), "%s", token ? token : "");
        r->last_seq = r->base_seq = json_integer_value(json_object_get(result, "seq"));
    }
    r->backoff_us = RPC_BACKOFF_MIN_US;
    set_state(r, RPC_ONLINE, "");
}

static void entry_refused(struct rpc *r, const struct pending *p, int error)
{
    bool resume = strcmp(p->method, "session.resume") == 0;
    if (!resume) {
        r->state = RPC_IDLE; /* the connection stays for the next try */
        return;
    }
    if (error == SQ_ERR_UNAUTHENTICATED || error == SQ_ERR_DENIED || error == SQ_ERR_NOT_FOUND)
        end_session(r, "expired", SQ_ERR_UNAUTHENTICATED);
    else
        r->close_wanted = true; /* the server is in trouble: again later */
}

static void on_entry_reply(struct rpc *r, json_t *result, int error, const char *text)
{
    struct pending *p = r->entry;
    r->entry = NULL;
    if (!error && strcmp(p->method, "auth.login") == 0 &&
        !json_is_string(json_object_get(result, "token")))
        error = SQ_ERR_INVALID;
    if (error)
        entry_refused(r, p, error);
    else
        signed_in(r, p, result);
    reply(r, p, error, text, error ? NULL : json_incref(result));
    pending_free(p);
}

static struct pending *take(struct rpc *r, const char *id)
{
    for (struct pending **at = &r->first; *at; at = &(*at)->next) {
        struct pending *p = *at;
        if (!p->sent || strcmp(p->id, id) != 0)
            continue;
        *at = p->next;
        r->pending_count--;
        return p;
    }
    return NULL;
}

static void on_reply(struct rpc *r, json_t *frame, const char *id)
{
    json_t *result = json_object_get(frame, "result");
    json_t *failure = json_object_get(frame, "error");
    const char *text = NULL;
    int error = failure ? error_of(failure, r->language, &text) : 0;
    if (!failure && !result) {
        r->dropped++;
        return;
    }
    if (r->entry && r->entry->sent && strcmp(r->entry->id, id) == 0) {
        on_entry_reply(r, result, error, text);
        return;
    }
    struct pending *p = take(r, id);
    if (!p) {
        r->dropped++;
        return;
    }
    bool logout = strcmp(p->method, "auth.logout") == 0;
    reply(r, p, error, text, error ? NULL : json_incref(result));
    pending_free(p);
    if (logout && !error)
        end_session(r, "logout", SQ_ERR_CLOSED);
}

static void on_notification(struct rpc *r, json_t *frame, const char *method)
{
    json_t *params = json_object_get(frame, "params");
    json_t *seq = json_object_get(params, "seq");
    if (!json_is_integer(seq) || !r->token[0]) {
        r->dropped++;
        return;
    }
    json_int_t n = json_integer_value(seq);
    if (n <= r->last_seq)
        return; /* replayed, seen before */
    if (n != r->last_seq + 1) {
        r->close_wanted = true; /* one is missing: resume replays from last_seq */
        return;
    }
    r->last_seq = n;
    struct rpc_event event = {.type = RPC_EVENT_NOTIFICATION, .body = json_incref(params)};
    snprintf(event.method, sizeof(event.method), "%s", method);
    if (strcmp(method, "session.ended") == 0) {
        const char *reason = json_string_value(json_object_get(params, "reason"));
        end_session(r, reason ? reason : "revoked", SQ_ERR_UNAUTHENTICATED);
        json_decref(event.body);
        return;
    }
    emit(r, &event);
}

static bool too_deep(const json_t *value, int left)
{
    if (left == 0)
        return true;
    size_t i;
    const char *key;
    json_t *item;
    if (json_is_array(value)) {
        json_array_foreach(value, i, item) if (too_deep(item, left - 1)) return true;
    } else if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, key,
                            item) if (too_deep(item, left - 1)) return true;
    }
    return false;
}

void rpc_on_message(struct rpc *r, const char *text, size_t len_bytes, time_us now_us)
{
    (void)now_us;
    json_t *frame = NULL;
    if (len_bytes <= RPC_MESSAGE_MAX)
        frame = json_loadb(text, len_bytes, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(frame) || too_deep(frame, RPC_DEPTH_MAX)) {
        r->dropped++;
        json_decref(frame);
        return;
    }
    const char *id = json_string_value(json_object_get(frame, "id"));
    const char *method = json_string_value(json_object_get(frame, "method"));
    if (method && !id)
        on_notification(r, frame, method);
    else if (id && !method)
        on_reply(r, frame, id);
    else
        r->dropped++;
    json_decref(frame);
}

enum rpc_state rpc_state(const struct rpc *r)
{
    return r->state;
}

const char *rpc_token(const struct rpc *r)
{
    return r->token;
}

int64_t rpc_last_seq(const struct rpc *r)
{
    return r->last_seq;
}

int64_t rpc_base_seq(const struct rpc *r)
{
    return r->base_seq;
}

uint64_t rpc_dropped(const struct rpc *r)
{
    return r->dropped;
}
