/* SPDX-License-Identifier: Apache-2.0 */
/* The table of relays over cluster/cluster.h. What a relay says is authenticated, yet still
 * checked: a wrong shape is counted by the log and ignored. */
#include "signaling/relays/relays.h"

#include "base/log.h"
#include "shanqiao/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAPSHOT_PAGES_MAX 1024                  /* a relay that says `more` for ever is wrong */
#define LISTEN_US          (RELAYS_ALIVE_US / 4) /* between two steps, at most */
#define HUNG_US            (RELAYS_ALIVE_US / 2) /* later than this, we hung, not the relays */

struct relay {
    char node[CLUSTER_NODE_MAX];
    time_us heard_us; /* 0: never */
    bool up;          /* told RELAYS_UP */
    bool added, drained;
    double load;
    int64_t rooms, transports, workers;
    char level[16];
    char boot[64];
    int64_t revision;        /* -1: unknown */
    int64_t snapshot_ticket; /* 0: none under way */
    unsigned pages;
    time_us asked_us; /* the first page of the snapshot under way */
    json_t *snapshot; /* being joined from pages */
    bool stale;       /* a snapshot is wanted */
};

struct queued {
    struct relays_output out;
    struct queued *next;
};

struct relays {
    struct cluster *cluster;
    struct relay relays[RELAYS_MAX];
    size_t count;
    struct queued *first, *last;
    json_t *handed_out; /* body of the last output */
    time_us started_us, stepped_us;
};

static struct relay *find(const struct relays *r, const char *node)
{
    for (size_t i = 0; i < r->count; i++) {
        if (!strcmp(r->relays[i].node, node))
            return (struct relay *)&r->relays[i];
    }
    return NULL;
}

/* Takes over `body`. */
static struct relays_output *queue(struct relays *r, enum relays_output_type type, const char *node,
                                   json_t *body)
{
    static struct relays_output lost;
    struct queued *q = calloc(1, sizeof *q);
    if (!q) {
        json_decref(body);
        log_write(LOG_ERROR, "relays.no_memory");
        return &lost;
    }
    q->out.type = type;
    q->out.body = body;
    snprintf(q->out.relay, sizeof q->out.relay, "%s", node);
    *(r->last ? &r->last->next : &r->first) = q;
    r->last = q;
    return &q->out;
}

int relays_new(struct relays **out, const struct cluster_config *config, time_us now_us)
{
    struct relays *r = calloc(1, sizeof *r);
    if (!r)
        return SQ_ERR_NOMEM;
    int error = cluster_new(&r->cluster, config, now_us);
    if (error) {
        free(r);
        return error;
    }
    r->started_us = r->stepped_us = now_us;
    for (size_t i = 0; i < config->peer_count; i++) {
        struct relay *relay = &r->relays[r->count++];
        memcpy(relay->node, config->peers[i].node, sizeof relay->node);
        relay->revision = -1;
    }
    *out = r;
    return 0;
}

void relays_free(struct relays *r)
{
    struct relays_output out;
    if (!r)
        return;
    while (relays_next(r, &out))
        ;
    for (size_t i = 0; i < r->count; i++)
        json_decref(r->relays[i].snapshot);
    cluster_free(r->cluster);
    free(r);
}

int relays_fd(const struct relays *r)
{
    return cluster_fd(r->cluster);
}

void relays_refresh(struct relays *r)
{
    for (size_t i = 0; i < r->count; i++)
        r->relays[i].stale = true;
}

/* How long we did not listen, though we should have: a lock of the store held us, or the machine
 * slept. What relays said meanwhile waits to be read, so it is no silence of theirs. */
static time_us hung_us(const struct relays *r, time_us now_us)
{
    time_us away_us = now_us - r->stepped_us;
    return away_us > HUNG_US ? away_us : 0;
}

static bool silent(const struct relays *r, const struct relay *relay, time_us now_us)
{
    return !relay->heard_us || now_us - hung_us(r, now_us) - relay->heard_us > RELAYS_ALIVE_US;
}

time_us relays_deadline(const struct relays *r)
{
    time_us at_us = cluster_deadline(r->cluster);
    if (r->count)
        at_us = time_us_min(at_us, r->stepped_us + LISTEN_US);
    for (size_t i = 0; i < r->count; i++) {
        if (r->relays[i].up)
            at_us = time_us_min(at_us, r->relays[i].heard_us + RELAYS_ALIVE_US + 1);
    }
    return at_us;
}

bool relays_alive(const struct relays *r, const char *relay, time_us now_us)
{
    const struct relay *found = find(r, relay);
    if (found && !found->heard_us) /* it gets the time of a silence to be heard at all */
        return now_us - hung_us(r, now_us) - r->started_us <= RELAYS_ALIVE_US;
    return found && !silent(r, found, now_us);
}

static bool better(const struct relay *a, const struct relay *b)
{
    return !b || (a->drained != b->drained ? b->drained : a->load < b->load);
}

const char *relays_place(const struct relays *r, time_us now_us)
{
    const struct relay *best = NULL;
    for (size_t i = 0; i < r->count; i++) {
        const struct relay *relay = &r->relays[i];
        if (!silent(r, relay, now_us) && better(relay, best))
            best = relay;
    }
    return best ? best->node : NULL;
}

/* ---- what an operator changes and sees ---- */

int relays_add(struct relays *r, const struct cluster_peer *peer, time_us now_us)
{
    struct relay *relay = find(r, peer->node);
    if (relay && !relay->added)
        return SQ_ERR_CONFLICT;
    if (!relay && r->count == RELAYS_MAX)
        return SQ_ERR_LIMIT;
    int error = cluster_set_peer(r->cluster, peer, now_us);
    if (error || relay)
        return error;
    relay = &r->relays[r->count++];
    *relay = (struct relay){.added = true, .revision = -1};
    memcpy(relay->node, peer->node, sizeof relay->node);
    return 0;
}

int relays_remove(struct relays *r, const char *node)
{
    struct relay *relay = find(r, node);
    if (!relay || !relay->added)
        return SQ_ERR_NOT_FOUND;
    json_decref(relay->snapshot);
    *relay = r->relays[--r->count];
    r->relays[r->count] = (struct relay){0};
    return 0;
}

int relays_drain(struct relays *r, const char *node, bool drained)
{
    struct relay *relay = find(r, node);
    if (!relay)
        return SQ_ERR_NOT_FOUND;
    relay->drained = drained;
    return 0;
}

bool relays_info(const struct relays *r, size_t index, time_us now_us, struct relays_info *out)
{
    if (index >= r->count)
        return false;
    const struct relay *relay = &r->relays[index];
    *out = (struct relays_info){.alive = !silent(r, relay, now_us),
                                .added = relay->added,
                                .drained = relay->drained,
                                .heard_us = relay->heard_us,
                                .load = relay->load,
                                .rooms = relay->rooms,
                                .transports = relay->transports,
                                .workers = relay->workers};
    memcpy(out->node, relay->node, sizeof out->node);
    memcpy(out->level, relay->level, sizeof out->level);
    memcpy(out->boot, relay->boot, sizeof out->boot);
    return true;
}

uint64_t relays_refused(const struct relays *r)
{
    struct cluster_counters counters = {0};
    cluster_get_counters(r->cluster, &counters);
    return counters.dropped_forged + counters.dropped_unknown;
}

/* ---- commands ---- */

static int64_t send_command(struct relays *r, const char *relay, const char *method, json_t *params,
                            time_us now_us)
{
    json_t *message = json_pack("{s:i, s:s, s:o}", "v", 1, "method", method, "params", params);
    char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
    int64_t ticket = SQ_ERR_NOMEM;
    if (text)
        ticket = cluster_request(r->cluster, relay, text, strlen(text), RELAYS_REQUEST_US, now_us);
    free(text);
    json_decref(message);
    return ticket == SQ_ERR_NOT_FOUND ? SQ_ERR_UNREACHABLE : ticket;
}

int64_t relays_request(struct relays *r, const char *relay, const char *method, json_t *params,
                       time_us now_us)
{
    if (!relays_alive(r, relay, now_us)) {
        json_decref(params);
        return SQ_ERR_UNREACHABLE;
    }
    return send_command(r, relay, method, params, now_us);
}

static void ask_snapshot(struct relays *r, struct relay *relay, const char *after, time_us now_us)
{
    json_t *params = *after ? json_pack("{s:s}", "after", after) : json_object();
    int64_t ticket = send_command(r, relay->node, "snapshot", params, now_us);
    if (!relay->snapshot)
        relay->asked_us = now_us;
    relay->snapshot_ticket = ticket > 0 ? ticket : 0;
    relay->stale = ticket <= 0; /* asked again with the next heartbeat */
}

static void drop_snapshot(struct relay *relay)
{
    json_decref(relay->snapshot);
    relay->snapshot = NULL;
    relay->snapshot_ticket = 0;
    relay->pages = 0;
}

/* ---- what relays say ---- */

static int error_of(const char *name)
{
    for (int e = SQ_ERR_NOMEM; e >= SQ_ERR_INTERNAL; e--) {
        if (!strcmp(sq_error_name(e), name))
            return e;
    }
    return SQ_ERR_INTERNAL;
}

static json_t *parse(const struct cluster_message *m)
{
    json_t *body = m->body ? json_loadb(m->body, m->len_bytes, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (body && json_integer_value(json_object_get(body, "v")) == 1)
        return body;
    log_write(LOG_WARN, "relays.malformed", LOG_TEXT("relay", m->node));
    json_decref(body);
    return NULL;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* A page of a snapshot: joined; the last one is told. */
static void take_page(struct relays *r, struct relay *relay, json_t *page, time_us now_us)
{
    json_t *rooms = json_object_get(page, "rooms");
    relay->snapshot_ticket = 0;
    if (relay->snapshot && strcmp(text_of(relay->snapshot, "boot"), text_of(page, "boot")))
        drop_snapshot(relay); /* restarted between pages: only this page counts, then ask anew */
    if (!relay->snapshot)
        relay->snapshot = json_incref(page);
    else
        json_array_extend(json_object_get(relay->snapshot, "rooms"), rooms);
    size_t count = json_array_size(rooms);
    if (json_is_true(json_object_get(page, "more")) && count &&
        ++relay->pages < SNAPSHOT_PAGES_MAX) {
        ask_snapshot(r, relay, text_of(json_array_get(rooms, count - 1), "room"), now_us);
        return;
    }
    snprintf(relay->boot, sizeof relay->boot, "%s", text_of(relay->snapshot, "boot"));
    relay->revision = json_integer_value(json_object_get(page, "revision"));
    queue(r, RELAYS_SNAPSHOT, relay->node, json_incref(relay->snapshot))->asked_us =
        relay->asked_us;
    drop_snapshot(relay);
}

static void take_reply(struct relays *r, const struct cluster_message *m, time_us now_us)
{
    struct relay *relay = find(r, m->node);
    json_t *body = m->error ? NULL : parse(m);
    json_t *result = json_object_get(body, "result"), *error = json_object_get(body, "error");
    if (relay && (int64_t)m->ticket == relay->snapshot_ticket) {
        if (json_is_object(result))
            take_page(r, relay, result, now_us);
        else {
            drop_snapshot(relay);
            relay->stale = true;
        }
        json_decref(body);
        return;
    }
    struct relays_output *out =
        queue(r, RELAYS_REPLY, m->node, result ? json_incref(result) : NULL);
    out->ticket = (int64_t)m->ticket;
    out->error = m->error ? SQ_ERR_UNREACHABLE
                 : error  ? error_of(text_of(error, "code"))
                 : result ? 0
                          : SQ_ERR_INTERNAL;
    snprintf(out->message, sizeof out->message, "%s", text_of(error, "message"));
    json_decref(body);
}

/* A gap in the revisions, or a new boot: what we believe of this relay may be wrong. */
static void look_for_gap(struct relays *r, struct relay *relay, const json_t *body, bool is_event,
                         time_us now_us)
{
    int64_t revision = json_integer_value(json_object_get(body, "revision"));
    bool same_boot = !strcmp(relay->boot, text_of(body, "boot"));
    /* an event is the next change; a heartbeat tells of none that was not told before */
    bool follows = same_boot && revision == relay->revision + (is_event ? 1 : 0);
    if (relay->revision >= 0 && same_boot && revision > relay->revision)
        relay->revision = revision;
    if (follows && !relay->stale)
        return;
    if (!relay->snapshot_ticket)
        ask_snapshot(r, relay, "", now_us);
}

static void take_heartbeat(struct relay *relay, const json_t *body)
{
    relay->load = json_number_value(json_object_get(body, "load"));
    relay->rooms = json_integer_value(json_object_get(body, "rooms"));
    relay->transports = json_integer_value(json_object_get(body, "transports"));
    relay->workers = json_integer_value(json_object_get(body, "workers"));
    snprintf(relay->level, sizeof relay->level, "%s", text_of(body, "level"));
}

static void take_published(struct relays *r, const struct cluster_message *m, time_us now_us)
{
    struct relay *relay = find(r, m->node);
    json_t *body = parse(m);
    if (!relay || !body) {
        json_decref(body);
        return;
    }
    bool is_event = !strcmp(text_of(body, "type"), "event");
    relay->heard_us = now_us;
    if (!is_event)
        take_heartbeat(relay, body);
    if (!relay->up) {
        relay->up = true;
        log_write(LOG_INFO, "relays.up", LOG_TEXT("relay", relay->node));
        queue(r, RELAYS_UP, relay->node, NULL);
    }
    look_for_gap(r, relay, body, is_event, now_us);
    if (is_event)
        queue(r, RELAYS_EVENT, relay->node, json_incref(body));
    json_decref(body);
}

static void look_for_silence(struct relays *r, time_us now_us)
{
    for (size_t i = 0; i < r->count; i++) {
        struct relay *relay = &r->relays[i];
        if (!relay->up || !silent(r, relay, now_us))
            continue;
        relay->up = false;
        relay->stale = true;
        log_write(LOG_WARN, "relays.down", LOG_TEXT("relay", relay->node));
        queue(r, RELAYS_DOWN, relay->node, NULL);
    }
}

static void forgive(struct relays *r, time_us away_us)
{
    log_write(LOG_WARN, "relays.hung", LOG_INT("ms", away_us / TIME_US_PER_MS));
    r->started_us += away_us;
    for (size_t i = 0; i < r->count; i++)
        r->relays[i].heard_us += r->relays[i].heard_us ? away_us : 0;
}

void relays_step(struct relays *r, time_us now_us)
{
    struct cluster_message m;
    if (hung_us(r, now_us))
        forgive(r, hung_us(r, now_us));
    r->stepped_us = now_us;
    cluster_step(r->cluster, now_us);
    while (cluster_next(r->cluster, &m)) {
        if (m.type == CLUSTER_REPLY)
            take_reply(r, &m, now_us);
        else if (m.type == CLUSTER_PUBLISHED)
            take_published(r, &m, now_us);
        else if (m.type == CLUSTER_RESTARTED)
            log_write(LOG_WARN, "relays.cluster_restarted");
    }
    look_for_silence(r, now_us);
}

bool relays_waiting(const struct relays *r)
{
    return r->first != NULL;
}

bool relays_next(struct relays *r, struct relays_output *out)
{
    struct queued *q = r->first;
    json_decref(r->handed_out);
    r->handed_out = NULL;
    if (!q)
        return false;
    *out = q->out;
    r->handed_out = q->out.body;
    r->first = q->next;
    if (!r->first)
        r->last = NULL;
    free(q);
    return true;
}
