/* SPDX-License-Identifier: Apache-2.0 */
/* What media has to say: replies and notifications in the order they came about. */
#include "signaling/media/room.h"

#include "base/log.h"
#include <stdio.h>
#include <stdlib.h>

static struct media_output *queue(struct media *m)
{
    static struct media_output lost;
    struct media_queued *q = calloc(1, sizeof *q);
    if (!q) {
        log_write(LOG_ERROR, "media.no_memory");
        return &lost;
    }
    *(m->last ? &m->last->next : &m->first) = q;
    m->last = q;
    return &q->out;
}

static void copy(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text ? text : "");
}

void media_reply(struct media *m, uint64_t ticket, int error, json_t *result, const char *object,
                 const char *en, const char *zh)
{
    struct media_output *out = queue(m);
    out->type = MEDIA_REPLY;
    out->ticket = ticket;
    out->error = error;
    out->body = result;
    copy(out->object, sizeof out->object, object);
    copy(out->message_en, sizeof out->message_en, en);
    copy(out->message_zh, sizeof out->message_zh, zh);
}

void media_notify(struct media *m, const char *session, const char *method, json_t *params)
{
    struct media_output *out = queue(m);
    out->type = MEDIA_NOTIFY;
    out->method = method;
    out->body = params;
    copy(out->session, sizeof out->session, session);
}

json_t *media_consumer_json(const struct media_object *consumer)
{
    const struct stream_part *s = &consumer->stream;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:O, s:b}", "id", consumer->id, "producerId",
                     s->producer->id, "kind", s->kind, "source", s->source, "participantId",
                     s->producer->account, "rtpParameters", s->rtp, "paused",
                     media_consumer_silent(consumer));
}

bool media_next(struct media *m, struct media_output *out)
{
    struct media_queued *q = m->first;
    if (!q)
        return false;
    *out = q->out;
    m->first = q->next;
    if (!m->first)
        m->last = NULL;
    free(q);
    return true;
}
