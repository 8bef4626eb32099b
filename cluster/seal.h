/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed frames between nodes. Knows keys, headers and counters; refuses to know sockets,
 * processes, the clock and what a body says. Frame, integers in network order:
 *
 *     0  version (1)   1  type   2  reserved (0, 2 bytes)   4  key id (4)
 *     8  boot of the sender (8)        16  counter, grows with each frame of that boot (8)
 *    24  ticket (8)                    32  boot of the recipient that is meant, or 0 (8)
 *    40  node id of the sender, padded with zeros (40)
 *    80  nonce, random (24)           104  XChaCha20-Poly1305 of the body, then its tag (16)
 *
 * The associated data are bytes 0-79 and, not on the wire, the recipient's node id (zeros for what
 * is published), so a frame can be neither sent back to its sender, nor handed to a third node, nor
 * turned from a request into a reply.
 *
 * Freshness. Replays within a boot of the sender fail on the counter (struct seal_window). Replays
 * of an older boot fail because boots are ordered: start time in the high bits, and a node whose
 * clock went back is told by its peers and moves past its old boot (seal_boot_after). Replays
 * towards a restarted recipient fail because a request names the recipient's boot; which boot that
 * is, and where its counter stands, the requester learns by SEAL_HELLO with a random ticket and the
 * SEAL_WELCOME bound to that ticket. Replies name ticket and boot of the request.
 *
 * All nodes share the keys: a node that holds one could speak as another. Give each installation
 * its own. */
#ifndef CLUSTER_SEAL_H
#define CLUSTER_SEAL_H

#include "cluster/cluster.h"

#define SEAL_VERSION      1
#define SEAL_HEADER_BYTES 80
#define SEAL_NONCE_BYTES                                                                           \
    24 /* crypto_aead_xchacha20poly1305_ietf_NPUBBYTES: long enough to be random */
#define SEAL_TAG_BYTES 16
#define SEAL_OVERHEAD  (SEAL_HEADER_BYTES + SEAL_NONCE_BYTES + SEAL_TAG_BYTES)
#define SEAL_FRAME_MAX (CLUSTER_BODY_MAX + SEAL_OVERHEAD)
#define SEAL_WINDOW    1024 /* counters: how far behind the newest a frame may come */

enum seal_type {
    SEAL_REQUEST = 1,
    SEAL_REPLY,
    SEAL_PUBLISH,
    SEAL_HELLO,  /* requester: which boot are you? Empty body */
    SEAL_WELCOME /* answer to HELLO, or to a request that names another boot; body:
                    SEAL_WELCOME_BODY bytes */
};
#define SEAL_WELCOME_BODY 8 /* a newer boot under which the requester was seen, or 0 */

/* One node's sealing end. */
struct seal {
    char node[CLUSTER_NODE_MAX];
    uint64_t boot;
    uint64_t counter; /* of the last frame */
    struct cluster_key keys[CLUSTER_KEYS_MAX];
    size_t key_count;
};

struct seal_header {
    enum seal_type type;
    uint32_t key_id;
    uint64_t boot, counter, ticket, to_boot;
    char sender[CLUSTER_NODE_MAX];
};

/* Copies node id and keys. 0, or SQ_ERR_INVALID: node id not of [A-Za-z0-9_-]{1,39}, no key, two
 * keys of one id. */
int seal_init(struct seal *s, const char *node, const struct cluster_key *keys, size_t key_count,
              uint64_t boot);
void seal_fini(struct seal *s); /* wipes the keys */

/* [A-Za-z0-9_-]{1,39} */
bool seal_node_valid(const char *node);

/* Seals a body into out (at least len_bytes + SEAL_OVERHEAD). `to` is the recipient, NULL for
 * SEAL_PUBLISH. Length of the frame, or SQ_ERR_LIMIT (body longer than CLUSTER_BODY_MAX). */
int64_t seal_close(struct seal *s, enum seal_type type, const char *to, uint64_t to_boot,
                   uint64_t ticket, const void *body, size_t len_bytes, uint8_t *out);

/* Opens a frame that is meant for this node. The body (len - SEAL_OVERHEAD bytes) is written to
 * `body`, of at least CLUSTER_BODY_MAX + 1 bytes, with a zero behind it. Of a frame that does
 * not open, `body` shows nothing. Does not look at counters: that is seal_window_take. Length
 * of the body, or SQ_ERR_INVALID (malformed), SQ_ERR_UNSUPPORTED (version), SQ_ERR_NOT_FOUND (key
 * id), SQ_ERR_FORGED. */
int64_t seal_open(const struct seal *s, const uint8_t *frame, size_t len_bytes,
                  struct seal_header *header, uint8_t *body);

/* Which counters of a sender's boot have been taken. Zero-initialised: none, any boot. */
struct seal_window {
    uint64_t boot;
    uint64_t newest;
    uint64_t taken[SEAL_WINDOW / 64]; /* bit counter % SEAL_WINDOW */
};

/* Takes a counter of an authentic frame: 0 once, then SQ_ERR_REPLAY; SQ_ERR_REPLAY also for an
 * older boot and for counters that are SEAL_WINDOW or more behind. A newer boot empties the window.
 */
int seal_window_take(struct seal_window *w, uint64_t boot, uint64_t counter);
/* Starts at a boot and counter that were proven fresh: everything up to that counter counts as
 * taken. */
void seal_window_start(struct seal_window *w, uint64_t boot, uint64_t counter);

/* A boot id: 42 bits of milliseconds since 1970 (until 2109), 22 random bits; never 0. */
uint64_t seal_boot_at(time_us utc_us);
/* A boot id later than `seen`. */
uint64_t seal_boot_after(uint64_t seen);

#endif
