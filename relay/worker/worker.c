/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: wait, read the clock once, take batches, run what is due, send batches.
 * Refuses to know: JSON, other workers' memory. */
#include "relay/worker/worker.h"
#include "base/check.h"
#include "base/random.h"
#include "relay/worker/mailbox.h"
#include "relay/worker/tcp.h"
#include "relay/worker/udp.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_MAX  64
#define ROUNDS_MAX  8 /* batches before timers get their turn */
#define FLUSH_AT    (ROUTER_OUT_MAX / 4)
#define WAIT_MAX_MS 100
#define SIZES       4
#define SOURCE_UDP  0
#define SOURCE_POST 1
#define SOURCE_TCP  2

/* What the main thread may read while the loop runs. */
struct worker_figures {
    _Atomic int64_t beat_us;
    _Atomic uint64_t turns, busy_us, longest_us;
    _Atomic uint64_t sizes[SIZES];
    _Atomic uint64_t counters[RELAY_COUNTER_COUNT];
};

struct worker {
    struct worker_config config;
    struct router *router;
    struct packet_pool *pool;
    struct packet
        *inbox[UDP_BATCH]; /* empty packets for the next batch; NULL where the pool was out */
    struct net_tuple senders[UDP_BATCH];
    struct udp_socket udp;
    struct tcp_server tcp;
    struct mailbox commands, replies, events;
    int epoll_fd;
    pthread_t thread;
    bool running;
    _Atomic bool stop;
    time_us told_us; /* figures */
    uint64_t turns, busy_us, longest_us;
    struct worker_figures figures;
};

static int watch(struct worker *w, int fd, uint64_t source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = source};
    return epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? SQ_ERR_IO : 0;
}

static int open_sockets(struct worker *w)
{
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (w->epoll_fd < 0 || udp_open(&w->udp, &w->config.listen))
        return SQ_ERR_IO;
    int code = w->config.tcp ? tcp_open(&w->tcp, &w->udp.local, w->epoll_fd) : 0;
    if (!code && w->config.tcp)
        code = watch(w, w->tcp.fd, SOURCE_TCP);
    if (!code)
        code = watch(w, w->udp.fd, SOURCE_UDP);
    return code;
}

static int open_mailboxes(struct worker *w)
{
    int code = mailbox_init(&w->commands, sizeof(struct relay_command), WORKER_COMMANDS_MAX);
    if (!code)
        code = mailbox_init(&w->replies, sizeof(struct relay_reply), WORKER_REPLIES_MAX);
    if (!code)
        code = mailbox_init(&w->events, sizeof(struct relay_event), WORKER_EVENTS_MAX);
    return code ? code : watch(w, w->commands.fd, SOURCE_POST);
}

int worker_new(struct worker **out, const struct worker_config *config)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w)
        return SQ_ERR_NOMEM;
    w->config = *config;
    w->epoll_fd = w->udp.fd = w->tcp.fd = -1;
    struct router_config router = {.identity = config->identity};
    random_bytes(&router.hash_seed, sizeof router.hash_seed);
    int code = packet_pool_new(&w->pool, config->packets);
    if (!code)
        code = router_new(&w->router, &router, clock_monotonic_us());
    if (!code)
        code = open_sockets(w);
    if (!code)
        code = open_mailboxes(w);
    if (code) {
        int saved = errno;
        worker_free(w);
        errno = saved;
        return code;
    }
    atomic_store(&w->figures.beat_us, clock_monotonic_us());
    *out = w;
    return 0;
}

uint16_t worker_port(const struct worker *w)
{
    return w->udp.local.port;
}

/* ---- out ---- */

static void send_batch(struct worker *w, const struct transport_datagram **batch, size_t *count)
{
    size_t refused = *count ? udp_send(&w->udp, batch, *count) : 0;
    router_count(w->router, RELAY_DROP_SOCKET, refused);
    *count = 0;
}

static void flush(struct worker *w)
{
    const struct transport_datagram *batch[UDP_BATCH], *d;
    size_t count = 0;
    while ((d = router_next_datagram(w->router))) {
        if (d->tuple.protocol == NET_TCP) {
            if (!tcp_send(&w->tcp, d->tuple.stream, d->data, d->len_bytes))
                router_count(w->router, RELAY_DROP_TCP, 1);
            continue;
        }
        batch[count++] = d;
        if (count == UDP_BATCH)
            send_batch(w, batch, &count);
    }
    send_batch(w, batch, &count);
    router_release(w->router);
}

static void hand_events(struct worker *w)
{
    struct relay_event event;
    while (mailbox_room(&w->events) && router_next_event(w->router, &event)) {
        CHECK(mailbox_put(&w->events, &event));
        mailbox_ring(&w->replies);
    }
}

/* ---- in ---- */

/* Fills the empty places at the front: how many packets are ready. */
static size_t refill(struct worker *w)
{
    size_t ready = 0;
    for (size_t i = 0; i < UDP_BATCH; i++) {
        if (!w->inbox[i])
            w->inbox[i] = packet_take(w->pool);
        if (!w->inbox[i])
            break;
        ready++;
    }
    return ready;
}

/* Packets go to the router; one that nobody kept is used again. */
static void give(struct worker *w, size_t i, time_us now_us)
{
    struct packet *p = w->inbox[i];
    if (p->len_bytes)
        router_receive(w->router, &w->senders[i], p, now_us);
    if (p->refs > 1) {
        packet_unref(p);
        w->inbox[i] = NULL;
    }
    if (router_out_count(w->router) > FLUSH_AT)
        flush(w);
}

static void read_udp(struct worker *w, time_us now_us)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        size_t ready = refill(w);
        if (ready == 0) {
            router_count(w->router, RELAY_DROP_NO_BUFFER, 1);
            (void)recv(w->udp.fd, &(char){0}, 1, MSG_DONTWAIT | MSG_TRUNC);
            return;
        }
        size_t got = udp_receive(&w->udp, w->inbox, w->senders, ready);
        for (size_t i = 0; i < got; i++)
            give(w, i, now_us);
        if (got < ready)
            return;
    }
}

static void read_tcp(struct worker *w, size_t index, time_us now_us)
{
    for (int round = 0; round < ROUNDS_MAX * UDP_BATCH; round++) {
        if (refill(w) == 0) {
            router_count(w->router, RELAY_DROP_NO_BUFFER, 1);
            return;
        }
        int got = tcp_receive(&w->tcp, index, w->inbox[0], &w->senders[0], now_us);
        if (got < 0)
            router_tcp_closed(w->router, w->senders[0].stream, now_us);
        if (got <= 0)
            return;
        give(w, 0, now_us);
    }
}

static void run_commands(struct worker *w, time_us now_us)
{
    struct relay_command command;
    struct relay_reply reply;
    while (mailbox_room(&w->replies) && mailbox_take(&w->commands, &command)) {
        router_command(w->router, &command, &reply, now_us);
        CHECK(mailbox_put(&w->replies, &reply));
    }
}

static void take_input(struct worker *w, const struct epoll_event *event, time_us now_us)
{
    if (event->data.u64 == SOURCE_UDP) {
        read_udp(w, now_us);
    } else if (event->data.u64 == SOURCE_POST) {
        run_commands(w, now_us);
    } else if (event->data.u64 == SOURCE_TCP) {
        tcp_accept(&w->tcp, now_us);
    } else {
        size_t index = (size_t)(event->data.u64 - TCP_EPOLL_FIRST);
        if (event->events & EPOLLOUT)
            tcp_writable(&w->tcp, index);
        if (event->events & ~(uint32_t)EPOLLOUT)
            read_tcp(w, index, now_us);
    }
}

/* ---- the loop ---- */

static void tell_figures(struct worker *w, time_us now_us)
{
    uint64_t counters[RELAY_COUNTER_COUNT];
    struct router_sizes sizes;
    router_get_counters(w->router, counters);
    router_get_sizes(w->router, &sizes);
    counters[RELAY_DROP_TCP] += w->tcp.refused;
    for (size_t i = 0; i < RELAY_COUNTER_COUNT; i++)
        atomic_store_explicit(&w->figures.counters[i], counters[i], memory_order_relaxed);
    const size_t all[SIZES] = {sizes.rooms, sizes.transports, sizes.producers, sizes.consumers};
    for (size_t i = 0; i < SIZES; i++)
        atomic_store_explicit(&w->figures.sizes[i], all[i], memory_order_relaxed);
    atomic_store_explicit(&w->figures.turns, w->turns, memory_order_relaxed);
    atomic_store_explicit(&w->figures.busy_us, w->busy_us, memory_order_relaxed);
    atomic_store_explicit(&w->figures.longest_us, w->longest_us, memory_order_relaxed);
    w->told_us = now_us;
}

static void expire_connections(struct worker *w, time_us now_us)
{
    for (uint32_t stream = tcp_expire(&w->tcp, now_us); stream;
         stream = tcp_expire(&w->tcp, now_us))
        router_tcp_closed(w->router, stream, now_us);
}

static int wait_ms(const struct worker *w)
{
    time_us left = router_deadline(w->router);
    if (left != TIME_US_NEVER)
        left = left > 0 ? left - clock_monotonic_us() : 0;
    if (left <= 0)
        return 0;
    return left > WAIT_MAX_MS * TIME_US_PER_MS
               ? WAIT_MAX_MS
               : (int)((left + TIME_US_PER_MS - 1) / TIME_US_PER_MS);
}

static void turn(struct worker *w)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(w->epoll_fd, events, EVENTS_MAX, wait_ms(w));
    time_us now = clock_monotonic_us();
    atomic_store_explicit(&w->figures.beat_us, now, memory_order_relaxed);
    for (int i = 0; i < count; i++)
        take_input(w, &events[i], now);
    if (router_deadline(w->router) <= now)
        router_timeout(w->router, now);
    hand_events(w);
    flush(w);
    w->turns++;
    uint64_t busy = (uint64_t)(clock_monotonic_us() - now);
    w->busy_us += busy;
    w->longest_us = busy > w->longest_us ? busy : w->longest_us;
    if (now - w->told_us >= WORKER_STATUS_US) {
        expire_connections(w, now);
        tell_figures(w, now);
    }
}

static void *run(void *user)
{
    struct worker *w = user;
    while (!atomic_load_explicit(&w->stop, memory_order_relaxed))
        turn(w);
    return NULL;
}

int worker_start(struct worker *w)
{
    if (pthread_create(&w->thread, NULL, run, w))
        return SQ_ERR_IO;
    w->running = true;
    return 0;
}

void worker_free(struct worker *w)
{
    struct relay_reply reply;
    if (!w)
        return;
    if (w->running) {
        atomic_store(&w->stop, true);
        mailbox_ring(&w->commands);
        pthread_join(w->thread, NULL);
    }
    while (w->replies.capacity && mailbox_take(&w->replies, &reply))
        free(reply.stats);
    if (w->router && w->epoll_fd >= 0) { /* the peers look for another relay at once */
        router_close_rooms(w->router, clock_monotonic_us());
        flush(w);
    }
    router_free(w->router);
    for (size_t i = 0; i < UDP_BATCH; i++)
        if (w->inbox[i])
            packet_unref(w->inbox[i]);
    packet_pool_free(w->pool);
    tcp_close(&w->tcp);
    udp_close(&w->udp);
    if (w->epoll_fd >= 0)
        close(w->epoll_fd);
    mailbox_fini(&w->commands);
    mailbox_fini(&w->replies);
    mailbox_fini(&w->events);
    free(w);
}

bool worker_post(struct worker *w, const struct relay_command *command)
{
    return mailbox_put(&w->commands, command);
}

int worker_fd(const struct worker *w)
{
    return w->replies.fd;
}

bool worker_take_reply(struct worker *w, struct relay_reply *out)
{
    if (!mailbox_take(&w->replies, out))
        return false;
    mailbox_ring(&w->commands); /* commands may have waited for room */
    return true;
}

bool worker_take_event(struct worker *w, struct relay_event *out)
{
    return mailbox_take(&w->events, out);
}

void worker_get_status(const struct worker *w, struct worker_status *out)
{
    const struct worker_figures *f = &w->figures;
    *out = (struct worker_status){
        .beat_us = atomic_load_explicit(&f->beat_us, memory_order_relaxed),
        .turns = atomic_load_explicit(&f->turns, memory_order_relaxed),
        .busy_us = atomic_load_explicit(&f->busy_us, memory_order_relaxed),
        .longest_us = atomic_load_explicit(&f->longest_us, memory_order_relaxed),
        .sizes = {atomic_load_explicit(&f->sizes[0], memory_order_relaxed),
                  atomic_load_explicit(&f->sizes[1], memory_order_relaxed),
                  atomic_load_explicit(&f->sizes[2], memory_order_relaxed),
                  atomic_load_explicit(&f->sizes[3], memory_order_relaxed)}};
    for (size_t i = 0; i < RELAY_COUNTER_COUNT; i++)
        out->counters[i] = atomic_load_explicit(&f->counters[i], memory_order_relaxed);
}
