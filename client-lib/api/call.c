/* SPDX-License-Identifier: Apache-2.0 */
/* The call handle: joins the room through signalling, runs the session over sockets, and brings a
 * path that is gone back: it waits a little (most gaps heal themselves), restarts ICE, then joins
 * anew. */
#include "client-lib/api/internal.h"

#include "client-lib/adapt/adapt.h"
#include "client-lib/io/clock.h"
#include "client-lib/signal/objects.h"
#include <stdlib.h>
#include <string.h>

#define REPAIR_RESTART_US                                                                          \
    (3 * TIME_US_PER_S) /* after the interruption: most outages are shorter (LOWBAND 2.4) */
#define REPAIR_JOIN_US (6 * TIME_US_PER_S) /* after the restart */
#define REPAIR_CLOSED_US                                                                           \
    (500 *                                                                                         \
     TIME_US_PER_MS) /* the relay said goodbye: signalling says next whether the talk is over */
#define REPAIR_AGAIN_US  (2 * TIME_US_PER_S) /* between joins */
#define REPAIR_JOINS_MAX 100                 /* then the call has failed: some minutes */
#define LOST_TOLD_US                                                                               \
    (1500 * TIME_US_PER_MS) /* after checks went unanswered: a person hears of it in 3 to 4 s */
#define MOVED_CHECK_US (1 * TIME_US_PER_S)
#define RECEIVE_BATCH  256 /* datagrams taken in one step: a step must end */

void sq_track_settings_init(struct sq_track_settings *settings, enum sq_kind kind,
                            enum sq_source source)
{
    bool examination = source == SQ_EXAMINATION;
    *settings = (struct sq_track_settings){.kind = kind, .source = source};
    if (kind == SQ_AUDIO) {
        settings->codec = SQ_CODEC_OPUS;
        settings->max_bps = 32000;
        settings->cancel_echo = !examination;
        settings->suppress_noise = !examination;
        settings->adjust_gain = !examination;
        return;
    }
    settings->codec = SQ_CODEC_VP8;
    settings->max_bps = 600000;
    settings->width = 640;
    settings->height = 360;
    settings->fps = 15;
}

/* ---- states ---- */

static void change(sq_call *call, enum sq_call_state state, int error)
{
    const char *text = error ? sq_error_text(error, call->client->language) : "";
    enum sq_call_state before = call->state;
    if (before == state || before == SQ_CALL_FAILED)
        return;
    call->state = state;
    bool back = state == SQ_CALL_CONNECTED && call->connected_us != 0;
    events_put_call(call->client->events, call, back ? SQ_CALL_RECOVERED : state, error, text);
}

static int request_join(sq_call *call)
{
    session_joining(call->session);
    return client_ask(call->client, "media.join", session_join_params(call->session),
                      &call->join_request);
}

static void ask_join(sq_call *call)
{
    int err = request_join(call);
    if (err)
        change(call, SQ_CALL_FAILED, err);
}

static void rejoin(sq_call *call, time_us now_us)
{
    struct call_repair *r = &call->repair;
    r->next_us = now_us + REPAIR_AGAIN_US;
    if (call->connected_us)
        change(call, SQ_CALL_INTERRUPTED, 0);
    if (call->join_request || rpc_state(call->client->rpc) != RPC_ONLINE)
        return; /* one is under way, or nobody would answer: look again soon */
    if (++r->joins > REPAIR_JOINS_MAX)
        change(call, SQ_CALL_FAILED, SQ_ERR_UNREACHABLE);
    else
        ask_join(call);
}

static void on_transport(sq_call *call, enum transport_state state, time_us now_us)
{
    struct call_repair *r = &call->repair;
    if (state == TRANSPORT_CONNECTED) {
        *r = (struct call_repair){.next_us = TIME_US_NEVER, .moved_check_us = now_us};
        change(call, SQ_CALL_CONNECTED, 0);
        if (call->connected_us == 0)
            call->connected_us = now_us;
    } else if (state == TRANSPORT_INTERRUPTED && call->state != SQ_CALL_INTERRUPTED) {
        r->interrupted_us = now_us;
        r->restarted = false;
        r->next_us = now_us + REPAIR_RESTART_US;
        change(call, SQ_CALL_INTERRUPTED, 0);
    } else if (state == TRANSPORT_FAILED || state == TRANSPORT_CLOSED) {
        r->interrupted_us = now_us;
        r->restarted = true;
        r->next_us = now_us + (state == TRANSPORT_CLOSED ? REPAIR_CLOSED_US : 0);
    }
}

/* A path that does not answer is an interruption for the person, though its consent lasts longer.
 */
static void watch_path(sq_call *call, time_us now_us)
{
    const time_us since_us = session_lost_since(call->session);
    const bool lost = since_us != TIME_US_NEVER && now_us - since_us >= LOST_TOLD_US;
    if (lost && call->state == SQ_CALL_CONNECTED) {
        on_transport(call, TRANSPORT_INTERRUPTED, now_us);
        call->repair.silent = true;
    } else if (since_us == TIME_US_NEVER && call->repair.silent &&
               session_state(call->session) == TRANSPORT_CONNECTED) {
        on_transport(call, TRANSPORT_CONNECTED, now_us);
    }
}

static time_us watch_deadline(const sq_call *call)
{
    const time_us since_us = session_lost_since(call->session);
    const bool waits = since_us != TIME_US_NEVER && call->state == SQ_CALL_CONNECTED;
    return waits ? since_us + LOST_TOLD_US : TIME_US_NEVER;
}

static void repair(sq_call *call, time_us now_us)
{
    struct call_repair *r = &call->repair;
    if (now_us < r->next_us || call->state == SQ_CALL_FAILED)
        return;
    if (r->restarted) {
        rejoin(call, now_us);
        return;
    }
    r->next_us = now_us + REPAIR_AGAIN_US;
    if (rpc_state(call->client->rpc) != RPC_ONLINE)
        return;
    r->restarted = true;
    r->next_us = now_us + REPAIR_JOIN_US;
    client_ask(call->client, "media.restartIce",
               json_pack("{s:s}", "transportId", session_transport_id(call->session)),
               &call->restart_request);
}

/* ---- signalling ---- */

static void joined(sq_call *call, const json_t *result, time_us now_us)
{
    struct join_answer answer;
    struct net_address local;
    int err = join_parse(&answer, result);
    if (!err) {
        media_io_close_tcp(call->io);
        media_io_open_udp(call->io, answer.candidates, answer.candidate_count, &local);
        err = session_start(call->session, &answer, &local, now_us);
    }
    if (err) {
        change(call, SQ_CALL_FAILED, err);
        return;
    }
    if (call->joined_us == 0)
        call->joined_us = now_us;
    /* a transport that never comes up is joined anew */
    call->repair.restarted = true;
    call->repair.next_us = now_us + REPAIR_JOIN_US;
}

/* Refusals are final; a server or relay in trouble is asked again. */
static void join_failed(sq_call *call, const struct rpc_event *event, time_us now_us)
{
    bool passing = event->error == SQ_ERR_UNREACHABLE || event->error == SQ_ERR_TIMEOUT ||
                   event->error == SQ_ERR_LIMIT || event->error == SQ_ERR_STORE;
    if (passing) {
        call->repair.restarted = true;
        call->repair.next_us = now_us + REPAIR_AGAIN_US;
        return;
    }
    change(call, SQ_CALL_FAILED, event->error);
}

static void restarted(sq_call *call, const struct rpc_event *event, time_us now_us)
{
    struct ice_credentials remote;
    if (event->error || join_parse_ice(&remote, json_object_get(event->body, "iceParameters")) ||
        session_restart_ice(call->session, &remote, now_us))
        call->repair.next_us = now_us; /* the transport is not known there any more: join anew */
}

bool call_on_reply(sq_call *call, const struct rpc_event *event, time_us now_us)
{
    if (event->request == call->join_request) {
        call->join_request = 0;
        if (event->error)
            join_failed(call, event, now_us);
        else
            joined(call, event->body, now_us);
        return true;
    }
    if (event->request == call->restart_request) {
        call->restart_request = 0;
        restarted(call, event, now_us);
        return true;
    }
    return false;
}

static void on_transport_notice(sq_call *call, const json_t *params, time_us now_us)
{
    const char *id = objects_text(params, "transportId");
    const char *state = objects_text(params, "state");
    if (strcmp(id, session_transport_id(call->session)) != 0)
        return;
    if (strcmp(state, "failed") == 0)
        on_transport(call, TRANSPORT_FAILED, now_us);
    else if (strcmp(state, "closed") == 0)
        on_transport(call, TRANSPORT_CLOSED, now_us);
}

bool call_on_notification(sq_call *call, const struct rpc_event *event, time_us now_us)
{
    const char *consumer_id = objects_text(event->body, "consumerId");
    struct join_consumer consumer;
    if (strcmp(event->method, "media.newConsumer") == 0) {
        int err = join_parse_consumer(&consumer, json_object_get(event->body, "consumer"));
        if (!err)
            err = session_add_consumer(call->session, &consumer);
        if (err) /* somebody would not be heard: a new join tells of everybody again */
            on_transport(call, TRANSPORT_FAILED, now_us);
    } else if (strcmp(event->method, "media.consumerClosed") == 0) {
        session_remove_consumer(call->session, consumer_id);
    } else if (strcmp(event->method, "media.consumerPaused") == 0) {
        session_pause_consumer(call->session, consumer_id, true);
    } else if (strcmp(event->method, "media.consumerResumed") == 0) {
        session_pause_consumer(call->session, consumer_id, false);
    } else if (strcmp(event->method, "media.transportState") == 0) {
        on_transport_notice(call, event->body, now_us);
    } else {
        return false;
    }
    return true;
}

/* ---- step ---- */

static void receive_all(sq_call *call, time_us now_us)
{
    uint8_t data[MEDIA_IO_DATAGRAM_MAX];
    struct net_tuple from;
    struct media_io_tcp tcp;
    while (media_io_next_tcp(call->io, &tcp))
        session_tcp_state(call->session, tcp.stream, &tcp.local, tcp.up, now_us);
    for (int i = 0; i < RECEIVE_BATCH; i++) {
        size_t len = media_io_receive(call->io, data, &from);
        if (len == 0)
            return;
        session_receive(call->session, &from, data, len, now_us);
    }
}

static void send_all(sq_call *call, time_us now_us)
{
    struct transport_datagram datagram;
    while (session_next_datagram(call->session, &datagram, now_us))
        media_io_send(call->io, &datagram.tuple, datagram.data, datagram.len_bytes);
}

static void open_tcp(sq_call *call, const struct net_tuple *tuple, time_us now_us)
{
    if (media_io_open_tcp(call->io, tuple))
        session_tcp_state(call->session, tuple->stream, &tuple->local, false, now_us);
}

static void handle_session(sq_call *call, time_us now_us)
{
    struct session_event event;
    struct events *events = call->client->events;
    while (session_next_event(call->session, &event)) {
        switch (event.type) {
        case SESSION_EVENT_STATE:
            on_transport(call, event.state, now_us);
            break;
        case SESSION_EVENT_OPEN_TCP:
            open_tcp(call, &event.tuple, now_us);
            break;
        case SESSION_EVENT_QUALITY:
            events_put_quality(events, &event,
                               adapt_step_text(event.plan.step, call->client->language));
            break;
        default:
            events_put_track(events, &event);
        }
    }
}

static void follow_address(sq_call *call, time_us now_us)
{
    struct net_address local;
    if (now_us < call->repair.moved_check_us)
        return;
    call->repair.moved_check_us = now_us + MOVED_CHECK_US;
    if (media_io_moved(call->io, &local))
        session_path_changed(call->session, &local, now_us);
}

void call_step(sq_call *call, time_us now_us)
{
    receive_all(call, now_us);
    session_step(call->session, now_us);
    handle_session(call, now_us);
    send_all(call, now_us);
    watch_path(call, now_us);
    repair(call, now_us);
    if (call->state != SQ_CALL_CONNECTING)
        follow_address(call, now_us);
}

time_us call_deadline(sq_call *call, time_us now_us)
{
    if (call->state == SQ_CALL_FAILED)
        return TIME_US_NEVER;
    return time_us_min(time_us_min(session_deadline(call->session, now_us), watch_deadline(call)),
                       call->repair.next_us);
}

/* ---- public ---- */

static int call_new(sq_call **out, sq_client *client, const struct sq_call_settings *settings)
{
    struct session_config config = {
        .room = settings->room,
        .tracks = settings->tracks,
        .track_count = settings->track_count,
        .start_bps = settings->start_bps,
        .max_bps = settings->max_bps,
        .narrow = settings->narrow,
        .force_tcp = settings->force_tcp,
        .identity = client->identity,
        .utc_offset_us = io_utc_offset_us(),
    };
    sq_call *call = calloc(1, sizeof(*call));
    if (!call)
        return SQ_ERR_NOMEM;
    call->client = client;
    call->repair.next_us = TIME_US_NEVER;
    int err = session_new(&call->session, &config);
    if (!err)
        err = media_io_new(&call->io, client->epoll_fd);
    if (err) {
        session_free(call->session);
        free(call);
        return err;
    }
    *out = call;
    return 0;
}

/* Under the lock. */
static int join(sq_client *client, sq_call **out, const struct sq_call_settings *settings)
{
    sq_call *call = NULL;
    if (client->call || !*rpc_token(client->rpc))
        return SQ_ERR_STATE;
    int err = call_new(&call, client, settings);
    if (err)
        return err;
    err = request_join(call);
    if (err) {
        call_fini(call, io_now_us());
        free(call);
        return err;
    }
    client->call = *out = call;
    return 0;
}

int sq_call_join(sq_client *client, sq_call **out, const struct sq_call_settings *settings)
{
    if (!out || !settings || settings->struct_size < sizeof(*settings) ||
        (settings->track_count && !settings->tracks) || settings->track_count > SQ_TRACKS_MAX)
        return SQ_ERR_INVALID;
    pthread_mutex_lock(&client->lock);
    int err = join(client, out, settings);
    pthread_mutex_unlock(&client->lock);
    client_wake(client);
    return err;
}

void call_fini(sq_call *call, time_us now_us)
{
    session_goodbye(call->session, now_us);
    send_all(call, now_us);
    if (*session_transport_id(call->session) && rpc_state(call->client->rpc) == RPC_ONLINE)
        client_ask(call->client, "media.close",
                   json_pack("{s:s}", "id", session_transport_id(call->session)), NULL);
    client_forget(call->client, call->join_request);
    client_forget(call->client, call->restart_request);
    session_free(call->session);
    media_io_free(call->io);
}

void sq_call_free(sq_call *call)
{
    if (!call)
        return;
    sq_client *client = call->client;
    pthread_mutex_lock(&client->lock);
    events_forget_call(client->events, call);
    call_fini(call, io_now_us());
    client->call = NULL;
    free(call);
    pthread_mutex_unlock(&client->lock);
    client_wake(client);
}

enum sq_call_state sq_call_get_state(sq_call *call)
{
    pthread_mutex_lock(&call->client->lock);
    enum sq_call_state state = call->state;
    pthread_mutex_unlock(&call->client->lock);
    return state;
}

int sq_call_push_audio(sq_call *call, uint32_t track, const int16_t *samples, size_t count,
                       int64_t capture_us)
{
    int err = session_push_audio(call->session, track, samples, count, capture_us);
    if (!err)
        client_wake(call->client);
    return err;
}

int sq_call_push_video(sq_call *call, uint32_t track, const struct sq_picture *picture,
                       int64_t capture_us)
{
    int err = session_push_video(call->session, track, picture, capture_us);
    if (!err)
        client_wake(call->client);
    return err;
}

int sq_call_mute(sq_call *call, uint32_t track, bool muted)
{
    pthread_mutex_lock(&call->client->lock);
    int err = session_mute(call->session, track, muted, io_now_us());
    const char *producer = session_producer_id(call->session, track);
    if (!err && *producer)
        client_ask(call->client, muted ? "media.pause" : "media.resume",
                   json_pack("{s:s}", "id", producer), NULL);
    pthread_mutex_unlock(&call->client->lock);
    client_wake(call->client);
    return err;
}

int sq_call_pull_audio(sq_call *call, int16_t *samples, size_t count)
{
    return session_pull_audio(call->session, samples, count, io_now_us());
}

int sq_call_pull_video(sq_call *call, uint32_t track, struct sq_video_frame *frame)
{
    return session_pull_video(call->session, track, frame, io_now_us());
}

int sq_call_get_stats(sq_call *call, struct sq_call_stats *stats)
{
    struct sq_call_stats full = {0};
    if (!stats || stats->struct_size == 0)
        return SQ_ERR_INVALID;
    pthread_mutex_lock(&call->client->lock);
    session_get_stats(call->session, &full, io_now_us());
    full.state = call->state;
    full.joined_us = call->joined_us;
    full.connected_us = call->connected_us;
    pthread_mutex_unlock(&call->client->lock);
    full.struct_size = stats->struct_size < sizeof(full) ? stats->struct_size : sizeof(full);
    memcpy(stats, &full, full.struct_size);
    return 0;
}
