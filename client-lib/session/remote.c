/* SPDX-License-Identifier: Apache-2.0 */
/* See remote.h. */
#include "client-lib/session/remote.h"

#include "client-lib/session/session.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define QUEUES_MAX 256 /* video tracks over the life of a call */

struct remote_queue {
    uint32_t track;
    bool live;
    struct video_queue *queue;
};

struct remote_table {
    struct receive_stream *streams[SESSION_REMOTE_MAX];
    struct playout *playout;
    uint32_t next_track;
    struct sq_call_stats gone; /* of tracks that were removed */
    pthread_mutex_t lock;      /* guards queues, queue_count */
    struct remote_queue queues[QUEUES_MAX];
    size_t queue_count;
};

int remote_table_new(struct remote_table **out)
{
    struct remote_table *t = calloc(1, sizeof(*t));
    if (!t || pthread_mutex_init(&t->lock, NULL)) {
        free(t);
        return SQ_ERR_NOMEM;
    }
    t->next_track = SESSION_REMOTE_FIRST;
    int err = playout_new(&t->playout);
    if (err) {
        remote_table_free(t);
        return err;
    }
    *out = t;
    return 0;
}

void remote_table_free(struct remote_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < SESSION_REMOTE_MAX; i++)
        receive_stream_free(t->streams[i]);
    for (size_t i = 0; i < t->queue_count; i++)
        video_queue_free(t->queues[i].queue);
    playout_free(t->playout);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static int add_queue(struct remote_table *t, uint32_t track, struct video_queue **out)
{
    struct video_queue *queue = NULL;
    if (t->queue_count == QUEUES_MAX)
        return SQ_ERR_LIMIT;
    int err = video_queue_new(&queue);
    if (err)
        return err;
    pthread_mutex_lock(&t->lock);
    t->queues[t->queue_count++] = (struct remote_queue){track, true, queue};
    pthread_mutex_unlock(&t->lock);
    *out = queue;
    return 0;
}

static struct remote_queue *find_queue(struct remote_table *t, uint32_t track)
{
    for (size_t i = 0; i < t->queue_count; i++)
        if (t->queues[i].track == track)
            return &t->queues[i];
    return NULL;
}

static void retire_queue(struct remote_table *t, uint32_t track)
{
    pthread_mutex_lock(&t->lock);
    struct remote_queue *q = find_queue(t, track);
    if (q) {
        q->live = false;
        video_queue_drain(q->queue);
    }
    pthread_mutex_unlock(&t->lock);
}

static struct receive_stream *of_producer(const struct remote_table *t, const char *producer_id)
{
    for (size_t i = 0; i < SESSION_REMOTE_MAX; i++)
        if (t->streams[i] && strcmp(t->streams[i]->consumer.producer_id, producer_id) == 0)
            return t->streams[i];
    return NULL;
}

static bool ssrc_taken(const struct remote_table *t, const struct join_consumer *c,
                       const struct receive_stream *but)
{
    const struct receive_stream *a = remote_table_of_ssrc(t, c->ssrc);
    const struct receive_stream *b = c->rtx_ssrc ? remote_table_of_ssrc(t, c->rtx_ssrc) : NULL;
    return (a && a != but) || (b && b != but);
}

static int add_stream(struct remote_table *t, const struct join_consumer *consumer,
                      struct receive_stream **out)
{
    size_t at = 0;
    while (at < SESSION_REMOTE_MAX && t->streams[at])
        at++;
    if (at == SESSION_REMOTE_MAX)
        return SQ_ERR_LIMIT;
    struct video_queue *queue = NULL;
    uint32_t track = t->next_track;
    int err = consumer->kind == SQ_VIDEO ? add_queue(t, track, &queue) : 0;
    if (err)
        return err;
    t->next_track++;
    err = receive_stream_new(&t->streams[at], track, consumer, t->playout, queue);
    if (err)
        retire_queue(t, track);
    else
        *out = t->streams[at];
    return err;
}

int remote_table_put(struct remote_table *t, const struct join_consumer *consumer,
                     struct receive_stream **out, bool *fresh)
{
    struct receive_stream *known = of_producer(t, consumer->producer_id);
    *fresh = !known;
    if (ssrc_taken(t, consumer, known))
        return SQ_ERR_CONFLICT;
    if (!known)
        return add_stream(t, consumer, out);
    *out = known;
    if (strcmp(known->consumer.id, consumer->id) == 0 && known->consumer.ssrc == consumer->ssrc) {
        known->consumer.paused =
            consumer->paused; /* told twice: by the join and by a notification */
        return 0;
    }
    return receive_stream_rebind(known, consumer);
}

void remote_table_remove(struct remote_table *t, struct receive_stream *stream)
{
    for (size_t i = 0; i < SESSION_REMOTE_MAX; i++) {
        if (t->streams[i] != stream)
            continue;
        uint32_t track = stream->track;
        receive_stream_add_stats(stream, &t->gone, 0);
        receive_stream_free(stream);
        t->streams[i] = NULL;
        retire_queue(t, track);
    }
}

struct receive_stream *remote_table_at(const struct remote_table *t, size_t index)
{
    return t->streams[index];
}

struct receive_stream *const *remote_table_streams(const struct remote_table *t)
{
    return t->streams;
}

struct receive_stream *remote_table_find(const struct remote_table *t, const char *consumer_id)
{
    for (size_t i = 0; i < SESSION_REMOTE_MAX; i++)
        if (t->streams[i] && strcmp(t->streams[i]->consumer.id, consumer_id) == 0)
            return t->streams[i];
    return NULL;
}

struct receive_stream *remote_table_of_ssrc(const struct remote_table *t, uint32_t ssrc)
{
    for (size_t i = 0; i < SESSION_REMOTE_MAX; i++)
        if (t->streams[i] && receive_stream_owns(t->streams[i], ssrc))
            return t->streams[i];
    return NULL;
}

struct sync_speech remote_table_speech(const struct remote_table *t,
                                       const struct receive_stream *stream)
{
    for (size_t i = 0; i < SESSION_REMOTE_MAX; i++) {
        struct receive_stream *s = t->streams[i];
        if (s && s->consumer.source == SQ_MICROPHONE && !s->consumer.paused &&
            strcmp(s->consumer.participant, stream->consumer.participant) == 0)
            return receive_stream_speech(s);
    }
    return (struct sync_speech){0};
}

struct playout *remote_table_playout(const struct remote_table *t)
{
    return t->playout;
}

void remote_table_add_stats(struct remote_table *t, struct sq_call_stats *out, time_us now_us)
{
    out->audio = t->gone.audio;
    out->video = t->gone.video;
    out->first_audio_us = t->gone.first_audio_us;
    out->first_video_us = t->gone.first_video_us;
    out->audio.receive_bps = 0;
    out->audio.jitter_delay_ms = 0;
    out->video.receive_bps = 0;
    for (size_t i = 0; i < SESSION_REMOTE_MAX; i++)
        if (t->streams[i])
            receive_stream_add_stats(t->streams[i], out, now_us);
}

int remote_table_pull(struct remote_table *t, uint32_t track, struct sq_video_frame *frame,
                      time_us now_us)
{
    struct video_shown shown;
    pthread_mutex_lock(&t->lock);
    struct remote_queue *q = find_queue(t, track);
    struct video_queue *queue = q && q->live ? q->queue : NULL;
    pthread_mutex_unlock(&t->lock);
    if (!queue)
        return SQ_ERR_NOT_FOUND;
    if (!video_queue_take(queue, now_us, &shown))
        return 0;
    *frame = (struct sq_video_frame){
        .picture = {.width = shown.picture.width, .height = shown.picture.height},
        .track = track,
        .rtp_time = shown.rtp_time,
        .capture_utc_us = shown.capture_utc_us,
        .received_us = shown.received_us,
        .display_us = shown.display_us,
        .key = shown.key,
    };
    for (int i = 0; i < 3; i++) {
        frame->picture.planes[i] = shown.picture.planes[i];
        frame->picture.strides[i] = shown.picture.strides[i];
    }
    return 1;
}
