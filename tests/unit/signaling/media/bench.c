/* SPDX-License-Identifier: Apache-2.0 */
/* See bench.h. The functions of relays/relays.h are here: the linker takes them before the
 * library's. */
#include "bench.h"

#include "shanqiao/error.h"
#include "signaling/media/ortc.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench bench;

/* ---- the relay ---- */

#define HEARD_MAX 1024

struct heard {
    char method[40];
    const char *node;
    json_t *params;
    int64_t ticket;
    bool answered, counted;
};

static struct {
    struct heard heard[HEARD_MAX];
    size_t count;
    bool hold, dead, other_alive;
    char fails[40];
    int error;
    json_t *snapshot;
    time_us asked_us;
    json_t *objects; /* what it has: {id: {type, transport, producer, paused}} */
    json_t *handed_out;
    json_t *stats;
} relay;

/* With what hangs on it. */
static void relay_drop(const char *type, const char *id)
{
    const char *other;
    json_t *o;
    void *next;
    json_object_foreach_safe(relay.objects, next, other, o)
    {
        const char *on = json_string_value(json_object_get(o, type));
        if (on && !strcmp(on, id))
            json_object_del(relay.objects, other);
    }
    json_object_del(relay.objects, id);
}

static void relay_apply(const char *method, const json_t *params)
{
    static const char *const types[] = {"transport", "producer", "consumer"};
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(types[i]);
        if (strncmp(method, types[i], len) || method[len] != '.')
            continue;
        const char *id = json_string_value(json_object_get(params, types[i]));
        json_t *o = json_object_get(relay.objects, id);
        if (!strcmp(method + len, ".create"))
            json_object_set_new(relay.objects, id,
                                json_pack("{s:s, s:O*, s:O*, s:b}", "type", types[i], "transport",
                                          json_object_get(params, "transport"), "producer",
                                          json_object_get(params, "producer"), "paused",
                                          json_is_true(json_object_get(params, "paused"))));
        else if (!strcmp(method + len, ".close"))
            relay_drop(types[i], id);
        else if (o && (!strcmp(method + len, ".pause") || !strcmp(method + len, ".resume")))
            json_object_set_new(o, "paused", json_boolean(!strcmp(method + len, ".pause")));
    }
    if (!strcmp(method, "room.close"))
        json_object_clear(relay.objects);
}

int64_t relays_request(struct relays *r, const char *node, const char *method, json_t *params,
                       time_us now_us)
{
    cr_assert_lt(relay.count, HEARD_MAX);
    if (!relays_alive(r, node, now_us)) {
        json_decref(params);
        return SQ_ERR_UNREACHABLE;
    }
    cr_assert(params, "%s without params", method);
    struct heard *h = &relay.heard[relay.count++];
    *h = (struct heard){.params = params,
                        .node = strcmp(node, "county-1") ? "city-1" : "county-1",
                        .ticket = (int64_t)relay.count,
                        .counted = true};
    snprintf(h->method, sizeof h->method, "%s", method);
    if (strcmp(method, relay.fails))
        relay_apply(method, params);
    return h->ticket;
}

static json_t *result_of(const char *method)
{
    if (!strcmp(method, "stats"))
        return json_incref(relay.stats);
    if (strcmp(method, "transport.create"))
        return json_object();
    return json_pack(
        "{s:{s:s, s:s, s:b}, s:[{s:s, s:i, s:s, s:s, s:i, s:s}], s:{s:s, s:[{s:s, s:s}]}}",
        "iceParameters", "usernameFragment", "abcd", "password", "0123456789abcdef012345",
        "iceLite", 1, "iceCandidates", "foundation", "1", "priority", 1, "ip", "127.0.0.1",
        "protocol", "udp", "port", 40000, "type", "host", "dtlsParameters", "role", "server",
        "fingerprints", "algorithm", "sha-256", "value", "00:11");
}

bool relays_waiting(const struct relays *r)
{
    (void)r;
    return relay.snapshot || (relay.count && !relay.hold);
}

bool relays_next(struct relays *r, struct relays_output *out)
{
    (void)r;
    json_decref(relay.handed_out);
    relay.handed_out = NULL;
    memset(out, 0, sizeof *out);
    snprintf(out->relay, sizeof out->relay, "county-1");
    if (relay.snapshot) {
        out->type = RELAYS_SNAPSHOT;
        out->asked_us = relay.asked_us;
        out->body = relay.handed_out = relay.snapshot;
        relay.snapshot = NULL;
        return true;
    }
    for (size_t i = 0; i < relay.count && !relay.hold; i++) {
        struct heard *h = &relay.heard[i];
        if (h->answered)
            continue;
        h->answered = true;
        out->type = RELAYS_REPLY;
        snprintf(out->relay, sizeof out->relay, "%s", h->node);
        out->ticket = h->ticket;
        out->error = strcmp(h->method, relay.fails) ? 0 : relay.error;
        snprintf(out->message, sizeof out->message, "%s", out->error ? "the relay says no" : "");
        out->body = relay.handed_out = out->error ? NULL : result_of(h->method);
        return true;
    }
    return false;
}

void relays_step(struct relays *r, time_us now_us)
{
    (void)r;
    (void)now_us;
}

void relays_refresh(struct relays *r)
{
    (void)r; /* tests hand in snapshots themselves */
}

int relays_fd(const struct relays *r)
{
    (void)r;
    return -1;
}

time_us relays_deadline(const struct relays *r)
{
    (void)r;
    return TIME_US_NEVER;
}

bool relays_alive(const struct relays *r, const char *node, time_us now_us)
{
    (void)r;
    (void)now_us;
    return strcmp(node, "county-1") ? relay.other_alive : !relay.dead;
}

const char *relays_place(const struct relays *r, time_us now_us)
{
    (void)r;
    (void)now_us;
    return !relay.dead ? "county-1" : relay.other_alive ? "city-1" : NULL;
}

void relay_stats(json_t *stats)
{
    json_decref(relay.stats);
    relay.stats = stats;
}

void relay_hold(bool hold)
{
    relay.hold = hold;
}

void relay_answer(void)
{
    relay.hold = false;
    step(0);
}

void relay_fail(const char *method, int error)
{
    snprintf(relay.fails, sizeof relay.fails, "%s", method);
    relay.error = error;
}

void relay_alive(bool alive)
{
    relay.dead = !alive;
}

void relay_other_alive(bool alive)
{
    relay.other_alive = alive;
}

const char *relay_of_last(const char *method)
{
    for (size_t i = relay.count; i-- > 0;) {
        if (!strcmp(relay.heard[i].method, method))
            return relay.heard[i].node;
    }
    return "";
}

size_t relay_count(const char *method)
{
    size_t count = 0;
    for (size_t i = 0; i < relay.count; i++)
        count += relay.heard[i].counted && !strcmp(relay.heard[i].method, method);
    return count;
}

json_t *relay_last(const char *method)
{
    for (size_t i = relay.count; i-- > 0;) {
        if (relay.heard[i].counted && !strcmp(relay.heard[i].method, method))
            return relay.heard[i].params;
    }
    return NULL;
}

void relay_forget(void)
{
    for (size_t i = 0; i < relay.count; i++)
        relay.heard[i].counted = false;
}

void relay_snapshot(json_t *snapshot)
{
    relay.snapshot = snapshot;
    relay.asked_us = bench.now_us;
}

void relay_snapshot_asked(json_t *snapshot, time_us asked_us)
{
    relay_snapshot(snapshot);
    relay.asked_us = asked_us;
}

json_t *relay_state(void)
{
    json_t *room =
        json_pack("{s:s, s:[], s:[], s:[]}", "room", ROOM, "transports", "producers", "consumers");
    const char *id;
    json_t *o;
    json_object_foreach(relay.objects, id, o)
    {
        const char *type = json_string_value(json_object_get(o, "type"));
        char list[16];
        snprintf(list, sizeof list, "%ss", type);
        json_array_append_new(json_object_get(room, list),
                              json_pack("{s:s, s:O, s:s}", type, id, "paused",
                                        json_object_get(o, "paused"), "state", "connected"));
    }
    return json_pack("{s:s, s:i, s:[o]}", "boot", "b", "revision", 1, "rooms", room);
}

void relay_lose_all(void)
{
    json_object_clear(relay.objects);
}

/* ---- rights ---- */

static struct {
    char account[ID_MAX];
    enum room_right right;
} rights[8];

void bench_allow(const char *account, enum room_right right)
{
    size_t i = 0;
    while (rights[i].account[0] && strcmp(rights[i].account, account))
        i++;
    cr_assert_lt(i, 8);
    snprintf(rights[i].account, ID_MAX, "%s", account);
    rights[i].right = right;
}

static enum room_right right_of(struct service *s, const char *room, const char *account)
{
    (void)s;
    for (size_t i = 0; i < 8 && !strcmp(room, ROOM); i++) {
        if (!strcmp(rights[i].account, account))
            return rights[i].right;
    }
    return ROOM_RIGHT_NONE;
}

/* ---- media ---- */

static struct {
    struct media_output out;
    bool taken;
} said[HEARD_MAX];
static size_t said_count;

static void begin(void)
{
    cr_assert_eq(store_begin(bench.people.service.store), 0);
}

static void commit(void)
{
    struct media_output out;
    while (media_next(bench.media, &out)) {
        cr_assert_lt(said_count, HEARD_MAX);
        said[said_count].taken = false;
        said[said_count++].out = out;
    }
    cr_assert_eq(store_commit(bench.people.service.store), 0);
}

static void start(void)
{
    struct media_config config = {.service = &bench.people.service, .right = right_of};
    cr_assert_eq(media_new(&bench.media, &config, bench.now_us), 0);
}

void bench_init(void)
{
    memset(&bench, 0, sizeof bench);
    memset(&relay, 0, sizeof relay);
    memset(rights, 0, sizeof rights);
    said_count = 0;
    relay.objects = json_object();
    bench.now_us = 1000 * TIME_US_PER_S;
    people_init(&bench.people);
    start();
    step(0);
}

void bench_fini(void)
{
    media_free(bench.media);
    for (size_t i = 0; i < said_count; i++)
        json_decref(said[i].out.body);
    for (size_t i = 0; i < relay.count; i++)
        json_decref(relay.heard[i].params);
    json_decref(relay.objects);
    json_decref(relay.snapshot);
    json_decref(relay.handed_out);
    json_decref(relay.stats);
    people_fini(&bench.people);
}

void bench_restart(void)
{
    media_free(bench.media);
    people_restart(&bench.people);
    start();
}

void bench_effect(enum effect_type type, const char *account, const char *session)
{
    struct effect e = {.type = type, .object = ROOM};
    snprintf(e.account, ID_MAX, "%s", account);
    snprintf(e.session, ID_MAX, "%s", session);
    begin();
    media_effect(bench.media, &e, bench.now_us);
    commit();
    step(0);
}

void step(time_us passed)
{
    bench.now_us += passed;
    begin();
    media_step(bench.media, bench.now_us);
    commit();
}

uint64_t ask_later(const char *account, const char *method, json_t *params)
{
    struct caller caller = {0};
    const char *at = strchr(account, '/'); /* "account/session" */
    snprintf(caller.account, ID_MAX, "%.*s", at ? (int)(at - account) : ID_MAX - 1, account);
    snprintf(caller.session, ID_MAX, "%s%s", at ? "" : "ses_", at ? at + 1 : account);
    begin();
    media_call(bench.media, ++bench.next_ticket, method, &caller, params, bench.now_us);
    commit();
    step(0);
    json_decref(params);
    return bench.next_ticket;
}

json_t *reply_to(uint64_t ticket, int *error)
{
    for (size_t i = 0; i < said_count; i++) {
        if (said[i].out.type == MEDIA_REPLY && said[i].out.ticket == ticket) {
            *error = said[i].out.error;
            return said[i].out.body;
        }
    }
    *error = SQ_ERR_TIMEOUT;
    return NULL;
}

json_t *ask(const char *account, const char *method, json_t *params, int *error)
{
    return reply_to(ask_later(account, method, params), error);
}

json_t *told(const char *account, const char *method)
{
    char session[ID_MAX + 8];
    snprintf(session, sizeof session, "ses_%s", account);
    for (size_t i = 0; i < said_count; i++) {
        if (said[i].out.type != MEDIA_NOTIFY || said[i].taken ||
            strcmp(said[i].out.session, session) || strcmp(said[i].out.method, method))
            continue;
        said[i].taken = true;
        return said[i].out.body;
    }
    return NULL;
}

static json_t *rtp_of(bool audio)
{
    static uint32_t ssrc = 100000;
    ssrc += 2;
    if (audio)
        return json_pack("{s:[{s:s, s:i, s:i, s:i}], s:[{s:I}]}", "codecs", "mimeType",
                         "audio/opus", "payloadType", 111, "clockRate", 48000, "channels", 2,
                         "encodings", "ssrc", (json_int_t)ssrc);
    return json_pack("{s:[{s:s, s:i, s:i}, {s:s, s:i, s:i, s:{s:i}}], s:[{s:I, s:{s:I}}]}",
                     "codecs", "mimeType", "video/VP8", "payloadType", 96, "clockRate", 90000,
                     "mimeType", "video/rtx", "payloadType", 97, "clockRate", 90000, "parameters",
                     "apt", 96, "encodings", "ssrc", (json_int_t)ssrc, "rtx", "ssrc",
                     (json_int_t)ssrc + 1);
}

json_t *join_params(const char *source)
{
    bool audio = !strcmp(source, "microphone");
    json_t *params =
        json_pack("{s:s, s:o, s:{s:s, s:[{s:s, s:s}]}, s:[]}", "room", ROOM, "rtpCapabilities",
                  ortc_router_capabilities(), "dtlsParameters", "role", "client", "fingerprints",
                  "algorithm", "sha-256", "value", BENCH_FINGERPRINT, "produce");
    if (*source)
        json_array_append_new(json_object_get(params, "produce"),
                              json_pack("{s:s, s:s, s:o}", "kind", audio ? "audio" : "video",
                                        "source", source, "rtpParameters", rtp_of(audio)));
    return params;
}
