/* SPDX-License-Identifier: Apache-2.0 */
/* The watch's life: sessions whose connection went, and what is done from time to time. */
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/operator/inside.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int watch_new(struct service *service, const struct watch_port *port, const char *node)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        return SQ_ERR_NOMEM;
    w->port = *port;
    snprintf(w->node, sizeof w->node, "%s", node);
    service->watch = w;
    return 0;
}

void watch_free(struct service *service)
{
    struct watch *w = service->watch;
    if (!w)
        return;
    for (size_t i = 0; i < w->relay_count; i++)
        free(w->relays[i]);
    for (size_t i = 0; i < WATCH_BUCKETS; i++) {
        while (w->lost[i]) {
            struct watch_lost *l = w->lost[i];
            w->lost[i] = l->next;
            free(l);
        }
    }
    free(w);
    service->watch = NULL;
}

time_us watch_now(const struct service *s)
{
    return s->media ? media_now(s->media) : 0;
}

bool watch_info(const struct service *s, size_t index, struct relays_info *out)
{
    return s->watch->port.info(s->watch->port.relays, index, watch_now(s), out);
}

/* ---- sessions without a connection ---- */

static struct watch_lost **bucket(struct watch *w, const char *session)
{
    uint32_t h = 2166136261u; /* FNV-1a; ids are random and ours */
    for (const char *p = session; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    return &w->lost[h % WATCH_BUCKETS];
}

static struct watch_lost **place(struct watch *w, const char *session)
{
    struct watch_lost **at = bucket(w, session);
    while (*at && strcmp((*at)->session, session) != 0)
        at = &(*at)->next;
    return at;
}

time_us watch_lost_since(const struct watch *w, const char *session)
{
    const struct watch_lost *l = *place((struct watch *)w, session);
    return l ? l->since_utc_us : 0;
}

static void forget(struct watch *w, struct watch_lost **at)
{
    struct watch_lost *l = *at;
    *at = l->next;
    free(l);
    w->lost_count--;
}

void watch_presence(struct service *service, const char *session, bool connected, time_us utc_us)
{
    struct watch *w = service->watch;
    if (!w)
        return;
    struct watch_lost **at = place(w, session);
    if (*at && connected)
        forget(w, at);
    if (*at || connected || w->lost_count == WATCH_LOST_MAX)
        return;
    struct watch_lost *l = calloc(1, sizeof *l);
    if (!l)
        return; /* it is not shown, then */
    snprintf(l->session, sizeof l->session, "%s", session);
    l->since_utc_us = utc_us;
    *at = l;
    w->lost_count++;
}

static void forget_old(struct watch *w, time_us utc_us)
{
    for (size_t i = 0; i < WATCH_BUCKETS; i++) {
        struct watch_lost **at = &w->lost[i];
        while (*at) {
            if (utc_us - (*at)->since_utc_us > WATCH_FORGET_US)
                forget(w, at);
            else
                at = &(*at)->next;
        }
    }
}

/* ---- from time to time ---- */

/* What this node sees, for the others. */
static int tell(struct service *s, time_us utc_us)
{
    json_t *view = NULL;
    int status = watch_view(s, utc_us, &view);
    char *text = status < 0 ? NULL : json_dumps(view, JSON_COMPACT);
    json_decref(view);
    if (!text)
        return status < 0 ? status : SQ_ERR_NOMEM;
    status = STORE_RUN(s->store,
                       "INSERT INTO node_view (node, at_us, view) VALUES ($1, $2, $3)"
                       " ON CONFLICT (node) DO UPDATE SET at_us = excluded.at_us,"
                       " view = excluded.view",
                       sv_text(s->watch->node), sv_int(utc_us), sv_text(text));
    free(text);
    return status < 0 ? status : 0;
}

int watch_sweep(struct service *s, time_us utc_us)
{
    struct watch *w = s->watch;
    int status = 0;
    if (!w)
        return 0;
    if (s->media)
        media_quality_ask(s->media);
    status = watch_sample(s, utc_us);
    if (status == 0 && utc_us >= w->apply_utc_us) {
        w->apply_utc_us = utc_us + WATCH_APPLY_US;
        forget_old(w, utc_us);
        status = watch_apply(s);
    }
    if (status == 0 && w->node[0] && utc_us >= w->tell_utc_us) {
        w->tell_utc_us = utc_us + WATCH_TELL_US;
        status = tell(s, utc_us);
    }
    return status;
}
