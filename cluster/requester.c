/* SPDX-License-Identifier: Apache-2.0 */
/* The commanding end: which boot of a peer is the living one, requests until their reply, what
 * peers publish. Refuses to know bodies. */
#include "base/bytes.h"
#include "base/log.h"
#include "base/random.h"
#include "cluster/node.h"
#include "shanqiao/error.h"

static void send_to_peer(struct cluster *c, uint16_t peer, uint64_t ticket, size_t frame_bytes)
{
    /* What can't be handed over now is sent again by its timer. */
    (void)child_send(&c->child,
                     &(struct process_message){.type = PROCESS_REQUEST,
                                               .peer = peer,
                                               .id = (uint32_t)(ticket & PROCESS_REQUEST_ID_MAX),
                                               .payload = c->frame,
                                               .payload_bytes = frame_bytes});
}

static void say_hello(struct cluster *c, uint16_t index)
{
    struct peer *p = &c->peers[index];
    while (!p->hello_ticket)
        random_bytes(&p->hello_ticket, sizeof p->hello_ticket);
    p->hello_us = c->now_us + HELLO_RESEND_US;
    size_t n = node_close(c, SEAL_HELLO, p->node, 0, p->hello_ticket, NULL, 0);
    send_to_peer(c, index, p->hello_ticket, n);
}

/* Something showed that the peer may have another boot than we think. */
static void doubt(struct cluster *c, uint16_t index)
{
    if (!c->peers[index].hello_ticket && c->peers[index].up)
        say_hello(c, index);
}

void requester_transmit(struct cluster *c, struct request *r)
{
    struct peer *p = &c->peers[r->peer];
    if (!p->up || !p->boot)
        return; /* requester_writable or the welcome sends it */
    c->counters.resent += r->sent;
    r->sent = true;
    requests_resend_at(&c->requests, r, c->now_us + REQUEST_RESEND_US);
    size_t n = node_close(c, SEAL_REQUEST, p->node, p->boot, r->ticket, r->body, r->len_bytes);
    send_to_peer(c, r->peer, r->ticket, n);
}

static void transmit_all(struct cluster *c, uint16_t peer)
{
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        struct request *r = &c->requests.slots[i];
        if (!r->ticket || r->expired || r->peer != peer)
            continue;
        requester_transmit(c, r);
    }
}

void requester_writable(struct cluster *c, uint16_t peer)
{
    if (peer >= c->peer_count) {
        c->counters.dropped_malformed++;
        return;
    }
    c->peers[peer].up = true;
    say_hello(c, peer);
    transmit_all(c, peer);
}

void requester_lost_process(struct cluster *c)
{
    for (size_t i = 0; i < c->peer_count; i++) {
        c->peers[i].up = false;
        c->peers[i].hello_ticket = 0;
        c->peers[i].hello_us = TIME_US_NEVER;
    }
}

void requester_step(struct cluster *c)
{
    struct request *r;
    while ((r = requests_due(&c->requests, c->now_us)) != NULL)
        requester_transmit(c, r);
    for (uint16_t i = 0; i < c->peer_count; i++) {
        if (c->peers[i].up && c->peers[i].hello_us <= c->now_us)
            say_hello(c, i);
    }
}

time_us requester_deadline(const struct cluster *c)
{
    time_us at = c->requests.due_us;
    for (size_t i = 0; i < c->peer_count; i++) {
        if (c->peers[i].up)
            at = time_us_min(at, c->peers[i].hello_us);
    }
    return at;
}

/* Our clock went back over a restart: peers have seen a newer boot of ours and would refuse all we
 * say. */
static void move_past(struct cluster *c, uint64_t seen)
{
    c->seal.boot = seal_boot_after(seen);
    log_write(
        LOG_WARN, "cluster.boot_behind",
        LOG_TEXT("remedy", "set this machine's clock; check that no other node has the same id"));
    for (uint16_t i = 0; i < c->peer_count; i++) {
        c->peers[i].hello_ticket = 0;
        c->peers[i].boot = 0;
        if (c->peers[i].up)
            say_hello(c, i);
    }
}

static void welcome(struct cluster *c, uint16_t index, const struct seal_header *h,
                    int64_t body_bytes)
{
    struct peer *p = &c->peers[index];
    if (body_bytes != SEAL_WELCOME_BODY) {
        c->counters.dropped_malformed++;
        return;
    }
    struct request *stale = requests_find(&c->requests, h->ticket);
    if (stale && stale->peer == index) {
        doubt(c, index); /* a request's ticket is not random, so it proves less than a hello's */
        return;
    }
    if (!p->hello_ticket || h->ticket != p->hello_ticket) {
        c->counters.dropped_replayed++; /* likewise */
        return;
    }
    p->hello_ticket = 0;
    p->hello_us = TIME_US_NEVER;
    uint64_t seen = bytes_get_u64(c->body);
    if (seen >= c->seal.boot) {
        move_past(c, seen);
        return;
    }
    if (p->boot == h->boot)
        return;
    p->boot = h->boot;
    seal_window_start(&p->replies, h->boot, h->counter);
    seal_window_start(&p->published, h->boot, h->counter);
    transmit_all(c, index);
}

static bool reply(struct cluster *c, uint16_t index, const struct seal_header *h,
                  int64_t body_bytes, struct cluster_message *out)
{
    struct peer *p = &c->peers[index];
    if (h->boot != p->boot || seal_window_take(&p->replies, h->boot, h->counter) < 0) {
        c->counters.dropped_replayed++;
        return false;
    }
    struct request *r = requests_find(&c->requests, h->ticket);
    if (!r || r->peer != index) {
        c->counters.dropped_replayed++; /* the second reply to a request that was sent twice */
        return false;
    }
    requests_remove(&c->requests, r);
    *out = (struct cluster_message){.type = CLUSTER_REPLY,
                                    .ticket = h->ticket,
                                    .body = (const char *)c->body,
                                    .len_bytes = (size_t)body_bytes};
    memcpy(out->node, p->node, CLUSTER_NODE_MAX);
    return true;
}

bool requester_reply_in(struct cluster *c, const struct process_message *m,
                        struct cluster_message *out)
{
    struct seal_header h;
    int64_t n = node_open(c, m, &h);
    if (n < 0)
        return false;
    if (m->peer >= c->peer_count || (h.type != SEAL_REPLY && h.type != SEAL_WELCOME)) {
        c->counters.dropped_malformed++;
        return false;
    }
    if (memcmp(h.sender, c->peers[m->peer].node, CLUSTER_NODE_MAX) != 0) {
        c->counters.dropped_unknown++;
        return false;
    }
    if (h.to_boot != c->seal.boot) {
        c->counters.dropped_replayed++;
        return false;
    }
    if (h.type == SEAL_REPLY)
        return reply(c, m->peer, &h, n, out);
    welcome(c, m->peer, &h, n);
    return false;
}

static int find_peer(const struct cluster *c, const char *node)
{
    for (size_t i = 0; i < c->peer_count; i++) {
        if (memcmp(c->peers[i].node, node, CLUSTER_NODE_MAX) == 0)
            return (int)i;
    }
    return -1;
}

bool requester_published_in(struct cluster *c, const struct process_message *m,
                            struct cluster_message *out)
{
    struct seal_header h;
    int64_t n = node_open(c, m, &h);
    if (n < 0)
        return false;
    if (h.type != SEAL_PUBLISH) {
        c->counters.dropped_malformed++;
        return false;
    }
    int index = find_peer(c, h.sender);
    if (index < 0) {
        c->counters.dropped_unknown++;
        return false;
    }
    struct peer *p = &c->peers[index];
    if (h.boot != p->boot) {
        doubt(c, (uint16_t)index);
        c->counters.dropped_replayed++;
        return false;
    }
    if (seal_window_take(&p->published, h.boot, h.counter) < 0) {
        c->counters.dropped_replayed++;
        return false;
    }
    *out = (struct cluster_message){
        .type = CLUSTER_PUBLISHED, .body = (const char *)c->body, .len_bytes = (size_t)n};
    memcpy(out->node, p->node, CLUSTER_NODE_MAX);
    return true;
}

bool requester_expired(struct cluster *c, struct cluster_message *out)
{
    struct request *r = requests_expired(&c->requests);
    if (!r)
        return false;
    *out = (struct cluster_message){
        .type = CLUSTER_REPLY, .ticket = r->ticket, .error = SQ_ERR_TIMEOUT};
    memcpy(out->node, c->peers[r->peer].node, CLUSTER_NODE_MAX);
    requests_remove(&c->requests, r);
    return true;
}
