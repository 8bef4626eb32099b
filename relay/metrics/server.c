/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd without a thread of its own: the main thread polls its epoll descriptor. GET of two
 * pages, nothing else. Refuses to know: what the figures mean. */
#include "relay/metrics/metrics.h"
#include "shanqiao/error.h"
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct metrics_connection {
    struct MHD_Connection *connection;
    TAILQ_ENTRY(metrics_connection) of_all;
};

struct metrics_server {
    struct MHD_Daemon *daemon;
    TAILQ_HEAD(, metrics_connection) connections; /* the oldest first */
    size_t connection_count;
    void (*read)(struct metrics_input *in, void *user);
    void *user;
};

/* Takes over text. */
static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, char *text,
                               size_t len_bytes, const char *type)
{
    struct MHD_Response *r =
        text ? MHD_create_response_from_buffer(len_bytes, text, MHD_RESPMEM_MUST_FREE) : NULL;
    if (!r) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    enum MHD_Result result = MHD_queue_response(connection, status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result respond_plain(struct MHD_Connection *connection, unsigned status,
                                     const char *text)
{
    return respond(connection, status, strdup(text), strlen(text), "text/plain; charset=utf-8");
}

static enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **context)
{
    struct metrics_server *s = user;
    struct metrics_input in = {0};
    (void)version, (void)upload, (void)context;
    if (*upload_size) {
        *upload_size = 0; /* read away; the answer follows */
        return MHD_YES;
    }
    if (strcmp(method, "GET") != 0)
        return respond_plain(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "use GET\n");
    s->read(&in, s->user);
    if (strcmp(url, "/metrics") == 0) {
        size_t len = 0;
        char *text = metrics_text(&in, &len);
        return respond(connection, MHD_HTTP_OK, text, len, "text/plain; version=0.0.4");
    }
    if (strcmp(url, "/healthz") == 0) {
        bool healthy = false;
        char *text = metrics_health(&in, &healthy);
        return respond(connection, healthy ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, text,
                       text ? strlen(text) : 0, "application/json");
    }
    return respond_plain(connection, MHD_HTTP_NOT_FOUND, "there are /metrics and /healthz\n");
}

/* Ends the oldest connection: its reader sees the end, and libmicrohttpd closes it. */
static void end_oldest(struct metrics_server *s)
{
    struct metrics_connection *c = TAILQ_FIRST(&s->connections);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info)
        (void)shutdown(info->connect_fd, SHUT_RDWR);
    TAILQ_REMOVE(&s->connections, c, of_all);
    c->connection = NULL;
    s->connection_count--;
}

static void count_connection(void *user, struct MHD_Connection *connection, void **context,
                             enum MHD_ConnectionNotificationCode code)
{
    struct metrics_server *s = user;
    struct metrics_connection *c = *context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = c = calloc(1, sizeof *c);
        if (!c)
            return; /* not counted; its timeout ends it */
        c->connection = connection;
        TAILQ_INSERT_TAIL(&s->connections, c, of_all);
        if (++s->connection_count > METRICS_CONNECTIONS_MAX)
            end_oldest(s);
    } else if (c) {
        if (c->connection) {
            TAILQ_REMOVE(&s->connections, c, of_all);
            s->connection_count--;
        }
        *context = NULL;
        free(c);
    }
}

int metrics_open(struct metrics_server **out, const struct net_address *listen,
                 void (*read)(struct metrics_input *in, void *user), void *user)
{
    struct sockaddr_storage address;
    struct metrics_server *s = calloc(1, sizeof *s);
    if (!s)
        return SQ_ERR_NOMEM;
    s->read = read;
    s->user = user;
    TAILQ_INIT(&s->connections);
    if (net_address_to_sockaddr(listen, &address) == 0) {
        free(s);
        return SQ_ERR_INVALID;
    }
    unsigned flags = MHD_USE_EPOLL | (listen->family == NET_IPV6 ? MHD_USE_IPv6 : 0);
    s->daemon = MHD_start_daemon(flags, listen->port, NULL, NULL, answer, s, MHD_OPTION_SOCK_ADDR,
                                 (struct sockaddr *)&address, MHD_OPTION_CONNECTION_LIMIT,
                                 (unsigned)(METRICS_CONNECTIONS_MAX + METRICS_RESERVE),
                                 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)METRICS_TIMEOUT_S,
                                 MHD_OPTION_NOTIFY_CONNECTION, count_connection, s, MHD_OPTION_END);
    if (!s->daemon) {
        free(s);
        return SQ_ERR_IO;
    }
    *out = s;
    return 0;
}

void metrics_close(struct metrics_server *s)
{
    if (!s)
        return;
    MHD_stop_daemon(s->daemon);
    free(s);
}

int metrics_fd(const struct metrics_server *s)
{
    return MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

void metrics_run(struct metrics_server *s)
{
    (void)MHD_run(s->daemon);
}

uint16_t metrics_port(const struct metrics_server *s)
{
    return MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}
