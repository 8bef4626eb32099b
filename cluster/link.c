/* SPDX-License-Identifier: Apache-2.0 */
/* cluster.h put together: one node's hold on its nanomsg process, its requests and the commands it
 * gets. */
#include "base/check.h"
#include "cluster/node.h"
#include "shanqiao/error.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define STEP_MESSAGES                                                                              \
    256 /* looked at in one cluster_next that yields nothing, so that a flood can't hold its       \
           caller */

static bool peer_valid(const struct cluster_peer *p, const char *self)
{
    return seal_node_valid(p->node) && process_address_valid(p->commands, false) &&
           process_address_valid(p->heartbeats, true) && strcmp(p->node, self) != 0;
}

static bool peers_valid(const struct cluster_config *config)
{
    if (config->peer_count > CLUSTER_PEERS_MAX)
        return false;
    for (size_t i = 0; i < config->peer_count; i++) {
        const struct cluster_peer *p = &config->peers[i];
        if (!peer_valid(p, config->node))
            return false;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(p->node, config->peers[k].node) == 0)
                return false;
        }
    }
    return true;
}

static void process_config_of(struct process_config *out, const struct cluster_config *config)
{
    *out = (struct process_config){.peer_count = config->peer_count};
    memcpy(out->bind_commands, config->bind_commands, sizeof out->bind_commands);
    memcpy(out->bind_heartbeats, config->bind_heartbeats, sizeof out->bind_heartbeats);
    for (size_t i = 0; i < config->peer_count; i++) {
        memcpy(out->peers[i].commands, config->peers[i].commands, PROCESS_ADDRESS_MAX);
        memcpy(out->peers[i].heartbeats, config->peers[i].heartbeats, PROCESS_ADDRESS_MAX);
    }
}

static int setup(struct cluster *c, const struct cluster_config *config)
{
    if (!seal_node_valid(config->node) || !peers_valid(config) ||
        !process_address_valid(config->bind_commands, true) ||
        !process_address_valid(config->bind_heartbeats, true))
        return SQ_ERR_INVALID;
    int rc = seal_init(&c->seal, config->node, config->keys, config->key_count,
                       seal_boot_at(clock_utc_us()));
    if (rc < 0)
        return rc;
    c->peer_count = config->peer_count;
    for (size_t i = 0; i < c->peer_count; i++) {
        memcpy(c->peers[i].node, config->peers[i].node, strlen(config->peers[i].node));
        c->peers[i].hello_us = TIME_US_NEVER;
    }
    c->publishes = config->bind_heartbeats[0] != 0;
    struct process_config pc;
    process_config_of(&pc, config);
    return child_init(&c->child, config->program, &pc);
}

int cluster_new(struct cluster **out, const struct cluster_config *config, time_us now_us)
{
    *out = NULL;
    if (sodium_init() < 0)
        return SQ_ERR_INTERNAL;
    struct cluster *c = calloc(1, sizeof *c);
    if (!c)
        return SQ_ERR_NOMEM;
    c->child.fd = c->child.epoll = -1;
    c->now_us = now_us;
    requests_init(&c->requests);
    inbox_init(&c->inbox);
    int rc = setup(c, config);
    if (rc == 0)
        rc = child_start(&c->child, now_us);
    if (rc == 0)
        rc =
            child_wait_ready(&c->child, (int)(CHILD_READY_US / TIME_US_PER_MS)) < 0 ? SQ_ERR_IO : 0;
    if (rc < 0) {
        cluster_free(c);
        return rc;
    }
    *out = c;
    return 0;
}

void cluster_free(struct cluster *c)
{
    if (!c)
        return;
    child_flush(&c->child);
    child_fini(&c->child);
    requests_fini(&c->requests);
    inbox_fini(&c->inbox);
    seal_fini(&c->seal);
    free(c);
}

int cluster_fd(const struct cluster *c)
{
    return c->child.epoll;
}

time_us cluster_deadline(const struct cluster *c)
{
    return time_us_min(requester_deadline(c), child_deadline(&c->child));
}

void cluster_step(struct cluster *c, time_us now_us)
{
    c->now_us = now_us;
    if (now_us >= c->child.restart_us && child_start(&c->child, now_us) == 0)
        c->counters.restarts++;
    child_flush(&c->child);
    requester_step(c);
}

/* ---- peers that come and go ---- */

/* The process takes its list of peers once: with a new list it is a new process. */
static void new_process(struct cluster *c)
{
    child_restart(&c->child, c->now_us);
    requester_lost_process(c);
    c->counters.restarts++;
    c->restarts_told++; /* not a death */
}

/* The peer's index, or the next free one. */
static size_t place_of(const struct cluster *c, const char *node)
{
    size_t i = 0;
    while (i < c->peer_count && strcmp(c->peers[i].node, node) != 0)
        i++;
    return i;
}

int cluster_set_peer(struct cluster *c, const struct cluster_peer *peer, time_us now_us)
{
    c->now_us = now_us;
    size_t i = place_of(c, peer->node);
    if (!peer_valid(peer, c->seal.node))
        return SQ_ERR_INVALID;
    if (i == CLUSTER_PEERS_MAX)
        return SQ_ERR_LIMIT;
    struct process_peer *known = &c->child.config.peers[i];
    bool is_new = i == c->peer_count;
    if (!is_new && !strcmp(known->commands, peer->commands) &&
        !strcmp(known->heartbeats, peer->heartbeats))
        return 0;
    if (is_new) {
        c->peers[i] = (struct peer){.hello_us = TIME_US_NEVER};
        memcpy(c->peers[i].node, peer->node, strlen(peer->node));
        c->child.config.peer_count = ++c->peer_count;
    }
    memcpy(known->commands, peer->commands, PROCESS_ADDRESS_MAX);
    memcpy(known->heartbeats, peer->heartbeats, PROCESS_ADDRESS_MAX);
    new_process(c);
    return 0;
}

int64_t node_open(struct cluster *c, const struct process_message *m, struct seal_header *h)
{
    int64_t n = seal_open(&c->seal, m->payload, m->payload_bytes, h, c->body);
    if (n >= 0)
        c->counters.opened++;
    else if (n == SQ_ERR_FORGED)
        c->counters.dropped_forged++;
    else if (n == SQ_ERR_NOT_FOUND)
        c->counters.dropped_unknown++;
    else
        c->counters.dropped_malformed++;
    return n;
}

size_t node_close(struct cluster *c, enum seal_type type, const char *to, uint64_t to_boot,
                  uint64_t ticket, const void *body, size_t len_bytes)
{
    int64_t n = seal_close(&c->seal, type, to, to_boot, ticket, body, len_bytes, c->frame);
    CHECK(n > 0);
    c->counters.sealed++;
    return (size_t)n;
}

/* True: `out` is filled. */
static bool message_in(struct cluster *c, const struct process_message *m,
                       struct cluster_message *out)
{
    switch (m->type) {
    case PROCESS_READY:
    case PROCESS_FAILED:
        return false;
    case PROCESS_WRITABLE:
        requester_writable(c, m->peer);
        return false;
    case PROCESS_REQUEST_IN:
        return responder_request_in(c, m, out);
    case PROCESS_REPLY_IN:
        return requester_reply_in(c, m, out);
    case PROCESS_PUBLISHED_IN:
        return requester_published_in(c, m, out);
    default:
        c->counters.dropped_malformed++;
        return false;
    }
}

bool cluster_next(struct cluster *c, struct cluster_message *out)
{
    if (c->restarts_told < c->counters.restarts) {
        c->restarts_told++;
        *out = (struct cluster_message){.type = CLUSTER_RESTARTED};
        memcpy(out->node, c->seal.node, CLUSTER_NODE_MAX);
        return true;
    }
    if (requester_expired(c, out))
        return true;
    for (int i = 0; i < STEP_MESSAGES; i++) {
        struct process_message m;
        int rc = child_receive(&c->child, &m, c->now_us);
        if (rc == 0)
            return false;
        if (rc == SQ_ERR_CLOSED) {
            requester_lost_process(c);
            return false;
        }
        if (rc < 0)
            c->counters.dropped_malformed++;
        else if (message_in(c, &m, out))
            return true;
    }
    return false;
}

int64_t cluster_request(struct cluster *c, const char *node, const char *body, size_t len_bytes,
                        time_us timeout_us, time_us now_us)
{
    c->now_us = now_us;
    if (len_bytes > CLUSTER_BODY_MAX)
        return SQ_ERR_LIMIT;
    for (uint16_t i = 0; i < c->peer_count; i++) {
        if (strcmp(c->peers[i].node, node) != 0)
            continue;
        struct request *r = requests_add(&c->requests, i, body, len_bytes, now_us + timeout_us);
        if (!r)
            return c->requests.free_count ? SQ_ERR_NOMEM : SQ_ERR_LIMIT;
        requester_transmit(c, r);
        return (int64_t)r->ticket;
    }
    return SQ_ERR_NOT_FOUND;
}

int cluster_reply(struct cluster *c, uint64_t ticket, const char *body, size_t len_bytes,
                  time_us now_us)
{
    c->now_us = now_us;
    if (len_bytes > CLUSTER_BODY_MAX)
        return SQ_ERR_LIMIT;
    struct inbox_entry *e = inbox_open(&c->inbox, ticket);
    if (!e)
        return SQ_ERR_NOT_FOUND;
    int rc = inbox_answer(&c->inbox, e, body, len_bytes);
    if (rc == 0)
        responder_send_reply(c, e);
    return rc;
}

int cluster_publish(struct cluster *c, const char *body, size_t len_bytes, time_us now_us)
{
    c->now_us = now_us;
    if (len_bytes > CLUSTER_BODY_MAX)
        return SQ_ERR_LIMIT;
    if (!c->publishes)
        return SQ_ERR_STATE;
    size_t n = node_close(c, SEAL_PUBLISH, NULL, 0, 0, body, len_bytes);
    return child_send(&c->child, &(struct process_message){.type = PROCESS_PUBLISH,
                                                           .payload = c->frame,
                                                           .payload_bytes = n});
}

void cluster_get_counters(const struct cluster *c, struct cluster_counters *out)
{
    *out = c->counters;
}
