/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to commands and back; the registry says which worker. Refuses to know: nanomsg, media.
 */
#include "relay/control/control.h"
#include "base/check.h"
#include "relay/control/answer.h"
#include "relay/control/parse_media.h"
#include "relay/control/registry.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

struct pending {
    bool used;
    uint64_t ticket; /* signalling's */
    struct relay_command command;
};

struct output {
    struct control_output value;
    STAILQ_ENTRY(output) next;
};

struct control {
    struct control_config config;
    struct registry *registry;
    struct pending *pending; /* CONTROL_PENDING_MAX; a command's ticket is its index */
    size_t pending_count;
    STAILQ_HEAD(, output) outputs;
    uint64_t revision, requests, refused;
    double load;
    time_us now_us, heartbeat_us, published_us;
};

int control_new(struct control **out, const struct control_config *config, time_us now_us)
{
    CHECK(config->worker_count > 0 && config->worker_count <= CONTROL_WORKERS_MAX);
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return SQ_ERR_NOMEM;
    c->config = *config;
    c->heartbeat_us = now_us;
    c->published_us = now_us - TIME_US_PER_S;
    STAILQ_INIT(&c->outputs);
    c->pending = calloc(CONTROL_PENDING_MAX, sizeof *c->pending);
    if (!c->pending || registry_new(&c->registry)) {
        control_free(c);
        return SQ_ERR_NOMEM;
    }
    *out = c;
    return 0;
}

void control_free(struct control *c)
{
    struct control_output out;
    if (!c)
        return;
    while (control_next(c, &out))
        free(out.text);
    registry_free(c->registry);
    free(c->pending);
    free(c);
}

/* ---- out ---- */

/* A request that memory can't answer is sent again by the other side. */
static struct control_output *put(struct control *c, enum control_output_type type)
{
    struct output *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->value.type = type;
    STAILQ_INSERT_TAIL(&c->outputs, o, next);
    return &o->value;
}

static void say(struct control *c, enum control_output_type type, uint64_t ticket, char *text)
{
    struct control_output *o = text ? put(c, type) : NULL;
    if (!o) {
        free(text);
        return;
    }
    o->ticket = ticket;
    o->text = text;
}

static void refuse(struct control *c, uint64_t ticket, int code, const char *message)
{
    c->refused++;
    say(c, CONTROL_ANSWER, ticket, answer_error(code, message));
}

static void succeed(struct control *c, uint64_t ticket, json_t *result)
{
    say(c, CONTROL_ANSWER, ticket, answer_result(result));
}

bool control_next(struct control *c, struct control_output *out)
{
    struct output *o = STAILQ_FIRST(&c->outputs);
    if (!o)
        return false;
    STAILQ_REMOVE_HEAD(&c->outputs, next);
    *out = o->value;
    free(o);
    return true;
}

static void changed(struct control *c)
{
    c->revision++;
    c->heartbeat_us = time_us_min(c->heartbeat_us, c->published_us + CONTROL_CHANGE_GAP_US);
}

/* ---- requests ---- */

/* What the command is about, and what it makes. */
struct subject {
    struct registry_entry *entry;    /* what it names, if it is there */
    struct registry_entry *parent;   /* what it will hang on */
    struct registry_entry *producer; /* of a consumer */
    enum registry_kind kind;
    bool creates, closes;
};

static struct subject subject_of(const struct control *c, const struct relay_command *m)
{
    struct subject s = {
        .creates = m->type == RELAY_ROOM_CREATE || m->type == RELAY_TRANSPORT_CREATE ||
                   m->type == RELAY_PRODUCER_CREATE || m->type == RELAY_CONSUMER_CREATE,
        .closes = m->type == RELAY_ROOM_CLOSE || m->type == RELAY_TRANSPORT_CLOSE ||
                  m->type == RELAY_PRODUCER_CLOSE || m->type == RELAY_CONSUMER_CLOSE};
    const char *id = m->room;
    s.kind = REGISTRY_ROOM;
    if (m->consumer[0])
        s.kind = REGISTRY_CONSUMER, id = m->consumer;
    else if (m->producer[0])
        s.kind = REGISTRY_PRODUCER, id = m->producer;
    else if (m->transport[0])
        s.kind = REGISTRY_TRANSPORT, id = m->transport;
    s.entry = registry_find(c->registry, s.kind, id);
    if (s.creates && s.kind == REGISTRY_TRANSPORT)
        s.parent = registry_find(c->registry, REGISTRY_ROOM, m->room);
    else if (s.creates && s.kind != REGISTRY_ROOM)
        s.parent = registry_find(c->registry, REGISTRY_TRANSPORT, m->transport);
    if (s.creates && s.kind == REGISTRY_CONSUMER)
        s.producer = registry_find(c->registry, REGISTRY_PRODUCER, m->producer);
    return s;
}

static const char *const kind_names[REGISTRY_KINDS] = {"room", "transport", "producer", "consumer"};

static int not_there(struct relay_error *error, enum registry_kind kind, const char *id)
{
    return relay_error_set(error, SQ_ERR_NOT_FOUND, "no %s %s; create it first", kind_names[kind],
                           id);
}

static int least_loaded(const struct control *c)
{
    int best = 0;
    for (int i = 1; i < (int)c->config.worker_count; i++)
        if (registry_rooms_of(c->registry, i) < registry_rooms_of(c->registry, best))
            best = i;
    return best;
}

/* Checks a creation against the registry and announces it there. 0 or the code. */
static int announce(struct control *c, const struct relay_command *m, struct subject *s,
                    struct relay_error *error)
{
    const char *id = s->kind == REGISTRY_ROOM        ? m->room
                     : s->kind == REGISTRY_TRANSPORT ? m->transport
                     : s->kind == REGISTRY_PRODUCER  ? m->producer
                                                     : m->consumer;
    if (s->kind == REGISTRY_TRANSPORT && !s->parent)
        return not_there(error, REGISTRY_ROOM, m->room);
    if (s->kind > REGISTRY_TRANSPORT && !s->parent)
        return not_there(error, REGISTRY_TRANSPORT, m->transport);
    if (s->kind == REGISTRY_CONSUMER && !s->producer)
        return not_there(error, REGISTRY_PRODUCER, m->producer);
    if (s->kind == REGISTRY_CONSUMER && s->producer->room != s->parent->room)
        return relay_error_set(error, SQ_ERR_DENIED, "producer %s is in another room", m->producer);
    if (s->entry && (s->entry->parent != s->parent || s->entry->producer != s->producer))
        return relay_error_set(error, SQ_ERR_CONFLICT, "%s %s is another one; choose another id",
                               kind_names[s->kind], id);
    if (s->entry)
        return 0;
    int worker = s->parent ? s->parent->worker : least_loaded(c);
    s->entry = registry_add(c->registry, s->kind, id, worker, s->parent, s->producer);
    if (!s->entry)
        return relay_error_set(error, SQ_ERR_LIMIT, "no room for one more %s; use another relay",
                               kind_names[s->kind]);
    s->entry->paused = m->paused;
    return 0;
}

static struct pending *pending_place(struct control *c)
{
    for (size_t i = 0; i < CONTROL_PENDING_MAX; i++)
        if (!c->pending[i].used)
            return &c->pending[i];
    return NULL;
}

static int post(struct control *c, uint64_t ticket, struct relay_command *m, int worker,
                struct relay_error *error)
{
    struct pending *p = pending_place(c);
    struct control_output *o = p ? put(c, CONTROL_POST) : NULL;
    if (!o)
        return relay_error_set(error, SQ_ERR_LIMIT, "the relay is busy; send it again");
    m->ticket = (uint64_t)(p - c->pending);
    *p = (struct pending){true, ticket, *m};
    c->pending_count++;
    o->worker = worker;
    o->command = *m;
    return 0;
}

static int dispatch(struct control *c, uint64_t ticket, struct relay_command *m,
                    struct relay_error *error)
{
    struct subject s = subject_of(c, m);
    if (m->type == RELAY_SNAPSHOT) {
        succeed(c, ticket, answer_snapshot(c->registry, &c->config, c->revision, m->room));
        return 0;
    }
    bool was_there = s.entry != NULL;
    int code = s.creates ? announce(c, m, &s, error) : 0;
    if (code)
        return code;
    if (!s.entry && s.closes) {
        succeed(c, ticket, json_object());
        return 0;
    }
    if (!s.entry)
        return not_there(error, s.kind,
                         s.kind == REGISTRY_ROOM        ? m->room
                         : s.kind == REGISTRY_TRANSPORT ? m->transport
                         : s.kind == REGISTRY_PRODUCER  ? m->producer
                                                        : m->consumer);
    code = post(c, ticket, m, s.entry->worker, error);
    if (code && s.creates && !was_there)
        registry_remove(c->registry, s.entry);
    return code;
}

void control_request(struct control *c, uint64_t ticket, const char *body, size_t len_bytes,
                     time_us now_us)
{
    struct relay_command command;
    struct relay_error error = {0};
    c->now_us = now_us;
    c->requests++;
    int code = relay_parse_request(&command, body, len_bytes, &error);
    if (!code)
        code = dispatch(c, ticket, &command, &error);
    if (code)
        refuse(c, ticket, code, error.message);
}

/* ---- replies ---- */

/* The registry follows what a worker did. */
static void apply(struct control *c, const struct relay_command *m)
{
    struct subject s = subject_of(c, m);
    bool pauses = m->type == RELAY_PRODUCER_PAUSE || m->type == RELAY_CONSUMER_PAUSE;
    bool resumes = m->type == RELAY_PRODUCER_RESUME || m->type == RELAY_CONSUMER_RESUME;
    if (!s.entry)
        return;
    if (s.creates && !s.entry->confirmed) {
        s.entry->confirmed = true;
        changed(c);
    } else if (s.closes) {
        registry_remove(c->registry, s.entry);
        changed(c);
    } else if ((pauses || resumes) && s.entry->paused != pauses) {
        s.entry->paused = pauses;
        changed(c);
    }
}

static void take_back(struct control *c, const struct relay_command *m)
{
    struct subject s = subject_of(c, m);
    if (s.creates && s.entry && !s.entry->confirmed)
        registry_remove(c->registry, s.entry);
}

static json_t *result_of(struct control *c, const struct relay_command *m,
                         const struct relay_reply *reply)
{
    struct subject s = subject_of(c, m);
    switch (m->type) {
    case RELAY_ROOM_CREATE:
        return json_pack("{s:i}", "worker", s.entry ? s.entry->worker : 0);
    case RELAY_TRANSPORT_CREATE:
        return json_pack(
            "{s:o, s:o, s:o}", "iceParameters", answer_ice_parameters(&reply->ice), "iceCandidates",
            answer_ice_candidates(&c->config, s.entry ? s.entry->worker : 0, reply->tcp),
            "dtlsParameters", answer_dtls_parameters(&reply->fingerprint));
    case RELAY_TRANSPORT_RESTART_ICE:
        return json_pack("{s:o}", "iceParameters", answer_ice_parameters(&reply->ice));
    case RELAY_STATS:
        return reply->stats ? answer_stats(reply->stats) : json_object();
    default:
        return json_object();
    }
}

void control_reply(struct control *c, struct relay_reply *reply, time_us now_us)
{
    CHECK(reply->ticket < CONTROL_PENDING_MAX && c->pending[reply->ticket].used);
    struct pending *p = &c->pending[reply->ticket];
    c->now_us = now_us;
    if (reply->error) {
        take_back(c, &p->command);
        refuse(c, p->ticket, reply->error, reply->message);
    } else {
        apply(c, &p->command);
        succeed(c, p->ticket, result_of(c, &p->command, reply));
    }
    free(reply->stats);
    reply->stats = NULL;
    p->used = false;
    c->pending_count--;
}

void control_refused(struct control *c, const struct relay_command *command)
{
    struct relay_reply reply = {.type = command->type,
                                .ticket = command->ticket,
                                .error = SQ_ERR_LIMIT,
                                .message = "the relay is busy; send it again"};
    control_reply(c, &reply, c->now_us);
}

/* ---- published ---- */

void control_event(struct control *c, const struct relay_event *event, time_us now_us)
{
    struct registry_entry *e = registry_find(c->registry, REGISTRY_TRANSPORT, event->transport);
    c->now_us = now_us;
    if (!e || e->state == event->state)
        return;
    e->state = event->state;
    changed(c);
    if (event->state == TRANSPORT_CONNECTING || event->state == TRANSPORT_NEW)
        return; /* told by the snapshot only */
    json_t *json = json_pack(
        "{s:i, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s}", "v", 1, "type", "event", "relay",
        c->config.id, "boot", c->config.boot, "revision", (json_int_t)c->revision, "event",
        "transport.state", "room", event->room, "transport", event->transport, "state",
        transport_state_name(event->state), "protocol", event->protocol == NET_TCP ? "tcp" : "udp");
    if (json && event->profile != SRTP_PROFILE_NONE)
        json_object_set_new(json, "srtpProfile", json_string(srtp_profile_name(event->profile)));
    say(c, CONTROL_PUBLISH, 0, json ? json_dumps(json, JSON_COMPACT) : NULL);
    json_decref(json);
}

void control_set_load(struct control *c, double load)
{
    c->load = load < 0 ? 0 : load > 1 ? 1 : load;
}

time_us control_deadline(const struct control *c)
{
    return c->heartbeat_us;
}

void control_timeout(struct control *c, time_us now_us)
{
    c->now_us = now_us;
    if (now_us < c->heartbeat_us)
        return;
    c->published_us = now_us;
    c->heartbeat_us = now_us + CONTROL_HEARTBEAT_US;
    json_t *json =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:I, s:f, s:I, s:I, s:I}", "v", 1, "type", "heartbeat",
                  "relay", c->config.id, "level", c->config.level, "boot", c->config.boot,
                  "revision", (json_int_t)c->revision, "load", (double)(int)(c->load * 100) / 100,
                  "rooms", (json_int_t)registry_count(c->registry, REGISTRY_ROOM), "transports",
                  (json_int_t)registry_count(c->registry, REGISTRY_TRANSPORT), "workers",
                  (json_int_t)c->config.worker_count);
    say(c, CONTROL_PUBLISH, 0, json ? json_dumps(json, JSON_COMPACT) : NULL);
    json_decref(json);
}

void control_get_figures(const struct control *c, struct control_figures *out)
{
    *out = (struct control_figures){c->requests,
                                    c->refused,
                                    c->revision,
                                    registry_count(c->registry, REGISTRY_ROOM),
                                    registry_count(c->registry, REGISTRY_TRANSPORT),
                                    c->pending_count};
}
