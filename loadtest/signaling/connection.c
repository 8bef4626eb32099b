/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL on non-blocking sockets. Buffers exist only while bytes are unfinished. */
#include "loadtest/signaling/connection.h"
#include "base/random.h"
#include "shanqiao/error.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define SUBPROTOCOL   "shanqiao.v1"
#define READ_BYTES    4096
#define READ_BURST    64           /* reads in one turn: others wait too */
#define OUT_BYTES_MAX (256 * 1024) /* a server that reads nothing: it is closed */

int connection_context_open(struct connection_context *x, const struct target *target,
                            const char *ca_file)
{
    *x = (struct connection_context){.target = target, .epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    x->tls = SSL_CTX_new(TLS_client_method());
    if (!x->tls || x->epoll_fd < 0)
        return SQ_ERR_NOMEM;
    SSL_CTX_set_min_proto_version(x->tls, TLS1_2_VERSION);
    SSL_CTX_set_verify(x->tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(x->tls, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(x->tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    bool trusted = ca_file ? SSL_CTX_load_verify_locations(x->tls, ca_file, NULL) == 1
                           : SSL_CTX_set_default_verify_paths(x->tls) == 1;
    return trusted ? 0 : SQ_ERR_IO;
}

void connection_context_close(struct connection_context *x)
{
    SSL_CTX_free(x->tls);
    if (x->epoll_fd >= 0)
        close(x->epoll_fd);
    *x = (struct connection_context){.epoll_fd = -1};
}

static void watch(struct connection *c, const struct connection_context *x, void *user,
                  uint32_t events)
{
    if (c->watched == events)
        return;
    struct epoll_event e = {.events = events, .data.ptr = user};
    (void)epoll_ctl(x->epoll_fd, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &e);
    c->watched = events;
}

void connection_close(struct connection *c)
{
    if (c->state == CONNECTION_NONE || c->state == CONNECTION_CLOSED)
        return;
    SSL_free(c->ssl);
    c->ssl = NULL;
    close(c->fd); /* leaves the epoll with it */
    c->fd = -1;
    ws_reader_clear(&c->reader);
    free(c->out);
    c->out = NULL;
    c->out_bytes = 0;
    c->state = CONNECTION_CLOSED;
}

static void fail(struct connection *c, int error)
{
    if (!c->error)
        c->error = error;
    connection_close(c);
}

static bool name_tls(struct connection *c, const struct target *t)
{
    uint8_t address[16];
    if (inet_pton(AF_INET, t->host, address) == 1 || inet_pton(AF_INET6, t->host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), t->host) == 1;
    return SSL_set1_host(c->ssl, t->host) == 1 && SSL_set_tlsext_host_name(c->ssl, t->host) == 1;
}

int connection_open(struct connection *c, const struct connection_context *x, void *user)
{
    int one = 1;
    memset(c, 0, sizeof *c);
    c->fd = socket(x->target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return errno == EMFILE || errno == ENFILE ? SQ_ERR_LIMIT : SQ_ERR_IO;
    c->state = CONNECTION_TCP;
    c->ssl = SSL_new(x->tls);
    if (!c->ssl || !SSL_set_fd(c->ssl, c->fd) || !name_tls(c, x->target)) {
        fail(c, SQ_ERR_NOMEM);
        return SQ_ERR_NOMEM;
    }
    SSL_set_connect_state(c->ssl);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (const struct sockaddr *)&x->target->address, x->target->address_bytes) &&
        errno != EINPROGRESS) {
        int error = errno == EADDRNOTAVAIL ? SQ_ERR_LIMIT : SQ_ERR_UNREACHABLE;
        fail(c, error);
        return error;
    }
    watch(c, x, user, EPOLLOUT);
    return 0;
}

/* What OpenSSL waits for, or the end. */
static void wait_or_fail(struct connection *c, const struct connection_context *x, void *user,
                         int result, int error)
{
    int want = SSL_get_error(c->ssl, result);
    ERR_clear_error();
    if (want == SSL_ERROR_WANT_READ)
        watch(c, x, user, EPOLLIN);
    else if (want == SSL_ERROR_WANT_WRITE)
        watch(c, x, user, EPOLLIN | EPOLLOUT);
    else
        fail(c, error);
}

static void flush(struct connection *c, const struct connection_context *x, void *user)
{
    size_t sent = 0;
    while (sent < c->out_bytes) {
        size_t n = 0;
        int result = SSL_write_ex(c->ssl, c->out + sent, c->out_bytes - sent, &n);
        if (result != 1) {
            wait_or_fail(c, x, user, result, SQ_ERR_CLOSED);
            break;
        }
        sent += n;
    }
    if (c->state == CONNECTION_CLOSED)
        return;
    if (sent == c->out_bytes) {
        free(c->out);
        c->out = NULL;
        c->out_bytes = 0;
        watch(c, x, user, EPOLLIN);
    } else if (sent) {
        memmove(c->out, c->out + sent, c->out_bytes - sent);
        c->out_bytes -= sent;
    }
}

/* `len_bytes` more room at the end of what is to be sent. */
static uint8_t *out_room(struct connection *c, size_t len_bytes)
{
    uint8_t *grown = NULL;
    if (c->out_bytes + len_bytes <= OUT_BYTES_MAX)
        grown = realloc(c->out, c->out_bytes + len_bytes);
    if (!grown)
        return NULL;
    c->out = grown;
    return grown + c->out_bytes;
}

static int send_frame(struct connection *c, const struct connection_context *x, void *user,
                      enum ws_opcode opcode, const void *payload, size_t len_bytes)
{
    uint8_t mask[4];
    if (c->state != CONNECTION_OPEN)
        return SQ_ERR_CLOSED;
    uint8_t *room = out_room(c, len_bytes + WS_HEADER_MAX);
    if (!room)
        return SQ_ERR_LIMIT;
    uint32_t r = random_u32();
    memcpy(mask, &r, 4);
    c->out_bytes += ws_write(room, opcode, mask, payload, len_bytes);
    flush(c, x, user);
    return c->state == CONNECTION_OPEN ? 0 : SQ_ERR_CLOSED;
}

int connection_send(struct connection *c, const struct connection_context *x, void *user,
                    const char *text, size_t len_bytes)
{
    return send_frame(c, x, user, WS_TEXT, text, len_bytes);
}

static void ask(struct connection *c, const struct connection_context *x, void *user)
{
    uint8_t random[16];
    char *room = (char *)out_room(c, 1024);
    random_bytes(random, sizeof random);
    ws_key(random, c->key);
    int len =
        room ? ws_request(room, 1024, x->target->host_port, x->target->path, SUBPROTOCOL, c->key)
             : SQ_ERR_NOMEM;
    if (len < 0) {
        fail(c, len);
        return;
    }
    c->out_bytes += (size_t)len;
    c->state = CONNECTION_ASKING;
    flush(c, x, user);
}

static void shake_hands(struct connection *c, const struct connection_context *x, void *user)
{
    int reason = 0;
    socklen_t size = sizeof reason;
    if (c->state == CONNECTION_TCP) {
        if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &reason, &size) || reason) {
            fail(c, SQ_ERR_UNREACHABLE);
            return;
        }
        c->state = CONNECTION_TLS;
    }
    int result = SSL_do_handshake(c->ssl);
    if (result == 1)
        ask(c, x, user);
    else
        wait_or_fail(c, x, user, result,
                     SSL_get_verify_result(c->ssl) == X509_V_OK ? SQ_ERR_CLOSED : SQ_ERR_FORGED);
}

static void read_bytes(struct connection *c)
{
    /* what OpenSSL holds already brings no event of the socket, so it is read at once */
    for (int i = 0; !c->ending && (i < READ_BURST || SSL_pending(c->ssl) > 0); i++) {
        size_t n = 0;
        uint8_t *room = ws_reader_room(&c->reader, READ_BYTES);
        if (!room) {
            fail(c, SQ_ERR_NOMEM);
            return;
        }
        int result = SSL_read_ex(c->ssl, room, READ_BYTES, &n);
        int want = result == 1 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, result);
        if (want == SSL_ERROR_WANT_READ || want == SSL_ERROR_WANT_WRITE)
            return;
        if (want != SSL_ERROR_NONE) {
            ERR_clear_error();
            c->ending = true; /* after what it said before */
            return;
        }
        ws_reader_filled(&c->reader, n);
    }
}

static void read_answer(struct connection *c)
{
    size_t used = 0;
    int error =
        ws_response((const char *)c->reader.in, c->reader.len_bytes, SUBPROTOCOL, c->key, &used);
    if (error) {
        fail(c, error);
    } else if (used) {
        c->reader.used = used;
        c->state = CONNECTION_OPEN;
    }
}

void connection_ready(struct connection *c, const struct connection_context *x, void *user)
{
    if (c->state == CONNECTION_TCP || c->state == CONNECTION_TLS)
        shake_hands(c, x, user);
    if (c->state >= CONNECTION_ASKING && c->state <= CONNECTION_OPEN && c->out_bytes)
        flush(c, x, user);
    if (c->state >= CONNECTION_ASKING && c->state <= CONNECTION_OPEN)
        read_bytes(c);
    if (c->state == CONNECTION_ASKING && c->reader.len_bytes)
        read_answer(c);
}

bool connection_next(struct connection *c, const struct connection_context *x, void *user,
                     const char **text, size_t *len_bytes)
{
    struct ws_message m;
    int found = 0;
    while (c->state == CONNECTION_OPEN && (found = ws_reader_next(&c->reader, &m)) > 0) {
        if (m.opcode == WS_TEXT) {
            *text = (const char *)m.bytes;
            *len_bytes = m.len_bytes;
            return true;
        }
        if (m.opcode == WS_PING) {
            uint8_t echo[WS_CONTROL_MAX];
            memcpy(echo, m.bytes, m.len_bytes);
            (void)send_frame(c, x, user, WS_PONG, echo, m.len_bytes);
        } else if (m.opcode == WS_CLOSE) {
            c->close_code = m.len_bytes >= 2 ? (uint16_t)((unsigned)m.bytes[0] << 8 | m.bytes[1])
                                             : (uint16_t)1005;
            fail(c, SQ_ERR_CLOSED);
        }
    }
    if (found < 0 || c->ending)
        fail(c, found < 0 ? found : SQ_ERR_CLOSED);
    return false;
}
