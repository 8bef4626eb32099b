/* SPDX-License-Identifier: Apache-2.0 */
/* See frames.h. */
#include "client-lib/video/frames.h"

#include <pthread.h>
#include <shanqiao/error.h>
#include <stdlib.h>
#include <string.h>

static size_t half(uint32_t n)
{
    return (n + 1u) / 2u;
}

static size_t buffer_bytes(uint32_t width, uint32_t height)
{
    return (size_t)width * height + 2 * half(width) * half(height);
}

static uint8_t *copy_plane(uint8_t *to, const uint8_t *from, size_t stride, size_t width,
                           size_t height)
{
    for (size_t y = 0; y < height; y++, to += width, from += stride)
        memcpy(to, from, width);
    return to;
}

int video_buffer_copy(struct video_buffer *b, const struct video_picture *p)
{
    size_t need = buffer_bytes(p->width, p->height);
    if (need > b->capacity_bytes) {
        uint8_t *bytes = realloc(b->bytes, need);
        if (!bytes)
            return SQ_ERR_NOMEM;
        b->bytes = bytes;
        b->capacity_bytes = need;
    }
    b->width = p->width;
    b->height = p->height;
    uint8_t *at = copy_plane(b->bytes, p->planes[0], p->strides[0], p->width, p->height);
    at = copy_plane(at, p->planes[1], p->strides[1], half(p->width), half(p->height));
    copy_plane(at, p->planes[2], p->strides[2], half(p->width), half(p->height));
    return 0;
}

struct video_picture video_buffer_picture(const struct video_buffer *b)
{
    size_t luma = (size_t)b->width * b->height;
    return (struct video_picture){
        .width = b->width,
        .height = b->height,
        .planes = {b->bytes, b->bytes + luma, b->bytes + luma + half(b->width) * half(b->height)},
        .strides = {b->width, half(b->width), half(b->width)},
    };
}

void video_buffer_fini(struct video_buffer *b)
{
    free(b->bytes);
    *b = (struct video_buffer){0};
}

/* Two buffers change places on take: the producer fills one while the consumer reads the other. */
struct video_slot {
    pthread_mutex_t lock; /* guards all below but taken, which is the consumer's */
    struct video_buffer fresh;
    time_us capture_us;
    bool waiting;
    struct video_buffer taken;
};

int video_slot_new(struct video_slot **out)
{
    struct video_slot *s = calloc(1, sizeof(*s));
    if (!s || pthread_mutex_init(&s->lock, NULL)) {
        free(s);
        return SQ_ERR_NOMEM;
    }
    *out = s;
    return 0;
}

void video_slot_free(struct video_slot *s)
{
    if (!s)
        return;
    video_buffer_fini(&s->fresh);
    video_buffer_fini(&s->taken);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

int video_slot_put(struct video_slot *s, const struct video_picture *picture, time_us capture_us,
                   bool *replaced)
{
    pthread_mutex_lock(&s->lock);
    int err = video_buffer_copy(&s->fresh, picture);
    *replaced = !err && s->waiting;
    if (!err) {
        s->capture_us = capture_us;
        s->waiting = true;
    }
    pthread_mutex_unlock(&s->lock);
    return err;
}

bool video_slot_take(struct video_slot *s, struct video_picture *picture, time_us *capture_us)
{
    pthread_mutex_lock(&s->lock);
    bool waiting = s->waiting;
    if (waiting) {
        struct video_buffer swap = s->taken;
        s->taken = s->fresh;
        s->fresh = swap;
        *capture_us = s->capture_us;
        s->waiting = false;
    }
    pthread_mutex_unlock(&s->lock);
    if (waiting)
        *picture = video_buffer_picture(&s->taken);
    return waiting;
}

bool video_slot_waiting(struct video_slot *s)
{
    pthread_mutex_lock(&s->lock);
    bool waiting = s->waiting;
    pthread_mutex_unlock(&s->lock);
    return waiting;
}

struct queued {
    struct video_buffer buffer;
    struct video_shown shown;
};

struct video_queue {
    pthread_mutex_t lock; /* guards ring, first, count */
    struct queued ring[VIDEO_QUEUE_MAX];
    size_t first, count;
    struct video_buffer taken; /* the consumer's */
};

int video_queue_new(struct video_queue **out)
{
    struct video_queue *q = calloc(1, sizeof(*q));
    if (!q || pthread_mutex_init(&q->lock, NULL)) {
        free(q);
        return SQ_ERR_NOMEM;
    }
    *out = q;
    return 0;
}

void video_queue_free(struct video_queue *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < VIDEO_QUEUE_MAX; i++)
        video_buffer_fini(&q->ring[i].buffer);
    video_buffer_fini(&q->taken);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

static void drop_oldest(struct video_queue *q)
{
    q->first = (q->first + 1) % VIDEO_QUEUE_MAX;
    q->count--;
}

int video_queue_put(struct video_queue *q, const struct video_shown *shown)
{
    pthread_mutex_lock(&q->lock);
    if (q->count == VIDEO_QUEUE_MAX)
        drop_oldest(q);
    struct queued *at = &q->ring[(q->first + q->count) % VIDEO_QUEUE_MAX];
    int err = video_buffer_copy(&at->buffer, &shown->picture);
    if (!err) {
        at->shown = *shown;
        q->count++;
    }
    pthread_mutex_unlock(&q->lock);
    return err;
}

void video_queue_drain(struct video_queue *q)
{
    pthread_mutex_lock(&q->lock);
    for (size_t i = 0; i < VIDEO_QUEUE_MAX; i++)
        video_buffer_fini(&q->ring[i].buffer);
    q->count = 0;
    pthread_mutex_unlock(&q->lock);
}

bool video_queue_take(struct video_queue *q, time_us now_us, struct video_shown *shown)
{
    pthread_mutex_lock(&q->lock);
    struct queued *at = &q->ring[q->first];
    bool due = q->count > 0 && at->shown.display_us <= now_us;
    if (due) {
        struct video_buffer swap = q->taken;
        q->taken = at->buffer;
        at->buffer = swap;
        *shown = at->shown;
        drop_oldest(q);
    }
    pthread_mutex_unlock(&q->lock);
    if (due)
        shown->picture = video_buffer_picture(&q->taken);
    return due;
}
