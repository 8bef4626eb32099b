/* SPDX-License-Identifier: Apache-2.0 */
/* Node messages: the end that relay and signalling hold. Bodies are JSON texts, opaque here. Each
 * is sealed (cluster/seal.h: version, key id, sender, boot id, counter, XChaCha20-Poly1305) in this
 * process and handed over a Unix seqpacket socket to `shanqiao-cluster`, which alone holds nanomsg
 * sockets and sees only sealed frames. That process may die at any time: it is started again,
 * requests without a reply are sent again (commands are idempotent), and a subscriber learns of a
 * gap by the revision in the next heartbeat.
 *
 * Sans-callback: poll cluster_fd for input, call cluster_step, drain cluster_next. One owner
 * thread. */
#ifndef CLUSTER_CLUSTER_H
#define CLUSTER_CLUSTER_H

#include "base/config.h"
#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLUSTER_BODY_MAX                                                                           \
    (60 * 1024) /* bytes of one JSON body; frame and seal stay under NN_RCVMAXSIZE 64 KiB */
#define CLUSTER_NODE_MAX  40 /* bytes of a node id, final zero included */
#define CLUSTER_PEERS_MAX 64
#define CLUSTER_KEY_BYTES 32
#define CLUSTER_KEYS_MAX  2 /* live at a time, so that rotation has no gap */

struct cluster;

struct cluster_key {
    uint32_t id;
    uint8_t secret[CLUSTER_KEY_BYTES];
};

struct cluster_peer {
    char node[CLUSTER_NODE_MAX]; /* expected sender id of its replies and heartbeats */
    char commands[96];           /* nanomsg address of its REP socket, "tcp://10.0.0.2:7400" */
    char heartbeats[96];         /* nanomsg address of its PUB socket, "tcp://10.0.0.2:7401" */
};

struct cluster_config {
    char node[CLUSTER_NODE_MAX];
    const char *program; /* path of shanqiao-cluster; NULL: beside the running program, then PATH */
    char bind_commands[96];                       /* relay: REP address to listen on; empty: none */
    char bind_heartbeats[96];                     /* relay: PUB address to listen on; empty: none */
    struct cluster_peer peers[CLUSTER_PEERS_MAX]; /* signalling: relays to command */
    size_t peer_count;
    struct cluster_key keys[CLUSTER_KEYS_MAX]; /* keys[0] seals; all open */
    size_t key_count;
};

enum cluster_message_type {
    CLUSTER_REQUEST, /* relay: a command came in; answer with cluster_reply(ticket) */
    CLUSTER_REPLY,   /* signalling: answer to the request `ticket`; body NULL and error set when it
                        timed out */
    CLUSTER_PUBLISHED, /* a heartbeat or event of peer `node` */
    CLUSTER_RESTARTED  /* the nanomsg process died and was started again; told for the log */
};

struct cluster_message {
    enum cluster_message_type type;
    char node[CLUSTER_NODE_MAX]; /* authenticated sender */
    uint64_t ticket;
    const char *body; /* JSON text with final zero, borrowed until the next call */
    size_t len_bytes;
    int error; /* 0 or SQ_ERR_TIMEOUT */
};

/* Starts the process and waits (at most 5 s) until its addresses are bound. 0, SQ_ERR_NOMEM,
 * SQ_ERR_INVALID (configuration), SQ_ERR_IO (can't start it, or can't bind: the log says which).
 * The process dies with the thread that started it, so call this and cluster_step on one thread
 * that lives as long. */
int cluster_new(struct cluster **out, const struct cluster_config *config, time_us now_us);
void cluster_free(struct cluster *c); /* ends the process and reaps it */

int cluster_fd(const struct cluster
                   *c); /* poll for reading; the same for the life of c, an epoll of its own */
time_us cluster_deadline(const struct cluster *c);
void cluster_step(struct cluster *c, time_us now_us); /* reads what is there, runs timers */
bool cluster_next(struct cluster *c, struct cluster_message *out);

/* Sends a command to a peer; resent every 300 ms with the same body until the reply or timeout_us.
 * Ticket >= 1, or SQ_ERR_NOT_FOUND (peer), SQ_ERR_LIMIT (body, or 4096 in flight), SQ_ERR_NOMEM. */
int64_t cluster_request(struct cluster *c, const char *node, const char *body, size_t len_bytes,
                        time_us timeout_us, time_us now_us);
/* Answers a CLUSTER_REQUEST; the reply is kept for a while and sent again when the command is.
 * 0, SQ_ERR_LIMIT (body), SQ_ERR_NOT_FOUND (no such ticket, or answered), SQ_ERR_NOMEM. */
int cluster_reply(struct cluster *c, uint64_t ticket, const char *body, size_t len_bytes,
                  time_us now_us);
/* To whoever listens now. 0, SQ_ERR_LIMIT (body, or the process is behind), SQ_ERR_STATE (no
 * bind_heartbeats), SQ_ERR_UNREACHABLE (the process is being restarted): then it was not sent, and
 * a later heartbeat tells the gap. */
int cluster_publish(struct cluster *c, const char *body, size_t len_bytes, time_us now_us);

/* One more peer to command, or other addresses of a known one, while all the others go on: the
 * nanomsg process is started again with the new list, which costs its peers a moment as its death
 * would. A peer that is not wanted any more stays until the next start, so that what is on its way
 * to it ends as always. 0, SQ_ERR_INVALID (id or addresses), SQ_ERR_LIMIT (CLUSTER_PEERS_MAX). */
int cluster_set_peer(struct cluster *c, const struct cluster_peer *peer, time_us now_us);

struct cluster_counters {
    uint64_t opened, sealed, dropped_forged, dropped_replayed, dropped_malformed, dropped_unknown,
        dropped_full, restarts, resent;
};
void cluster_get_counters(const struct cluster *c, struct cluster_counters *out);

/* Reads a key file: lines "<id> <64 hex digits>", at most two, `#` comments. The first seals.
 * 0, SQ_ERR_IO, or SQ_ERR_INVALID with `line` set. The file must not be readable by others
 * (SQ_ERR_DENIED). */
int cluster_keys_read(const char *file, struct cluster_key keys[CLUSTER_KEYS_MAX], size_t *count,
                      int *line);

/* The same into out->keys for the configuration key "cluster.key_file"; what is wrong is said in
 * `error` as config_refuse does. The codes of cluster_keys_read. */
int cluster_keys_configure(struct cluster_config *out, const char *file,
                           const struct config_sources *sources, char error[CONFIG_ERROR_MAX]);

#endif
