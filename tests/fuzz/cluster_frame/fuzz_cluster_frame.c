/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a frame of another node, as a message of the process, and as its configuration. The seeds are sealed
 * with the key below, by "front-1" for "county-1". */
#include "base/check.h"
#include "cluster/process_protocol.h"
#include "cluster/seal.h"
#include <sodium.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_frame(const uint8_t *data, size_t size)
{
    static const struct cluster_key key = {.id = 1, .secret = "the first key of the test, 32 by"};
    static uint8_t body[CLUSTER_BODY_MAX + 1];
    struct seal s;
    struct seal_header h;
    struct seal_window w = {0};
    CHECK(seal_init(&s, "county-1", &key, 1, 1) == 0);
    int64_t n = seal_open(&s, data, size, &h, body);
    if (n < 0)
        return;
    CHECK((size_t)n == size - SEAL_OVERHEAD && body[n] == 0 && seal_node_valid(h.sender));
    CHECK(seal_window_take(&w, h.boot, h.counter) == 0);
    CHECK(seal_window_take(&w, h.boot, h.counter) != 0);
}

static void decode_message(const uint8_t *data, size_t size)
{
    static uint8_t again[PROCESS_MESSAGE_MAX];
    struct process_message m;
    if (process_decode(&m, data, size) < 0)
        return;
    CHECK(process_encode(&m, again) == size && memcmp(again, data, size) == 0);
}

static void decode_config(const uint8_t *data, size_t size)
{
    static uint8_t again[PROCESS_PAYLOAD_MAX];
    static struct process_config c;
    if (process_config_decode(&c, data, size) < 0)
        return;
    CHECK(process_config_encode(&c, again) == size && memcmp(again, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (sodium_init() < 0)
        return 0;
    open_frame(data, size);
    decode_message(data, size);
    decode_config(data, size);
    return 0;
}
