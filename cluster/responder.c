/* SPDX-License-Identifier: Apache-2.0 */
/* The commanded end: which frames of which nodes are fresh, each command once, its reply as often
 * as it is asked for. Refuses to know bodies. */
#include "base/bytes.h"
#include "cluster/node.h"
#include "shanqiao/error.h"

static struct sender *find_sender(struct cluster *c, const char *node)
{
    for (size_t i = 0; i < c->sender_count; i++) {
        if (memcmp(c->senders[i].node, node, CLUSTER_NODE_MAX) == 0)
            return &c->senders[i];
    }
    return NULL;
}

static struct sender *add_sender(struct cluster *c, const char *node)
{
    if (c->sender_count == SENDERS_MAX)
        return NULL;
    struct sender *s = &c->senders[c->sender_count++];
    *s = (struct sender){0};
    memcpy(s->node, node, CLUSTER_NODE_MAX);
    return s;
}

static void send_back(struct cluster *c, const uint8_t *route, size_t route_bytes,
                      size_t frame_bytes)
{
    /* What can't be handed over now is asked for again. */
    (void)child_send(&c->child, &(struct process_message){.type = PROCESS_REPLY,
                                                          .route = route,
                                                          .route_bytes = route_bytes,
                                                          .payload = c->frame,
                                                          .payload_bytes = frame_bytes});
}

/* Tells who we are, bound to the frame that asked; changes nothing here, for that frame may be a
 * replay. */
static void send_welcome(struct cluster *c, const struct process_message *m,
                         const struct seal_header *h, uint64_t newer_boot)
{
    uint8_t body[SEAL_WELCOME_BODY];
    bytes_put_u64(body, newer_boot);
    size_t n = node_close(c, SEAL_WELCOME, h->sender, h->boot, h->ticket, body, sizeof body);
    send_back(c, m->route, m->route_bytes, n);
}

void responder_send_reply(struct cluster *c, const struct inbox_entry *e)
{
    size_t n =
        node_close(c, SEAL_REPLY, e->node, e->boot, e->their_ticket, e->reply, e->reply_bytes);
    send_back(c, e->route, e->route_bytes, n);
}

static bool deliver(struct cluster *c, const struct process_message *m, const struct seal_header *h,
                    int64_t body_bytes, struct cluster_message *out)
{
    struct inbox_entry *e = inbox_find(&c->inbox, h->sender, h->boot, h->ticket);
    if (e) {
        inbox_route(e, m->route, m->route_bytes);
        if (e->answered)
            responder_send_reply(c, e);
        return false;
    }
    e = inbox_add(&c->inbox, h->sender, h->boot, h->ticket);
    if (!e) {
        c->counters.dropped_full++;
        return false;
    }
    inbox_route(e, m->route, m->route_bytes);
    *out = (struct cluster_message){.type = CLUSTER_REQUEST,
                                    .ticket = e->ticket,
                                    .body = (const char *)c->body,
                                    .len_bytes = (size_t)body_bytes};
    memcpy(out->node, e->node, CLUSTER_NODE_MAX);
    return true;
}

/* A request is fresh when its sender has no newer boot, it was sealed for our boot, and its counter
 * is new. */
static bool fresh(struct cluster *c, const struct process_message *m, const struct seal_header *h)
{
    struct sender *s = find_sender(c, h->sender);
    if (s && h->boot < s->requests.boot) {
        c->counters.dropped_replayed++;
        send_welcome(c, m, h, s->requests.boot);
        return false;
    }
    if (h->to_boot != c->seal.boot) {
        c->counters.dropped_replayed++;
        send_welcome(c, m, h, 0);
        return false;
    }
    if (!s)
        s = add_sender(c, h->sender);
    if (!s) {
        c->counters.dropped_full++;
        return false;
    }
    if (seal_window_take(&s->requests, h->boot, h->counter) < 0) {
        c->counters.dropped_replayed++;
        return false;
    }
    return true;
}

bool responder_request_in(struct cluster *c, const struct process_message *m,
                          struct cluster_message *out)
{
    struct seal_header h;
    int64_t n = node_open(c, m, &h);
    if (n < 0)
        return false;
    if (h.type == SEAL_HELLO && n == 0) {
        const struct sender *s = find_sender(c, h.sender);
        send_welcome(c, m, &h, s && s->requests.boot > h.boot ? s->requests.boot : 0);
        return false;
    }
    if (h.type != SEAL_REQUEST || h.ticket == 0) {
        c->counters.dropped_malformed++;
        return false;
    }
    return fresh(c, m, &h) && deliver(c, m, &h, n, out);
}
