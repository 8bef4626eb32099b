/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiao-cluster: carries sealed frames between nanomsg and the node that started it, until that
 * node closes. Knows neither keys nor bodies. It may die at any time (nanomsg aborts on what it did
 * not foresee); the node starts it again, so it keeps nothing. */
#include "base/log.h"
#include "cluster/process/sockets.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH    64 /* frames from one source before the others are looked at */
#define POLL_MAX (3 + 2 * CLUSTER_PEERS_MAX)

struct process {
    struct sockets sockets;
    bool held; /* out holds a message that the node had no room for; nothing is taken from nanomsg
                  meanwhile */
    size_t out_bytes;
    uint8_t out[PROCESS_MESSAGE_MAX];
    uint8_t in[PROCESS_MESSAGE_MAX];
    uint8_t payload[PROCESS_PAYLOAD_MAX];
    uint8_t route[PROCESS_ROUTE_MAX];
};

static _Noreturn void finish(void)
{
    _exit(0); /* nanomsg's thread is still running: no exit handlers */
}

static void flush(struct process *p)
{
    ssize_t n = send(PROCESS_FD, p->out, p->out_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
        finish();
    p->held = n < 0;
}

static void tell(struct process *p, const struct process_message *m)
{
    p->out_bytes = process_encode(m, p->out);
    flush(p);
}

static void from_node(struct process *p, const struct process_message *m)
{
    switch (m->type) {
    case PROCESS_REQUEST:
        sockets_request(&p->sockets, m->peer, m->id & PROCESS_REQUEST_ID_MAX, m->payload,
                        m->payload_bytes);
        break;
    case PROCESS_REPLY:
        sockets_reply(&p->sockets, m->route, m->route_bytes, m->payload, m->payload_bytes);
        break;
    case PROCESS_PUBLISH:
        sockets_publish(&p->sockets, m->payload, m->payload_bytes);
        break;
    default:
        break;
    }
}

/* Bytes of the next message, 0 when there is none now; ends with the node. */
static size_t receive(struct process *p, int flags)
{
    for (;;) {
        ssize_t n = recv(PROCESS_FD, p->in, sizeof p->in, flags | MSG_TRUNC);
        if (n > 0 && n <= PROCESS_MESSAGE_MAX)
            return (size_t)n;
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            finish();
        if (n < 0 && errno == EAGAIN)
            return 0;
    }
}

static void read_node(struct process *p)
{
    for (int i = 0; i < BATCH; i++) {
        size_t n = receive(p, MSG_DONTWAIT);
        if (n == 0)
            return;
        struct process_message m;
        if (process_decode(&m, p->in, n) == 0)
            from_node(p, &m);
    }
}

/* Frames until there are no more, the node has no room, or the batch is used up. */
static void read_requests(struct process *p)
{
    struct process_message m;
    for (int i = 0; i < BATCH && !p->held; i++) {
        if (!sockets_take_request(&p->sockets, &m, p->payload, p->route))
            return;
        tell(p, &m);
    }
}

static void read_published(struct process *p)
{
    struct process_message m;
    for (int i = 0; i < BATCH && !p->held; i++) {
        if (!sockets_take_published(&p->sockets, &m, p->payload))
            return;
        tell(p, &m);
    }
}

static void read_replies(struct process *p, uint16_t peer)
{
    struct process_message m;
    for (int i = 0; i < BATCH && !p->held; i++) {
        if (!sockets_take_reply(&p->sockets, peer, &m, p->payload))
            return;
        tell(p, &m);
    }
}

static void read_writable(struct process *p, uint16_t peer)
{
    if (p->held)
        return;
    p->sockets.peers[peer].writable = true;
    tell(p, &(struct process_message){.type = PROCESS_WRITABLE, .peer = peer});
}

/* What each entry of the poll set is for. */
enum source { SOURCE_NODE, SOURCE_REQUESTS, SOURCE_PUBLISHED, SOURCE_REPLIES, SOURCE_WRITABLE };

struct watch {
    struct pollfd fds[POLL_MAX];
    struct {
        enum source source;
        uint16_t peer;
    } of[POLL_MAX];
    nfds_t count;
};

static void watch_add(struct watch *w, int fd, short events, enum source source, uint16_t peer)
{
    if (fd < 0)
        return;
    w->fds[w->count] = (struct pollfd){.fd = fd, .events = events};
    w->of[w->count].source = source;
    w->of[w->count].peer = peer;
    w->count++;
}

static void watch_build(struct watch *w, const struct process *p)
{
    w->count = 0;
    watch_add(w, PROCESS_FD, p->held ? POLLIN | POLLOUT : POLLIN, SOURCE_NODE, 0);
    if (p->held)
        return;
    watch_add(w, p->sockets.rep_fd, POLLIN, SOURCE_REQUESTS, 0);
    watch_add(w, p->sockets.sub_fd, POLLIN, SOURCE_PUBLISHED, 0);
    for (uint16_t i = 0; i < p->sockets.peer_count; i++) {
        const struct sockets_peer *peer = &p->sockets.peers[i];
        watch_add(w, peer->receive_fd, POLLIN, SOURCE_REPLIES, i);
        if (!peer->writable)
            watch_add(w, peer->send_fd, POLLIN, SOURCE_WRITABLE, i);
    }
}

static void serve(struct process *p, enum source source, uint16_t peer, short events)
{
    switch (source) {
    case SOURCE_NODE:
        if (p->held && (events & POLLOUT))
            flush(p);
        if (events & (POLLIN | POLLHUP | POLLERR))
            read_node(p);
        break;
    case SOURCE_REQUESTS:
        read_requests(p);
        break;
    case SOURCE_PUBLISHED:
        read_published(p);
        break;
    case SOURCE_REPLIES:
        read_replies(p, peer);
        break;
    case SOURCE_WRITABLE:
        read_writable(p, peer);
        break;
    }
}

static _Noreturn void run(struct process *p)
{
    struct watch w;
    for (;;) {
        watch_build(&w, p);
        if (poll(w.fds, w.count, -1) < 0 && errno != EINTR)
            finish();
        for (nfds_t i = 0; i < w.count; i++) {
            if (w.fds[i].revents)
                serve(p, w.of[i].source, w.of[i].peer, w.fds[i].revents);
        }
    }
}

static void open_sockets(struct process *p)
{
    static struct process_config config;
    struct process_message m;
    size_t n = receive(p, 0);
    char error[SOCKETS_ERROR_MAX] = "the first message is no configuration";
    bool good = process_decode(&m, p->in, n) == 0 && m.type == PROCESS_CONFIG &&
                process_config_decode(&config, m.payload, m.payload_bytes) == 0;
    if (good && sockets_open(&p->sockets, &config, error) == 0) {
        tell(p, &(struct process_message){.type = PROCESS_READY});
        return;
    }
    tell(p, &(struct process_message){.type = PROCESS_FAILED,
                                      .payload = (const uint8_t *)error,
                                      .payload_bytes = strlen(error)});
    _exit(1);
}

/* Keyboard and service manager speak to the node; this process ends when the node does. */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
}

static bool is_our_socket(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

#define VERSION "0.1.0"

/* A node gives neither arguments nor a terminal, only its socket: whoever else runs this is told
 * what it is. */
static int explain(int argc, char **argv)
{
    bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("shanqiao-cluster " VERSION) < 0;
    if (argc > 1 && !asked)
        fprintf(stderr, "shanqiao-cluster: found \"%s\", want no arguments\n", argv[1]);
    fputs("shanqiao-cluster " VERSION
          ": carries sealed node messages over nanomsg for one relay or signalling server.\n"
          "shanqiao-relay and shanqiao-signaling start it by themselves; run one of them. It has\n"
          "no options but --help and --version, and its addresses are their cluster.* keys.\n",
          asked ? stdout : stderr);
    return asked ? 0 : 2;
}

int main(int argc, char **argv)
{
    if (argc > 1 || !is_our_socket(PROCESS_FD))
        return explain(argc, argv);
    /* A node that died before this line has closed its end, which receive sees. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ignore_signals();
    static struct process process;
    open_sockets(&process);
    run(&process);
}
