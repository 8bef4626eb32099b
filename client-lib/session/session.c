/* SPDX-License-Identifier: Apache-2.0 */
/* See session.h. Remote tracks are in remote.c's table, so that a puller of another thread finds
 * its queue. */
#include "client-lib/session/session_private.h"

#include "base/random.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_BPS    300000
#define PACE_PERCENT 125 /* of the estimate: a queue of ours drains before the next frame */
#define PACE_MIN_BPS 30000

static void emit(struct session *s, const struct session_event *event)
{
    if (s->event_count ==
        SESSION_EVENTS_MAX) { /* the owner drains after each input: only a flood gets here */
        s->event_first = (s->event_first + 1) % SESSION_EVENTS_MAX;
        s->event_count--;
    }
    s->events[(s->event_first + s->event_count) % SESSION_EVENTS_MAX] = *event;
    s->event_count++;
}

bool session_next_event(struct session *s, struct session_event *out)
{
    if (s->event_count == 0)
        return false;
    *out = s->events[s->event_first];
    s->event_first = (s->event_first + 1) % SESSION_EVENTS_MAX;
    s->event_count--;
    return true;
}

static uint32_t cap_bps(const struct session *s, uint32_t bps)
{
    return s->config.max_bps && bps > s->config.max_bps ? s->config.max_bps : bps;
}

/* ---- adaptation ---- */

static uint32_t video_weight(const struct sq_track_settings *t)
{
    return t->source == SQ_EXAMINATION ? 2 : 1; /* DESIGN section 3: examination before faces */
}

static struct adapt_input plan_input(const struct session *s, uint32_t *weights)
{
    struct adapt_input in = {.estimate_bps = s->estimate_bps, .audio_max_bps = UINT32_MAX};
    *weights = 0;
    for (size_t i = 0; i < s->config.track_count; i++) {
        const struct sq_track_settings *t = local_track_settings(s->locals[i]);
        if (s->muted[i])
            continue;
        if (t->kind == SQ_AUDIO) {
            in.audio_tracks++;
            in.frame_ms = t->frame_ms ? t->frame_ms : in.frame_ms;
            in.audio_max_bps = t->max_bps < in.audio_max_bps ? t->max_bps : in.audio_max_bps;
        } else {
            in.video_tracks++;
            in.video_max_bps += t->max_bps;
            *weights += video_weight(t);
        }
    }
    return in;
}

static void apply_plan(struct session *s, bool first)
{
    uint32_t weights = 0;
    struct adapt_input in = plan_input(s, &weights);
    struct adapt_plan plan = adapt_plan_of(&in, first ? NULL : &s->plan);
    bool changed = first || plan.step != s->plan.step;
    s->plan = plan;
    for (size_t i = 0; i < s->config.track_count; i++) {
        const struct sq_track_settings *t = local_track_settings(s->locals[i]);
        uint64_t share = weights ? (uint64_t)plan.video_bps * video_weight(t) / weights : 0;
        if (share > t->max_bps)
            share = t->max_bps;
        uint32_t bps = t->kind == SQ_AUDIO ? plan.audio_bps : (uint32_t)share;
        local_track_set_rate(s->locals[i], bps, t->frame_ms ? t->frame_ms : plan.frame_ms);
    }
    uint64_t pace = (uint64_t)s->estimate_bps * PACE_PERCENT / 100;
    pacer_set_rate(s->pacer, pace < PACE_MIN_BPS ? PACE_MIN_BPS : (uint32_t)pace);
    if (changed)
        emit(s, &(struct session_event){
                    .type = SESSION_EVENT_QUALITY, .plan = plan, .estimate_bps = s->estimate_bps});
}

/* ---- life ---- */

static int fill(struct session *s, const struct session_config *config)
{
    int err = packet_pool_new(&s->pool, SESSION_POOL_PACKETS);
    if (!err)
        err = remote_table_new(&s->remotes);
    for (size_t i = 0; !err && i < config->track_count; i++) {
        err = local_track_new(&s->locals[i], &config->tracks[i]);
        s->config.track_count = i + (err ? 0 : 1);
    }
    s->pacer = calloc(1, sizeof(*s->pacer));
    return err ? err : s->pacer ? 0 : SQ_ERR_NOMEM;
}

int session_new(struct session **out, const struct session_config *config)
{
    size_t room_len = config->room ? strlen(config->room) : 0;
    if (room_len == 0 || room_len >= JOIN_ID_MAX || config->track_count > SQ_TRACKS_MAX)
        return SQ_ERR_INVALID;
    struct session *s = calloc(1, sizeof(*s));
    if (!s)
        return SQ_ERR_NOMEM;
    s->config = *config;
    s->config.track_count = 0;
    memcpy(s->room, config->room, room_len + 1);
    random_text(s->cname, SESSION_CNAME_LEN);
    s->sender_ssrc = random_u32() | 1u;
    int err = fill(s, config);
    if (err) {
        session_free(s);
        return err;
    }
    s->estimate_bps = cap_bps(s, config->start_bps ? config->start_bps : START_BPS);
    pacer_init(s->pacer, PACE_MIN_BPS);
    if (s->config.track_count)
        s->sender_ssrc = local_track_stream(s->locals[0])->config.ssrc;
    apply_plan(s, true);
    *out = s;
    return 0;
}

void session_free(struct session *s)
{
    if (!s)
        return;
    transport_free(s->transport);
    if (s->pacer)
        pacer_clear(s->pacer);
    free(s->pacer);
    for (size_t i = 0; i < SQ_TRACKS_MAX; i++)
        local_track_free(s->locals[i]);
    remote_table_free(s->remotes);
    packet_pool_free(s->pool);
    free(s);
}

static size_t profiles_of(const struct session *s, enum srtp_profile out[SRTP_PROFILE_COUNT])
{
    size_t n = 0;
    if (s->config.narrow)
        out[n++] = SRTP_PROFILE_AES_CM_128_HMAC_SHA1_32;
    out[n++] = SRTP_PROFILE_AEAD_AES_128_GCM;
    out[n++] = SRTP_PROFILE_AES_CM_128_HMAC_SHA1_80;
    return n;
}

json_t *session_join_params(const struct session *s)
{
    struct join_producer producers[SQ_TRACKS_MAX];
    enum srtp_profile profiles[SRTP_PROFILE_COUNT];
    for (size_t i = 0; i < s->config.track_count; i++)
        local_track_describe(s->locals[i], &producers[i]);
    struct join_offer offer = {
        .room = s->room,
        .cname = s->cname,
        .identity = s->config.identity,
        .producers = producers,
        .producer_count = s->config.track_count,
        .profiles = profiles,
        .profile_count = profiles_of(s, profiles),
    };
    return join_build(&offer);
}

void session_joining(struct session *s)
{
    s->joining = true;
    for (size_t i = 0; i < SESSION_REMOTE_MAX; i++) {
        struct receive_stream *r = remote_table_at(s->remotes, i);
        if (r)
            r->early = false;
    }
}

/* Candidates that we can use: all TCP ones, UDP ones of our own family. */
static void keep_candidates(struct session *s, const struct join_answer *answer,
                            const struct net_address *local_udp)
{
    s->candidate_count = 0;
    for (size_t i = 0; i < answer->candidate_count; i++) {
        const struct ice_candidate *c = &answer->candidates[i];
        bool fits = c->protocol == NET_TCP ||
                    (!s->config.force_tcp && c->address.family == local_udp->family);
        if (fits)
            s->candidates[s->candidate_count++] = *c;
    }
}

static int new_transport(struct session *s, const struct join_answer *answer,
                         const struct net_address *local_udp, struct transport **out,
                         time_us now_us)
{
    struct transport_config config = {
        .ice_role = ICE_ROLE_CONTROLLING,
        .remote = answer->remote,
        .candidates = s->candidates,
        .candidate_count = s->candidate_count,
        .identity = s->config.identity,
        .dtls_role = DTLS_ROLE_CLIENT,
        .remote_fingerprint = answer->fingerprint,
        .start_bps = s->estimate_bps,
    };
    if (!s->config.force_tcp)
        config.local_udp = *local_udp;
    ice_credentials_new(&config.local);
    config.profile_count = profiles_of(s, config.profiles);
    return transport_new(out, &config, now_us);
}

static void take_ids(struct session *s, const struct join_answer *answer)
{
    memcpy(s->transport_id, answer->transport_id, sizeof(s->transport_id));
    for (size_t i = 0; i < answer->producer_count && i < s->config.track_count; i++)
        memcpy(s->producer_ids[i], answer->producer_ids[i], JOIN_ID_MAX);
}

static int set_extensions(struct session *s, uint8_t receive_id)
{
    struct transport_extensions extensions = {
        .receive_transport_cc = receive_id ? receive_id : JOIN_EXT_TRANSPORT_CC,
        .send_transport_cc = JOIN_EXT_TRANSPORT_CC,
    };
    return transport_set_extensions(s->transport, &extensions);
}

static void track_event(struct session *s, enum session_event_type type,
                        const struct receive_stream *r)
{
    struct session_event event = {.type = type};
    event.track.number = r->track;
    event.track.kind = r->consumer.kind;
    event.track.source = r->consumer.source;
    event.track.paused = r->consumer.paused;
    memcpy(event.track.participant, r->consumer.participant, JOIN_ID_MAX);
    emit(s, &event);
}

static bool in_answer(const struct join_answer *answer, const struct receive_stream *r)
{
    size_t i = 0;
    while (i < answer->consumer_count &&
           strcmp(answer->consumers[i].producer_id, r->consumer.producer_id) != 0)
        i++;
    return i < answer->consumer_count;
}

/* Remote tracks whose producers are not in the answer are over, but those whose notification came
 * before it: between two nodes either may be the first. */
static int settle_absent(struct session *s, const struct join_answer *answer)
{
    int err = 0;
    for (size_t i = 0; i < SESSION_REMOTE_MAX; i++) {
        struct receive_stream *r = remote_table_at(s->remotes, i);
        if (!r || in_answer(answer, r))
            continue;
        if (!r->early)
            session_remove_consumer(s, r->consumer.id);
        else if (!err && r->consumer.transport_cc)
            err = set_extensions(s, r->consumer.transport_cc);
    }
    return err;
}

int session_start(struct session *s, const struct join_answer *answer,
                  const struct net_address *local_udp, time_us now_us)
{
    struct transport *transport = NULL;
    keep_candidates(s, answer, local_udp);
    if (s->candidate_count == 0)
        return SQ_ERR_UNREACHABLE;
    int err = new_transport(s, answer, local_udp, &transport, now_us);
    if (err)
        return err;
    transport_free(s->transport);
    s->transport = transport;
    pacer_clear(s->pacer);
    take_ids(s, answer);
    s->joining = false;
    err = set_extensions(s, answer->consumer_count ? answer->consumers[0].transport_cc : 0);
    if (!err)
        err = settle_absent(s, answer);
    for (size_t i = 0; !err && i < answer->consumer_count; i++)
        err = session_add_consumer(s, &answer->consumers[i]);
    return err;
}

const char *session_transport_id(const struct session *s)
{
    return s->transport_id;
}

const char *session_producer_id(const struct session *s, uint32_t track)
{
    return track < s->config.track_count ? s->producer_ids[track] : "";
}

enum transport_state session_state(const struct session *s)
{
    return s->transport ? transport_state(s->transport) : TRANSPORT_NEW;
}

time_us session_lost_since(const struct session *s)
{
    return s->transport ? transport_lost_since(s->transport) : TIME_US_NEVER;
}

/* ---- remote tracks ---- */

int session_add_consumer(struct session *s, const struct join_consumer *consumer)
{
    struct receive_stream *r = NULL;
    bool fresh = false;
    int err = remote_table_put(s->remotes, consumer, &r, &fresh);
    if (!err && s->transport && consumer->transport_cc)
        err = set_extensions(s, consumer->transport_cc);
    if (err)
        return err;
    r->early = s->joining;
    if (fresh)
        track_event(s, SESSION_EVENT_TRACK_ADDED, r);
    return 0;
}

void session_remove_consumer(struct session *s, const char *consumer_id)
{
    struct receive_stream *r = remote_table_find(s->remotes, consumer_id);
    if (!r)
        return;
    track_event(s, SESSION_EVENT_TRACK_REMOVED, r);
    remote_table_remove(s->remotes, r);
}

void session_pause_consumer(struct session *s, const char *consumer_id, bool paused)
{
    struct receive_stream *r = remote_table_find(s->remotes, consumer_id);
    if (!r || r->consumer.paused == paused)
        return;
    receive_stream_pause(r, paused);
    track_event(s, SESSION_EVENT_TRACK_PAUSED, r);
}

/* ---- the path ---- */

int session_restart_ice(struct session *s, const struct ice_credentials *remote, time_us now_us)
{
    struct ice_credentials local;
    if (!s->transport)
        return SQ_ERR_STATE;
    ice_credentials_new(&local);
    return transport_restart_ice(s->transport, &local, remote, s->candidates, s->candidate_count,
                                 now_us);
}

void session_path_changed(struct session *s, const struct net_address *local_udp, time_us now_us)
{
    if (s->transport)
        transport_path_changed(s->transport, local_udp, now_us);
}

void session_tcp_state(struct session *s, uint32_t stream, const struct net_address *local, bool up,
                       time_us now_us)
{
    if (s->transport)
        transport_tcp_state(s->transport, stream, local, up, now_us);
}

int session_mute(struct session *s, uint32_t track, bool muted, time_us now_us)
{
    (void)now_us;
    if (track >= s->config.track_count)
        return SQ_ERR_INVALID;
    s->muted[track] = muted;
    local_track_mute(s->locals[track], muted);
    apply_plan(s, false);
    return 0;
}

static void on_state(struct session *s, enum transport_state state, time_us now_us)
{
    if (state == TRANSPORT_CONNECTED) {
        s->heard_us = now_us;
        s->reports.next_us = now_us;
        s->reports.sent = 0;
        for (size_t i = 0; i < s->config.track_count; i++)
            local_track_force_key(s->locals[i]);
    }
    emit(s, &(struct session_event){.type = SESSION_EVENT_STATE, .state = state});
}

void session_drain_transport(struct session *s, time_us now_us)
{
    struct transport_event event;
    while (s->transport && transport_next_event(s->transport, &event)) {
        switch (event.type) {
        case TRANSPORT_EVENT_STATE:
            on_state(s, event.state, now_us);
            break;
        case TRANSPORT_EVENT_OPEN_TCP:
            emit(s, &(struct session_event){.type = SESSION_EVENT_OPEN_TCP, .tuple = event.tuple});
            break;
        case TRANSPORT_EVENT_ESTIMATE:
            s->estimate_bps = cap_bps(s, event.estimate_bps);
            apply_plan(s, false);
            break;
        case TRANSPORT_EVENT_TUPLE:
            break;
        }
    }
}

void session_get_stats(struct session *s, struct sq_call_stats *out, time_us now_us)
{
    remote_table_add_stats(s->remotes, out, now_us);
    for (size_t i = 0; i < s->config.track_count; i++)
        local_track_add_stats(s->locals[i], out, now_us);
    out->estimate_bps = s->estimate_bps;
    out->srtp_profile = "";
    out->last_packet_us = s->last_packet_us;
    if (!s->transport)
        return;
    struct transport_stats t;
    transport_get_stats(s->transport, &t);
    out->rtt_ms = (uint32_t)((t.rtt_us + TIME_US_PER_MS - 1) / TIME_US_PER_MS);
    out->over_tcp = t.tuple.protocol == NET_TCP;
    if (t.srtp_profile != SRTP_PROFILE_NONE)
        out->srtp_profile = srtp_profile_name(t.srtp_profile);
}

/* ---- any thread ---- */

int session_push_audio(struct session *s, uint32_t track, const int16_t *samples, size_t count,
                       time_us capture_us)
{
    if (track >= s->config.track_count || (!samples && count))
        return SQ_ERR_INVALID;
    return local_track_push_audio(s->locals[track], samples, count, capture_us);
}

int session_push_video(struct session *s, uint32_t track, const struct sq_picture *picture,
                       time_us capture_us)
{
    if (track >= s->config.track_count || !picture)
        return SQ_ERR_INVALID;
    return local_track_push_video(s->locals[track], picture, capture_us);
}

int session_pull_audio(struct session *s, int16_t *samples, size_t count, time_us now_us)
{
    int heard = playout_pull(remote_table_playout(s->remotes), samples, count, now_us);
    if (heard < 0)
        return heard;
    for (size_t i = 0; i < s->config.track_count; i++)
        if (local_track_settings(s->locals[i])->kind == SQ_AUDIO)
            local_track_played(s->locals[i], samples, count);
    return heard;
}

int session_pull_video(struct session *s, uint32_t track, struct sq_video_frame *frame,
                       time_us now_us)
{
    return remote_table_pull(s->remotes, track, frame, now_us);
}
