/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a real key, recorded and thrown again at a relay by a raw socket: each counts once,
 * none counts after its sender or the relay was started anew, none comes back as something else. */
#include "base/bytes.h"
#include "cluster/seal.h"
#include "nodes.h"
#include "shanqiao/error.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SP_BYTES 12 /* length (8) and request id (4) before each frame */

static struct nodes n;
static struct seal self; /* a second front, spoken by hand */
static int wire = -1;
static uint8_t frame[SEAL_FRAME_MAX], body[CLUSTER_BODY_MAX + 1];
static struct seal_header answer;
static int64_t answer_bytes;

static void dial(void)
{
    static const uint8_t hello[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
    uint8_t theirs[8];
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(n.commands_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (wire >= 0)
        close(wire);
    wire = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(wire, (struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(send(wire, hello, 8, MSG_NOSIGNAL), 8);
    cr_assert_eq(recv(wire, theirs, 8, MSG_WAITALL), 8);
}

static void start(void)
{
    cr_assert_geq(sodium_init(), 0);
    nodes_start(&n);
    cr_assert_eq(seal_init(&self, "front-2", n.front_config.keys, 1, seal_boot_at(clock_utc_us())),
                 0);
    dial();
}

static void stop(void)
{
    close(wire);
    nodes_stop(&n);
}

TestSuite(replay, .init = start, .fini = stop);

/* The relay's side of things until there is something on the wire; it answers "re:" and the body.
 */
static unsigned commands;

static void relay_until_answer(void)
{
    for (;;) {
        struct cluster_message m;
        cluster_step(n.relay, nodes_now());
        while (cluster_next(n.relay, &m)) {
            if (m.type != CLUSTER_REQUEST)
                continue;
            commands++;
            cr_assert_eq(cluster_reply(n.relay, m.ticket, "done", 4, nodes_now()), 0);
        }
        struct pollfd p[2] = {{.fd = wire, .events = POLLIN},
                              {.fd = cluster_fd(n.relay), .events = POLLIN}};
        cr_assert_gt(poll(p, 2, 10000), 0, "no answer");
        if (p[0].revents)
            return;
    }
}

static void throw_frame(const uint8_t *bytes, size_t len)
{
    uint8_t out[SP_BYTES + 4096];
    bytes_put_u64(out, len + 4);
    bytes_put_u32(out + 8, 0x80000001);
    memcpy(out + SP_BYTES, bytes, len);
    cr_assert_eq(send(wire, out, SP_BYTES + len, MSG_NOSIGNAL), (ssize_t)(SP_BYTES + len));
}

/* The next frame from the relay, opened. */
static void read_answer(void)
{
    uint8_t head[SP_BYTES];
    relay_until_answer();
    cr_assert_eq(recv(wire, head, SP_BYTES, MSG_WAITALL), SP_BYTES);
    size_t len = (size_t)bytes_get_u64(head) - 4;
    cr_assert_leq(len, sizeof frame);
    cr_assert_eq(recv(wire, frame, len, MSG_WAITALL), (ssize_t)len);
    answer_bytes = seal_open(&self, frame, len, &answer, body);
    cr_assert_geq(answer_bytes, 0);
}

static size_t make(enum seal_type type, uint64_t to_boot, uint64_t ticket, const char *text)
{
    return (size_t)seal_close(&self, type, "county-1", to_boot, ticket, text, strlen(text), frame);
}

/* A frame that the relay surely answers, so that all before it were looked at. Gives the relay's
 * boot. */
static uint64_t ask_boot(void)
{
    static uint64_t ticket = 1000;
    size_t len = make(SEAL_HELLO, 0, ++ticket, "");
    throw_frame(frame, len);
    do
        read_answer();
    while (answer.type != SEAL_WELCOME || answer.ticket != ticket);
    return answer.boot;
}

static struct cluster_counters counters(void)
{
    struct cluster_counters c;
    cluster_get_counters(n.relay, &c);
    return c;
}

static uint8_t recorded[4096];
static size_t recorded_bytes;

static void record_command(uint64_t boot, uint64_t ticket)
{
    recorded_bytes = make(SEAL_REQUEST, boot, ticket, "{\"method\":\"room.close\"}");
    memcpy(recorded, frame, recorded_bytes);
    throw_frame(recorded, recorded_bytes);
    read_answer();
    cr_assert(answer.type == SEAL_REPLY && answer.ticket == ticket && answer.to_boot == self.boot);
}

Test(replay, a_recorded_command_counts_once)
{
    record_command(ask_boot(), 5);
    for (int i = 0; i < 1000; i++)
        throw_frame(recorded, recorded_bytes);
    ask_boot();
    cr_assert_eq(commands, 1);
    cr_assert_eq(counters().dropped_replayed, 1000);
}

Test(replay, a_command_that_is_sent_again_is_answered_again_and_done_once)
{
    uint64_t boot = ask_boot();
    record_command(boot, 5);
    for (int i = 0; i < 10; i++)
        record_command(boot, 5); /* sealed anew, the same ticket */
    cr_assert_eq(commands, 1);
}

Test(replay, a_relay_that_was_started_anew_does_not_take_old_commands)
{
    record_command(ask_boot(), 5);
    cluster_free(n.relay);
    cr_assert_eq(cluster_new(&n.relay, &n.relay_config, nodes_now()), 0);
    dial();
    throw_frame(recorded, recorded_bytes);
    read_answer();
    cr_assert_eq(answer.type, SEAL_WELCOME, "it says who it is instead");
    cr_assert_eq(commands, 1);
    cr_assert_eq(counters().dropped_replayed, 1);
    record_command(answer.boot, 6);
    cr_assert_eq(commands, 2);
}

Test(replay, an_older_boot_of_a_sender_is_refused_once_a_newer_was_seen)
{
    uint64_t relay_boot = ask_boot();
    struct seal older = self;
    uint64_t old_boot = self.boot;
    record_command(relay_boot, 5);
    self.boot = seal_boot_after(self.boot);
    record_command(relay_boot, 5);
    cr_assert_eq(commands, 2, "a ticket belongs to its boot");
    self = older;
    self.counter += 100;
    throw_frame(frame, make(SEAL_REQUEST, relay_boot, 6, "{}"));
    read_answer();
    cr_assert_eq(answer.type, SEAL_WELCOME);
    cr_assert_gt(bytes_get_u64(body), old_boot, "told which boot to pass");
    cr_assert_eq(commands, 2);
}

Test(replay, an_old_hello_changes_nothing)
{
    uint64_t relay_boot = ask_boot();
    size_t len = make(SEAL_HELLO, 0, 1, "");
    uint8_t hello[512];
    memcpy(hello, frame, len);
    record_command(relay_boot, 5);
    for (int i = 0; i < 100; i++) {
        throw_frame(hello, len);
        read_answer();
        cr_assert_eq(answer.type, SEAL_WELCOME);
    }
    record_command(relay_boot, 6);
    cr_assert_eq(commands, 2);
}

Test(replay, what_the_relay_said_can_not_be_said_to_it)
{
    record_command(ask_boot(), 5); /* `frame` now holds its reply */
    uint64_t before = counters().dropped_forged;
    throw_frame(frame, SEAL_OVERHEAD + 4);
    ask_boot();
    cr_assert_eq(counters().dropped_forged, before + 1);
    cr_assert_eq(commands, 1);
}

Test(replay, more_senders_than_the_limit_are_refused)
{
    uint64_t relay_boot = ask_boot();
    for (int i = 0; i < 70; i++) {
        snprintf(self.node, sizeof self.node, "front-%d", 100 + i);
        throw_frame(frame, make(SEAL_REQUEST, relay_boot, 1, "{}"));
    }
    memset(self.node, 0, sizeof self.node);
    memcpy(self.node, "front-2", 7);
    throw_frame(frame, make(SEAL_HELLO, 0, 1, ""));
    for (;;) {
        uint8_t head[SP_BYTES];
        relay_until_answer();
        cr_assert_eq(recv(wire, head, SP_BYTES, MSG_WAITALL), SP_BYTES);
        size_t len = (size_t)bytes_get_u64(head) - 4;
        cr_assert_eq(recv(wire, frame, len, MSG_WAITALL), (ssize_t)len);
        if (seal_open(&self, frame, len, &answer, body) >= 0)
            break; /* those before it were for others */
    }
    cr_assert_eq(commands, 64);
    cr_assert_eq(counters().dropped_full, 6);
}
