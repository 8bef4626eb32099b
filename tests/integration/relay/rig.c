/* SPDX-License-Identifier: Apache-2.0 */
/* See rig.h. Waits on sockets only, never for time to pass. */
#include "tests/integration/relay/rig.h"
#include "base/bytes.h"
#include "rtc/rtp/rtp.h"
#include "tests/support/temporary.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int bound_socket(int type, uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
              getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static uint16_t free_port(void)
{
    uint16_t port;
    close(bound_socket(SOCK_STREAM, &port));
    return port;
}

static void write_text(const char *folder, const char *name, const char *text, char out[128])
{
    snprintf(out, 128, "%s/%s", folder, name);
    int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

#define KEY_SECRET "0123456789abcdef0123456789abcdef"

static void start_relay(struct rig *r, uint16_t commands, uint16_t heartbeats)
{
    char key[128], config[128], text[1024];
    temporary_folder(r->folder, sizeof r->folder, "relay");
    size_t at = (size_t)snprintf(text, sizeof text, "7 ");
    for (size_t i = 0; i < CLUSTER_KEY_BYTES; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%02x", (unsigned)KEY_SECRET[i]);
    snprintf(text + at, sizeof text - at, "\n");
    write_text(r->folder, "keys", text, key);
    r->media_port = free_port();
    if (r->media_port > 64000)
        r->media_port = (uint16_t)(r->media_port - 30000);
    r->metrics_port = free_port();
    snprintf(text, sizeof text,
             "relay:\n  id: county-1\n  announce: [127.0.0.1]\n  listen: 127.0.0.1\n"
             "  base_port: %u\n  workers: 2\n  packets: 4096\n  metrics_listen: 127.0.0.1:%u\n"
             "cluster:\n  commands: tcp://127.0.0.1:%u\n  heartbeats: tcp://127.0.0.1:%u\n"
             "  key_file: %s\n  program: %s\n",
             r->media_port, r->metrics_port, commands, heartbeats, key, CLUSTER_PROGRAM);
    write_text(r->folder, "relay.yaml", text, config);
    r->relay = fork();
    cr_assert_geq(r->relay, 0);
    if (r->relay == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves nothing behind */
        execl(RELAY_PROGRAM, RELAY_PROGRAM, "--config", config, (char *)NULL);
        _exit(127);
    }
}

static void start_front(struct rig *r, uint16_t commands, uint16_t heartbeats)
{
    struct cluster_config f = {.node = "front-1",
                               .program = CLUSTER_PROGRAM,
                               .keys = {{.id = 7, .secret = KEY_SECRET}},
                               .key_count = 1,
                               .peers = {{.node = "county-1"}},
                               .peer_count = 1};
    snprintf(f.peers[0].commands, sizeof f.peers[0].commands, "tcp://127.0.0.1:%u", commands);
    snprintf(f.peers[0].heartbeats, sizeof f.peers[0].heartbeats, "tcp://127.0.0.1:%u", heartbeats);
    cr_assert_eq(cluster_new(&r->front, &f, clock_monotonic_us()), 0);
}

static bool heard(struct rig *r, size_t n)
{
    return r->published >= n;
}

void rig_open(struct rig *r)
{
    memset(r, 0, sizeof *r);
    for (size_t i = 0; i < RIG_TERMINALS; i++)
        r->terminals[i].udp_fd = r->terminals[i].tcp_fd = -1;
    uint16_t commands = free_port(), heartbeats = free_port();
    start_relay(r, commands, heartbeats);
    start_front(r, commands, heartbeats);
    rig_until(r, heard, 2);
}

void rig_close(struct rig *r)
{
    int status = -1;
    char path[128];
    kill(r->relay, SIGTERM);
    cr_assert_eq(waitpid(r->relay, &status, 0), r->relay);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
    cluster_free(r->front);
    json_decref(r->reply);
    for (size_t i = 0; i < RIG_TERMINALS; i++) {
        struct rig_terminal *t = &r->terminals[i];
        transport_free(t->t);
        dtls_identity_free(t->identity);
        if (t->udp_fd >= 0)
            close(t->udp_fd);
        if (t->tcp_fd >= 0)
            close(t->tcp_fd);
    }
    const char *const names[] = {"keys", "relay.yaml"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", r->folder, names[i]);
        unlink(path);
    }
    rmdir(r->folder);
}

/* ---- sockets and timers ---- */

static void take_message(struct rig *r, const struct cluster_message *m)
{
    if (m->type == CLUSTER_REPLY) {
        json_decref(r->reply);
        cr_assert_eq(m->error, 0, "the relay does not answer");
        r->reply = json_loads(m->body, 0, NULL);
        r->replied = m->ticket;
    } else if (m->type == CLUSTER_PUBLISHED) {
        json_t *json = json_loads(m->body, 0, NULL);
        const char *type = json_string_value(json_object_get(json, "type"));
        const char *state = json_string_value(json_object_get(json, "state"));
        long long revision = json_integer_value(json_object_get(json, "revision"));
        cr_assert_not_null(type);
        cr_expect_str_eq(json_string_value(json_object_get(json, "relay")), "county-1");
        cr_expect_geq(revision, r->last_revision);
        r->last_revision = revision;
        r->published++;
        r->connected_events += strcmp(type, "event") == 0 && strcmp(state, "connected") == 0;
        json_decref(json);
    }
}

static void send_datagram(struct rig_terminal *t, const struct net_tuple *to, const uint8_t *data,
                          size_t len_bytes)
{
    struct sockaddr_storage address;
    if (to->protocol == NET_UDP) {
        socklen_t len = net_address_to_sockaddr(&to->remote, &address);
        (void)sendto(t->udp_fd, data, len_bytes, 0, (struct sockaddr *)&address, len);
        return;
    }
    uint8_t frame[2 + 2048];
    bytes_put_u16(frame, (uint16_t)len_bytes);
    memcpy(frame + 2, data, len_bytes);
    cr_assert_eq(send(t->tcp_fd, frame, len_bytes + 2, MSG_NOSIGNAL), (ssize_t)len_bytes + 2);
}

static void open_tcp(struct rig_terminal *t, const struct net_tuple *to, time_us now)
{
    struct sockaddr_storage address;
    socklen_t len = net_address_to_sockaddr(&to->remote, &address);
    t->tcp_fd = bound_socket(SOCK_STREAM, &t->tcp.port);
    t->tcp_stream = to->stream;
    int code = connect(t->tcp_fd, (struct sockaddr *)&address, len);
    cr_assert(code == 0 || errno == EINPROGRESS);
    struct pollfd p = {.fd = t->tcp_fd, .events = POLLOUT};
    cr_assert_eq(poll(&p, 1, 10000), 1);
    cr_assert_eq(net_address_parse(&t->tcp, "127.0.0.1", t->tcp.port), 0);
    transport_tcp_state(t->t, to->stream, &t->tcp, true, now);
}

static void take_datagram(struct rig_terminal *t, const struct net_tuple *from, uint8_t *data,
                          size_t len, time_us now)
{
    struct rtp_view v;
    enum transport_received got = transport_receive(t->t, from, data, &len, now);
    t->rtcp_count += got == TRANSPORT_RECEIVED_RTCP;
    if (got != TRANSPORT_RECEIVED_RTP)
        return;
    cr_assert_eq(rtp_parse(&v, data, len), 0);
    if (t->rtp_count++ == 0)
        t->first_seq16 = v.seq16;
    t->last_seq16 = v.seq16;
    t->last_ssrc = v.ssrc;
    t->last_mark = bytes_get_u32(rtp_payload(&v) + v.payload_len_bytes - 4);
}

static void read_udp(struct rig_terminal *t, time_us now)
{
    uint8_t data[2048];
    struct sockaddr_storage name;
    for (;;) {
        socklen_t len = sizeof name;
        ssize_t n = recvfrom(t->udp_fd, data, sizeof data, 0, (struct sockaddr *)&name, &len);
        struct net_tuple from = {.protocol = NET_UDP, .local = t->udp};
        if (n <= 0 || net_address_from_sockaddr(&from.remote, (struct sockaddr *)&name, len))
            return;
        take_datagram(t, &from, data, (size_t)n, now);
    }
}

static void read_tcp(struct rig *r, struct rig_terminal *t, time_us now)
{
    for (;;) {
        size_t wanted = t->tcp_in_len < 2 ? 2 : 2u + bytes_get_u16(t->tcp_in);
        if (t->tcp_in_len >= 2 && t->tcp_in_len == wanted) {
            struct net_tuple from = {.protocol = NET_TCP, .local = t->tcp, .stream = t->tcp_stream};
            (void)net_address_parse(&from.remote, "127.0.0.1", r->media_port);
            struct net_tuple peer = from;
            const struct net_tuple *selected = transport_tuple(t->t);
            if (selected)
                peer.remote = selected->remote;
            take_datagram(t, &peer, t->tcp_in + 2, t->tcp_in_len - 2, now);
            t->tcp_in_len = 0;
            continue;
        }
        cr_assert_leq(wanted, sizeof t->tcp_in);
        ssize_t n = recv(t->tcp_fd, t->tcp_in + t->tcp_in_len, wanted - t->tcp_in_len, 0);
        if (n <= 0)
            return;
        t->tcp_in_len += (size_t)n;
    }
}

static void drain_terminal(struct rig_terminal *t, time_us now)
{
    struct transport_datagram d;
    struct transport_event e;
    while (transport_next_event(t->t, &e))
        if (e.type == TRANSPORT_EVENT_OPEN_TCP)
            open_tcp(t, &e.tuple, now);
    while (transport_next_datagram(t->t, &d))
        send_datagram(t, &d.tuple, d.data, d.len_bytes);
}

static void turn(struct rig *r)
{
    struct pollfd fds[1 + 2 * RIG_TERMINALS];
    struct cluster_message m;
    time_us now = clock_monotonic_us(),
            at = time_us_min(now + TIME_US_PER_S, cluster_deadline(r->front));
    fds[0] = (struct pollfd){.fd = cluster_fd(r->front), .events = POLLIN};
    for (size_t i = 0; i < RIG_TERMINALS; i++) {
        struct rig_terminal *t = &r->terminals[i];
        fds[1 + 2 * i] = (struct pollfd){.fd = t->t ? t->udp_fd : -1, .events = POLLIN};
        fds[2 + 2 * i] = (struct pollfd){.fd = t->t ? t->tcp_fd : -1, .events = POLLIN};
        if (t->t)
            at = time_us_min(at, transport_deadline(t->t));
    }
    (void)poll(fds, 1 + 2 * RIG_TERMINALS, at <= now ? 0 : (int)((at - now) / 1000 + 1));
    now = clock_monotonic_us();
    cluster_step(r->front, now);
    while (cluster_next(r->front, &m))
        take_message(r, &m);
    for (size_t i = 0; i < RIG_TERMINALS; i++) {
        struct rig_terminal *t = &r->terminals[i];
        if (!t->t)
            continue;
        if (t->udp_fd >= 0)
            read_udp(t, now);
        if (t->tcp_fd >= 0)
            read_tcp(r, t, now);
        if (transport_deadline(t->t) <= now)
            transport_timeout(t->t, now);
        drain_terminal(t, now);
    }
}

void rig_until(struct rig *r, bool (*done)(struct rig *r, size_t n), size_t n)
{
    time_us limit = clock_monotonic_us() + RIG_LIMIT_US;
    while (!done(r, n)) {
        cr_assert_lt(clock_monotonic_us(), limit, "waited in vain");
        turn(r);
    }
}

bool rig_all_connected(struct rig *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (transport_state(r->terminals[i].t) != TRANSPORT_CONNECTED)
            return false;
    return true;
}

/* ---- commands ---- */

static bool answered(struct rig *r, size_t ticket)
{
    return r->replied == ticket;
}

json_t *rig_command(struct rig *r, bool error, const char *method, json_t *params)
{
    json_t *json = json_pack("{s:i, s:s, s:o}", "v", 1, "method", method, "params", params);
    char *text = json_dumps(json, JSON_COMPACT);
    int64_t ticket = cluster_request(r->front, "county-1", text, strlen(text), 20 * TIME_US_PER_S,
                                     clock_monotonic_us());
    cr_assert_gt(ticket, 0);
    rig_until(r, answered, (size_t)ticket);
    json_t *part = json_object_get(r->reply, error ? "error" : "result");
    char *got = json_dumps(r->reply, JSON_COMPACT);
    cr_assert_not_null(part, "%s: %s", text, got);
    free(got);
    free(text);
    json_decref(json);
    return part;
}

static size_t read_candidates(const json_t *list, bool tcp, struct ice_candidate *out)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(list) && count < ICE_CANDIDATES_MAX; i++) {
        const json_t *c = json_array_get(list, i);
        bool is_tcp = strcmp(json_string_value(json_object_get(c, "protocol")), "tcp") == 0;
        if (is_tcp != tcp)
            continue;
        struct ice_candidate *o = &out[count++];
        *o = (struct ice_candidate){
            .protocol = is_tcp ? NET_TCP : NET_UDP,
            .priority = (uint32_t)json_integer_value(json_object_get(c, "priority"))};
        snprintf(o->foundation, sizeof o->foundation, "%s",
                 json_string_value(json_object_get(c, "foundation")));
        cr_assert_eq(net_address_parse(&o->address, json_string_value(json_object_get(c, "ip")),
                                       (uint16_t)json_integer_value(json_object_get(c, "port"))),
                     0);
        cr_expect_str_eq(json_string_value(json_object_get(c, "type")), "host");
    }
    return count;
}

void rig_join(struct rig *r, size_t i, const char *id, bool tcp)
{
    struct rig_terminal *t = &r->terminals[i];
    struct ice_candidate candidates[ICE_CANDIDATES_MAX];
    struct transport_config config = {.ice_role = ICE_ROLE_CONTROLLING,
                                      .candidates = candidates,
                                      .dtls_role = DTLS_ROLE_CLIENT,
                                      .profile_count = 1};
    char text[DTLS_FINGERPRINT_TEXT_MAX];
    struct dtls_fingerprint fp;
    uint16_t port;
    json_t *made =
        rig_command(r, false, "transport.create",
                    json_pack("{s:s, s:s, s:b}", "room", "r", "transport", id, "tcp", 1));
    json_t *ice = json_object_get(made, "iceParameters");
    json_t *print =
        json_array_get(json_object_get(json_object_get(made, "dtlsParameters"), "fingerprints"), 0);
    strcpy(config.remote.ufrag, json_string_value(json_object_get(ice, "usernameFragment")));
    strcpy(config.remote.pwd, json_string_value(json_object_get(ice, "password")));
    cr_assert(json_is_true(json_object_get(ice, "iceLite")));
    cr_assert_eq(dtls_fingerprint_parse(&config.remote_fingerprint,
                                        json_string_value(json_object_get(print, "algorithm")),
                                        json_string_value(json_object_get(print, "value"))),
                 0);
    config.candidate_count =
        read_candidates(json_object_get(made, "iceCandidates"), tcp, candidates);
    cr_assert_geq(config.candidate_count, 1);
    ice_credentials_new(&config.local);
    config.profiles[0] = SRTP_PROFILE_AEAD_AES_128_GCM;
    cr_assert_eq(dtls_identity_new(&t->identity, clock_utc_us()), 0);
    config.identity = t->identity;
    if (!tcp) {
        t->udp_fd = bound_socket(SOCK_DGRAM, &port);
        cr_assert_eq(net_address_parse(&t->udp, "127.0.0.1", port), 0);
        config.local_udp = t->udp;
    }
    cr_assert_eq(transport_new(&t->t, &config, clock_monotonic_us()), 0);
    dtls_identity_fingerprint(t->identity, &fp);
    (void)rig_command(r, false, "transport.connect",
                      json_pack("{s:s, s:{s:s, s:[{s:s, s:s}]}}", "transport", id, "dtlsParameters",
                                "role", "client", "fingerprints", "algorithm", "sha-256", "value",
                                dtls_fingerprint_format(&fp, text)));
}

void rig_send(struct rig *r, size_t i, const uint8_t *data, size_t len_bytes)
{
    struct rig_terminal *t = &r->terminals[i];
    uint8_t sealed[2048];
    memcpy(sealed, data, len_bytes);
    cr_assert_eq(transport_seal_rtp(t->t, sealed, &len_bytes, sizeof sealed, clock_monotonic_us()),
                 0);
    send_datagram(t, transport_tuple(t->t), sealed, len_bytes);
}

int rig_get(struct rig *r, const char *path, char **body)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(r->metrics_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static char text[256 * 1024];
    char request[256];
    int status = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t len = 0;
    cr_assert(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    int n = snprintf(request, sizeof request,
                     "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    cr_assert_eq(write(fd, request, (size_t)n), n);
    for (ssize_t got = 1; got > 0 && len < sizeof text - 1; len += (size_t)(got > 0 ? got : 0))
        got = read(fd, text + len, sizeof text - 1 - len);
    close(fd);
    text[len] = 0;
    cr_assert_eq(sscanf(text, "HTTP/1.1 %d", &status), 1);
    char *split = strstr(text, "\r\n\r\n");
    *body = strdup(split ? split + 4 : "");
    return status;
}
