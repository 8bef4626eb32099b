/* SPDX-License-Identifier: Apache-2.0 */
/* What a server sends to the harness: an answer, then frames, whole and in pieces; both give the
 * same messages. */
#include "loadtest/signaling/ws.h"
#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t hash, const struct ws_message *m)
{
    hash = (hash ^ (uint64_t)m->opcode ^ m->len_bytes) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < m->len_bytes; i++)
        hash = (hash ^ m->bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t read_pieces(const uint8_t *data, size_t size, size_t piece)
{
    struct ws_reader reader = {0};
    struct ws_message m;
    uint64_t hash = 1;
    int found = 0;
    for (size_t at = 0; at < size && found >= 0; at += piece) {
        size_t len = size - at < piece ? size - at : piece;
        uint8_t *room = ws_reader_room(&reader, len);
        if (!room)
            abort();
        memcpy(room, data + at, len);
        ws_reader_filled(&reader, len);
        while ((found = ws_reader_next(&reader, &m)) > 0)
            hash = mix(hash, &m);
    }
    ws_reader_clear(&reader);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t used = 0;
    if (ws_response((const char *)data, size, "p.v1", "dGhlIHNhbXBsZSBub25jZQ==", &used) == 0 &&
        used > size)
        abort();
    data += used;
    size -= used;
    if (read_pieces(data, size, size ? size : 1) != read_pieces(data, size, 1))
        abort();
    return 0;
}
