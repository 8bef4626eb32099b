/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams for a transport, from the tuple that has passed its check: the worst place that a
 * spoofer can speak from. First byte: bit 0 the terminal (else the relay), bit 1 an established
 * transport (else one that is coming up), bit 2 an unchecked tuple. Then datagrams, each with its
 * length in two bytes. An established transport must stay so. */
#include "base/bytes.h"
#include "base/check.h"
#include "sim/transport/world.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DATAGRAM_MAX  1500
#define DATAGRAMS_MAX 64

static struct world coming_up, established;

static void feed(struct world *w, bool to_relay, const struct net_tuple *tuple, const uint8_t *data,
                 size_t size)
{
    struct byte_reader r = byte_reader_of(data, size);
    for (int i = 0; i < DATAGRAMS_MAX && byte_reader_left(&r) > 2; i++) {
        size_t len = byte_read_u16(&r);
        if (len > byte_reader_left(&r))
            len = byte_reader_left(&r);
        if (len > DATAGRAM_MAX)
            len = DATAGRAM_MAX;
        world_inject(w, to_relay, tuple, byte_read(&r, len), len);
    }
}

static struct net_tuple tuple_of(const struct world *w, bool to_relay, bool unchecked)
{
    struct net_tuple t = world_tuple(w, to_relay);
    if (unchecked)
        t.remote.port ^= 1;
    return t;
}

static void feed_established(bool to_relay, bool unchecked, const uint8_t *data, size_t size)
{
    if (!established.relay.transport) {
        world_init(&established, &(struct world_config){.seed = 1});
        CHECK(world_run(&established, established.now_us + TIME_US_PER_S, world_both_connected));
        established.down = true; /* what an input makes them send goes nowhere */
    }
    const struct net_tuple t = tuple_of(&established, to_relay, unchecked);
    feed(&established, to_relay, &t, data, size);
    CHECK(world_both_connected(&established));
    CHECK(established.relay.rtp_received + established.terminal.rtp_received == 0);
}

static void feed_coming_up(bool to_relay, bool unchecked, const uint8_t *data, size_t size)
{
    struct world *w = &coming_up;
    world_init(w, &(struct world_config){.seed = 2});
    /* 60 ms: the check has come to the relay. 110 ms: its answer has come to the terminal. */
    world_run(w, w->now_us + (to_relay ? 60 : 110) * TIME_US_PER_MS, NULL);
    const struct net_tuple t = tuple_of(w, to_relay, unchecked);
    feed(w, to_relay, &t, data, size);
    CHECK(!world_saw_state(to_relay ? &w->relay : &w->terminal, TRANSPORT_CONNECTED));
    w->down = true;
    for (int i = 0; i < 8; i++) {
        struct transport *transport = (to_relay ? &w->relay : &w->terminal)->transport;
        const time_us at = transport_deadline(transport);
        if (at == TIME_US_NEVER)
            break;
        w->now_us = at > w->now_us ? at : w->now_us;
        transport_timeout(transport, w->now_us);
        world_drain(w);
    }
    world_fini(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const bool to_relay = !(data[0] & 1), unchecked = data[0] & 4;
    if (data[0] & 2)
        feed_established(to_relay, unchecked, data + 1, size - 1);
    else
        feed_coming_up(to_relay, unchecked, data + 1, size - 1);
    return 0;
}
