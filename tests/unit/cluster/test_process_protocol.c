/* SPDX-License-Identifier: Apache-2.0 */
/* What a node and its process say to each other. */
#include "cluster/process_protocol.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static uint8_t wire[PROCESS_MESSAGE_MAX];

Test(process_protocol, messages_come_back_as_they_were)
{
    struct process_message m = {.type = PROCESS_REQUEST_IN,
                                .peer = 63,
                                .id = 0x7fffffff,
                                .route = (const uint8_t *)"12345678",
                                .route_bytes = 8,
                                .payload = (const uint8_t *)"frame",
                                .payload_bytes = 5},
                           got;
    size_t n = process_encode(&m, wire);
    cr_assert_eq(n, PROCESS_HEADER_BYTES + 13);
    cr_assert_eq(process_decode(&got, wire, n), 0);
    cr_assert(got.type == m.type && got.peer == m.peer && got.id == m.id && got.route_bytes == 8 &&
              got.payload_bytes == 5);
    cr_assert_arr_eq(got.route, "12345678", 8);
    cr_assert_arr_eq(got.payload, "frame", 5);
}

Test(process_protocol, what_is_malformed_is_refused)
{
    struct process_message m;
    memset(wire, 0, 100);
    for (size_t len = 0; len < PROCESS_HEADER_BYTES; len++) {
        wire[0] = PROCESS_READY;
        cr_assert_eq(process_decode(&m, wire, len), SQ_ERR_INVALID);
    }
    for (int type = 0; type < 256; type++) {
        wire[0] = (uint8_t)type;
        bool known = (type >= 1 && type <= 4) || (type >= 16 && type <= 21);
        cr_assert_eq(process_decode(&m, wire, 8) == 0, known, "type %d", type);
    }
    wire[0] = PROCESS_REPLY;
    wire[1] = PROCESS_ROUTE_MAX + 1;
    cr_assert_eq(process_decode(&m, wire, 100), SQ_ERR_INVALID, "route too long");
    wire[1] = 8;
    cr_assert_eq(process_decode(&m, wire, 15), SQ_ERR_INVALID, "route cut");
    wire[1] = 0;
    cr_assert_eq(process_decode(&m, wire, PROCESS_HEADER_BYTES + PROCESS_PAYLOAD_MAX + 1),
                 SQ_ERR_INVALID);
}

Test(process_protocol, the_largest_configuration_fits)
{
    struct process_config *c = calloc(1, sizeof *c), *got = calloc(1, sizeof *got);
    char *address = c->bind_commands;
    memset(address, 'h', PROCESS_ADDRESS_MAX - 1);
    memcpy(address, "tcp://", 6);
    memcpy(address + PROCESS_ADDRESS_MAX - 7, ":65535", 6);
    memcpy(c->bind_heartbeats, address, PROCESS_ADDRESS_MAX);
    c->peer_count = CLUSTER_PEERS_MAX;
    for (size_t i = 0; i < CLUSTER_PEERS_MAX; i++) {
        memcpy(c->peers[i].commands, address, PROCESS_ADDRESS_MAX);
        memcpy(c->peers[i].heartbeats, address, PROCESS_ADDRESS_MAX);
    }
    size_t n = process_config_encode(c, wire);
    cr_assert_eq(process_config_decode(got, wire, n), 0);
    cr_assert_eq(memcmp(c, got, sizeof *c), 0);
    for (size_t len = 0; len < n; len++) {
        int rc = process_config_decode(got, wire, len);
        cr_assert(rc < 0 || got->peer_count < CLUSTER_PEERS_MAX);
    }
    memcpy(wire + n, wire + n - 194, 194);
    cr_assert_eq(process_config_decode(got, wire, n + 194), SQ_ERR_LIMIT, "one peer too many");
    wire[0] = 9;
    cr_assert_eq(process_config_decode(got, wire, n), SQ_ERR_UNSUPPORTED);
    free(c);
    free(got);
}

Test(process_protocol, addresses)
{
    cr_assert(process_address_valid("tcp://10.0.0.2:7400", false));
    cr_assert(process_address_valid("tcp://*:1", false));
    cr_assert(process_address_valid("tcp://relay.example:65535", false));
    cr_assert(process_address_valid("", true));
    static const char *const wrong[] = {
        "",           "tcp://",    "tcp://:7400",   "tcp://h",
        "tcp://h:",   "tcp://h:0", "tcp://h:65536", "tcp://h:123456",
        "tcp://h:7x", "udp://h:1", "ipc:///tmp/x",  "inproc://x:1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_not(process_address_valid(wrong[i], false), "%s", wrong[i]);
    char endless[PROCESS_ADDRESS_MAX];
    memset(endless, '1', sizeof endless);
    memcpy(endless, "tcp://h:", 8);
    cr_assert_not(process_address_valid(endless, true));
}
