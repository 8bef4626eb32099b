/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, feeding, hearing and reaping the nanomsg process; see child.h. */
#include "cluster/child.h"
#include "base/check.h"
#include "base/log.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM_NAME "shanqiao-cluster"
#define PATH_BYTES   4096
#define FINISH_MS    500 /* how long a process may take to end by itself when its node closes */

extern char **environ;

int child_init(struct child *c, const char *program, const struct process_config *config)
{
    *c = (struct child){.fd = -1, .epoll = -1, .restart_us = TIME_US_NEVER};
    c->config = *config;
    c->in = malloc(PROCESS_MESSAGE_MAX);
    c->out = malloc(PROCESS_MESSAGE_MAX);
    c->program = program ? strdup(program) : NULL;
    if (!c->in || !c->out || (program && !c->program)) {
        child_fini(c);
        return SQ_ERR_NOMEM;
    }
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (c->epoll < 0) {
        child_fini(c);
        return SQ_ERR_IO;
    }
    return 0;
}

static void queue_clear(struct child *c)
{
    while (c->first) {
        struct child_packet *p = c->first;
        c->first = p->next;
        free(p);
    }
    c->last = NULL;
    c->queued_bytes = 0;
}

/* Closes our end, gives the process `wait_ms` to end, then kills it; always reaps. */
static void child_end(struct child *c, int wait_ms)
{
    if (c->fd >= 0)
        close(c->fd); /* leaves the epoll set with its last descriptor */
    c->fd = -1;
    c->ready = false;
    queue_clear(c);
    if (!c->pid)
        return;
    int pidfd = wait_ms ? pidfd_open(c->pid, 0) : -1;
    if (pidfd >= 0) {
        struct pollfd p = {.fd = pidfd, .events = POLLIN};
        (void)poll(&p, 1, wait_ms);
        close(pidfd);
    }
    kill(c->pid, SIGKILL); /* not reaped yet, so the id is still its own */
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    c->pid = 0;
}

void child_fini(struct child *c)
{
    child_end(c, FINISH_MS);
    if (c->epoll >= 0)
        close(c->epoll);
    free(c->program);
    free(c->in);
    free(c->out);
    *c = (struct child){.fd = -1, .epoll = -1};
}

static bool program_beside(char path[PATH_BYTES])
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_BYTES - sizeof PROGRAM_NAME - 1);
    if (n <= 0)
        return false;
    path[n] = 0;
    char *slash = strrchr(path, '/');
    if (!slash)
        return false;
    memcpy(slash + 1, PROGRAM_NAME, sizeof PROGRAM_NAME);
    return access(path, X_OK) == 0;
}

/* The child gets standard error, its socket as PROCESS_FD and nothing else; all signals as at the
 * start. */
static int spawn_with(const char *program, bool search, int fd, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    char *argv[] = {(char *)program, NULL};
    int rc = posix_spawn_file_actions_init(&files);
    if (rc)
        return rc;
    rc = posix_spawnattr_init(&attr);
    if (rc)
        goto out_files;
    /* The socket first: its number may be among those that the others replace. */
    rc = posix_spawn_file_actions_adddup2(&files, fd, PROCESS_FD);
    if (!rc)
        rc = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    if (!rc)
        rc = posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    if (!rc)
        rc = posix_spawn_file_actions_addclosefrom_np(&files, PROCESS_FD + 1);
    if (!rc)
        rc = posix_spawnattr_setsigmask(&attr, &none);
    if (!rc)
        rc = posix_spawnattr_setsigdefault(&attr, &all);
    if (!rc)
        rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!rc)
        rc = search ? posix_spawnp(pid, program, &files, &attr, argv, environ)
                    : posix_spawn(pid, program, &files, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
out_files:
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

static int spawn_child(struct child *c, int fd)
{
    char path[PATH_BYTES];
    int rc;
    if (c->program)
        rc = spawn_with(c->program, false, fd, &c->pid);
    else if (program_beside(path))
        rc = spawn_with(path, false, fd, &c->pid);
    else
        rc = spawn_with(PROGRAM_NAME, true, fd, &c->pid);
    if (rc) {
        c->pid = 0;
        log_write(LOG_ERROR, "cluster.spawn", LOG_TEXT("program", PROGRAM_NAME),
                  LOG_TEXT("reason", strerror(rc)),
                  LOG_TEXT("remedy", "install it beside this program or in PATH"));
    }
    return rc ? SQ_ERR_IO : 0;
}

static void schedule_restart(struct child *c, time_us now_us)
{
    if (now_us - c->started_us >= CHILD_LIVED_US)
        c->backoff_us = 0;
    c->restart_us = now_us + c->backoff_us;
    c->backoff_us = c->backoff_us ? c->backoff_us * 2 : CHILD_BACKOFF_MIN_US;
    if (c->backoff_us > CHILD_BACKOFF_MAX_US)
        c->backoff_us = CHILD_BACKOFF_MAX_US;
}

static int send_config(struct child *c)
{
    uint8_t *payload = malloc(PROCESS_PAYLOAD_MAX);
    if (!payload)
        return SQ_ERR_NOMEM;
    size_t n = process_config_encode(&c->config, payload);
    int rc = child_send(c, &(struct process_message){
                               .type = PROCESS_CONFIG, .payload = payload, .payload_bytes = n});
    free(payload);
    return rc;
}

int child_start(struct child *c, time_us now_us)
{
    CHECK(c->pid == 0 && c->fd < 0);
    c->started_us = now_us;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        schedule_restart(c, now_us);
        return SQ_ERR_IO;
    }
    int rc = spawn_child(c, pair[1]);
    close(pair[1]);
    c->fd = pair[0];
    struct epoll_event e = {.events = EPOLLIN};
    if (rc == 0 && epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->fd, &e) != 0)
        rc = SQ_ERR_IO;
    if (rc == 0)
        rc = send_config(c);
    if (rc < 0) {
        child_end(c, 0);
        schedule_restart(c, now_us);
        return SQ_ERR_IO;
    }
    c->restart_us = TIME_US_NEVER;
    return 0;
}

void child_restart(struct child *c, time_us now_us)
{
    child_end(c, 0);
    (void)child_start(c, now_us); /* a failure has set when to try again */
}

int child_wait_ready(struct child *c, int timeout_ms)
{
    struct process_message m;
    while (!c->ready) {
        struct pollfd p = {.fd = c->fd, .events = POLLIN};
        int n = poll(&p, 1, timeout_ms);
        if (n == 0)
            return SQ_ERR_TIMEOUT;
        if (n < 0 && errno != EINTR)
            return SQ_ERR_IO;
        if (n > 0 && child_receive(c, &m, c->started_us) == SQ_ERR_CLOSED)
            return SQ_ERR_IO;
    }
    return 0;
}

static void watch_writable(struct child *c, bool on)
{
    struct epoll_event e = {.events = on ? EPOLLIN | EPOLLOUT : EPOLLIN};
    (void)epoll_ctl(c->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static int queue_add(struct child *c, const uint8_t *bytes, size_t len_bytes)
{
    if (c->queued_bytes + len_bytes > CHILD_QUEUE_MAX)
        return SQ_ERR_LIMIT;
    struct child_packet *p = malloc(sizeof *p + len_bytes);
    if (!p)
        return SQ_ERR_NOMEM;
    p->next = NULL;
    p->len_bytes = len_bytes;
    memcpy(p->bytes, bytes, len_bytes);
    if (c->last) {
        c->last->next = p;
    } else {
        c->first = p;
        watch_writable(c, true);
    }
    c->last = p;
    c->queued_bytes += len_bytes;
    return 0;
}

/* True: gone, or never to go (the process is dying; child_receive will tell). False: the kernel is
 * full. */
static bool write_packet(struct child *c, const uint8_t *bytes, size_t len_bytes)
{
    ssize_t n = send(c->fd, bytes, len_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n >= 0 || (errno != EAGAIN && errno != ENOBUFS && errno != EINTR);
}

int child_send(struct child *c, const struct process_message *m)
{
    if (c->fd < 0)
        return SQ_ERR_UNREACHABLE;
    size_t n = process_encode(m, c->out);
    if (!c->first && write_packet(c, c->out, n))
        return 0;
    return queue_add(c, c->out, n);
}

void child_flush(struct child *c)
{
    if (c->fd < 0 || !c->first)
        return;
    while (c->first && write_packet(c, c->first->bytes, c->first->len_bytes)) {
        struct child_packet *p = c->first;
        c->first = p->next;
        c->queued_bytes -= p->len_bytes;
        free(p);
    }
    if (!c->first) {
        c->last = NULL;
        watch_writable(c, false);
    }
}

static void log_failed(const struct process_message *m)
{
    char text[200];
    size_t n = m->payload_bytes < sizeof text - 1 ? m->payload_bytes : sizeof text - 1;
    memcpy(text, m->payload, n);
    text[n] = 0;
    log_write(LOG_ERROR, "cluster.process_failed", LOG_TEXT("reason", text));
}

time_us child_deadline(const struct child *c)
{
    if (c->fd < 0)
        return c->restart_us;
    return c->ready ? TIME_US_NEVER : c->started_us + CHILD_READY_US;
}

static bool stuck(const struct child *c, time_us now_us)
{
    return now_us >= child_deadline(c);
}

int child_receive(struct child *c, struct process_message *m, time_us now_us)
{
    while (c->fd >= 0) {
        ssize_t n = recv(c->fd, c->in, PROCESS_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && errno == EINTR)
            continue;
        bool nothing = n < 0 && errno == EAGAIN;
        if (nothing && !stuck(c, now_us))
            return 0;
        if (n <= 0) {
            child_end(c, 0);
            schedule_restart(c, now_us);
            return SQ_ERR_CLOSED;
        }
        if (n > PROCESS_MESSAGE_MAX || process_decode(m, c->in, (size_t)n) < 0)
            return SQ_ERR_INVALID;
        if (m->type == PROCESS_READY)
            c->ready = true;
        else if (m->type == PROCESS_FAILED)
            log_failed(m);
        return 1;
    }
    return 0;
}
