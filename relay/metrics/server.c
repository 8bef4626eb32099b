/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd without a thread of its own: the main thread polls its epoll descriptor. GET of two
 * pages, nothing else. Refuses to know: what the figures mean. */
#include "relay/metrics/metrics.h"
#include "shanqiao/error.h"
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct metrics_server {
    struct MHD_Daemon *daemon;
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

int metrics_open(struct metrics_server **out, const struct net_address *listen,
                 void (*read)(struct metrics_input *in, void *user), void *user)
{
    struct sockaddr_storage address;
    struct metrics_server *s = calloc(1, sizeof *s);
    if (!s)
        return SQ_ERR_NOMEM;
    s->read = read;
    s->user = user;
    if (net_address_to_sockaddr(listen, &address) == 0) {
        free(s);
        return SQ_ERR_INVALID;
    }
    unsigned flags = MHD_USE_EPOLL | (listen->family == NET_IPV6 ? MHD_USE_IPv6 : 0);
    s->daemon = MHD_start_daemon(flags, listen->port, NULL, NULL, answer, s, MHD_OPTION_SOCK_ADDR,
                                 (struct sockaddr *)&address, MHD_OPTION_CONNECTION_LIMIT,
                                 (unsigned)METRICS_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                                 (unsigned)METRICS_TIMEOUT_S, MHD_OPTION_END);
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
