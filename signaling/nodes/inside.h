/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of nodes/: its state, and the notices between nodes. */
#ifndef SIGNALING_NODES_INSIDE_H
#define SIGNALING_NODES_INSIDE_H

#include "signaling/nodes/nodes.h"

#define NODES_CHANNEL_MAX 63 /* PostgreSQL's limit of a name */
#define NODES_NOTICES_MAX 256

/* Another node, as last seen. */
struct known {
    char id[NODE_ID_MAX], boot[ID_MAX];
    int64_t beat;
    time_us since_us; /* monotonic: the beat is that since */
    bool here;        /* in the last look */
};

struct taken {
    char room[ID_MAX];
};

struct nodes {
    struct service *service;
    char id[NODE_ID_MAX], boot[ID_MAX];
    bool lost;
    bool gone; /* a node left: its rooms wait */
    bool dead; /* in the last look, which was just now, a lease was over */
    time_us renewed_us, beat_us, watched_us, now_us;
    struct known known[NODES_MAX];
    size_t known_count;
    struct taken *taken;
    size_t taken_count;
    struct nodes_notice notices[NODES_NOTICES_MAX];
    size_t notice_count;
};

const char *nodes_channel(const char *node, char out[NODES_CHANNEL_MAX]);
int nodes_notify(struct nodes *n, const char *node, const char *text);
/* Moves what the store has heard into the queue. */
void nodes_gather(struct nodes *n);

#endif
