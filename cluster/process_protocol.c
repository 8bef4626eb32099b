/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding and decoding of what a node and its process say to each other; see process_protocol.h.
 */
#include "cluster/process_protocol.h"
#include "base/bytes.h"
#include "base/check.h"
#include "shanqiao/error.h"

size_t process_encode(const struct process_message *m, uint8_t *out)
{
    CHECK(m->route_bytes <= PROCESS_ROUTE_MAX && m->payload_bytes <= PROCESS_PAYLOAD_MAX);
    struct byte_writer w = byte_writer_of(out, PROCESS_MESSAGE_MAX);
    byte_write_u8(&w, (uint8_t)m->type);
    byte_write_u8(&w, (uint8_t)m->route_bytes);
    byte_write_u16(&w, m->peer);
    byte_write_u32(&w, m->id);
    byte_write(&w, m->route, m->route_bytes);
    byte_write(&w, m->payload, m->payload_bytes);
    CHECK(!w.failed);
    return byte_writer_len(&w);
}

static bool type_known(uint8_t type)
{
    return (type >= PROCESS_CONFIG && type <= PROCESS_PUBLISH) ||
           (type >= PROCESS_READY && type <= PROCESS_PUBLISHED_IN);
}

int process_decode(struct process_message *m, const uint8_t *in, size_t len_bytes)
{
    struct byte_reader r = byte_reader_of(in, len_bytes);
    uint8_t type = byte_read_u8(&r);
    uint8_t route_bytes = byte_read_u8(&r);
    *m = (struct process_message){.type = type, .route_bytes = route_bytes};
    m->peer = byte_read_u16(&r);
    m->id = byte_read_u32(&r);
    m->route = byte_read(&r, route_bytes);
    if (r.failed || !type_known(type) || route_bytes > PROCESS_ROUTE_MAX)
        return SQ_ERR_INVALID;
    m->payload_bytes = byte_reader_left(&r);
    m->payload = r.at;
    return m->payload_bytes <= PROCESS_PAYLOAD_MAX ? 0 : SQ_ERR_INVALID;
}

static void text_write(struct byte_writer *w, const char *text)
{
    size_t n = strlen(text);
    byte_write_u16(w, (uint16_t)n);
    byte_write(w, text, n);
}

static void text_read(struct byte_reader *r, char out[PROCESS_ADDRESS_MAX])
{
    uint16_t n = byte_read_u16(r);
    const uint8_t *p = byte_read(r, n);
    if (!p || n >= PROCESS_ADDRESS_MAX || memchr(p, 0, n)) {
        r->failed = true;
        return;
    }
    memcpy(out, p, n);
    out[n] = 0;
}

size_t process_config_encode(const struct process_config *c, uint8_t *out)
{
    struct byte_writer w = byte_writer_of(out, PROCESS_PAYLOAD_MAX);
    byte_write_u8(&w, PROCESS_VERSION);
    text_write(&w, c->bind_commands);
    text_write(&w, c->bind_heartbeats);
    for (size_t i = 0; i < c->peer_count; i++) {
        text_write(&w, c->peers[i].commands);
        text_write(&w, c->peers[i].heartbeats);
    }
    CHECK(!w.failed);
    return byte_writer_len(&w);
}

int process_config_decode(struct process_config *c, const uint8_t *in, size_t len_bytes)
{
    struct byte_reader r = byte_reader_of(in, len_bytes);
    *c = (struct process_config){0};
    if (byte_read_u8(&r) != PROCESS_VERSION)
        return SQ_ERR_UNSUPPORTED;
    text_read(&r, c->bind_commands);
    text_read(&r, c->bind_heartbeats);
    bool good = !r.failed && process_address_valid(c->bind_commands, true) &&
                process_address_valid(c->bind_heartbeats, true);
    while (good && byte_reader_left(&r)) {
        if (c->peer_count == CLUSTER_PEERS_MAX)
            return SQ_ERR_LIMIT;
        struct process_peer *p = &c->peers[c->peer_count++];
        text_read(&r, p->commands);
        text_read(&r, p->heartbeats);
        good = !r.failed && process_address_valid(p->commands, false) &&
               process_address_valid(p->heartbeats, true);
    }
    return good ? 0 : SQ_ERR_INVALID;
}

bool process_address_valid(const char *address, bool empty)
{
    static const char scheme[] = "tcp://";
    size_t n = strnlen(address, PROCESS_ADDRESS_MAX);
    if (n == 0)
        return empty;
    if (n == PROCESS_ADDRESS_MAX || strncmp(address, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *host = address + sizeof scheme - 1;
    const char *colon = strrchr(host, ':');
    if (!colon || colon == host)
        return false;
    unsigned port = 0;
    size_t digits = 0;
    for (const char *p = colon + 1; *p; p++, digits++) {
        if (*p < '0' || *p > '9' || digits == 5)
            return false;
        port = port * 10 + (unsigned)(*p - '0');
    }
    return port >= 1 && port <= 65535;
}
