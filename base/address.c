/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses between text, sockaddr and the folded form of base/address.h. Never resolves a name. */
#include "base/address.h"
#include "base/bytes.h"
#include "shanqiao/error.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2) becomes a.b.c.d. */
static void net_address_set_ipv6(struct net_address *out, const uint8_t ip[16], uint16_t port)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    *out = (struct net_address){.family = NET_IPV6, .port = port};
    if (memcmp(ip, mapped, sizeof mapped) == 0) {
        out->family = NET_IPV4;
        memcpy(out->ip, ip + 12, 4);
    } else {
        memcpy(out->ip, ip, 16);
    }
}

int net_address_parse(struct net_address *out, const char *ip, uint16_t port)
{
    uint8_t bytes[16];
    if (!ip)
        return SQ_ERR_INVALID;
    if (inet_pton(AF_INET, ip, bytes) == 1) {
        *out = (struct net_address){.family = NET_IPV4, .port = port};
        memcpy(out->ip, bytes, 4);
        return 0;
    }
    if (inet_pton(AF_INET6, ip, bytes) != 1)
        return SQ_ERR_INVALID;
    net_address_set_ipv6(out, bytes, port);
    return 0;
}

/* 1 to 5 digits up to 65535, nothing else. */
static int port_parse(const char *text, uint16_t *out)
{
    uint32_t v = 0;
    size_t n = strlen(text);
    if (n == 0 || n > 5)
        return SQ_ERR_INVALID;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return SQ_ERR_INVALID;
        v = v * 10 + (uint32_t)(text[i] - '0');
    }
    if (v > UINT16_MAX)
        return SQ_ERR_INVALID;
    *out = (uint16_t)v;
    return 0;
}

int net_address_parse_endpoint(struct net_address *out, const char *endpoint)
{
    char ip[NET_ADDRESS_TEXT_MAX];
    uint16_t port;
    if (!endpoint)
        return SQ_ERR_INVALID;
    bool bracketed = endpoint[0] == '[';
    const char *begin = endpoint + bracketed;
    const char *end = strchr(begin, bracketed ? ']' : ':');
    if (!end || (size_t)(end - begin) >= sizeof ip)
        return SQ_ERR_INVALID;
    memcpy(ip, begin, (size_t)(end - begin));
    ip[end - begin] = '\0';
    end += bracketed;
    if (*end != ':' || port_parse(end + 1, &port) < 0)
        return SQ_ERR_INVALID;
    if (bracketed != (strchr(ip, ':') != NULL)) /* brackets are for IPv6, and only for it */
        return SQ_ERR_INVALID;
    return net_address_parse(out, ip, port);
}

const char *net_address_format(const struct net_address *a, bool with_port,
                               char out[NET_ADDRESS_TEXT_MAX])
{
    char ip[INET6_ADDRSTRLEN] = "none";
    if (a->family == NET_IPV4)
        inet_ntop(AF_INET, a->ip, ip, sizeof ip);
    else if (a->family == NET_IPV6)
        inet_ntop(AF_INET6, a->ip, ip, sizeof ip);
    if (!with_port || a->family == NET_NONE)
        snprintf(out, NET_ADDRESS_TEXT_MAX, "%s", ip);
    else
        snprintf(out, NET_ADDRESS_TEXT_MAX, a->family == NET_IPV6 ? "[%s]:%u" : "%s:%u", ip,
                 (unsigned)a->port);
    return out;
}

int net_address_from_sockaddr(struct net_address *out, const struct sockaddr *sa, socklen_t len)
{
    if (!sa || len < sizeof sa->sa_family)
        return SQ_ERR_INVALID;
    if (sa->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        *out = (struct net_address){.family = NET_IPV4, .port = ntohs(in.sin_port)};
        memcpy(out->ip, &in.sin_addr, 4);
        return 0;
    }
    if (sa->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof in6);
        net_address_set_ipv6(out, in6.sin6_addr.s6_addr, ntohs(in6.sin6_port));
        return 0;
    }
    return SQ_ERR_INVALID;
}

socklen_t net_address_to_sockaddr(const struct net_address *a, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (a->family == NET_IPV4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(a->port)};
        memcpy(&in.sin_addr, a->ip, 4);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    if (a->family == NET_IPV6) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(a->port)};
        memcpy(&in6.sin6_addr, a->ip, 16);
        memcpy(out, &in6, sizeof in6);
        return sizeof in6;
    }
    return 0;
}

bool net_address_equal(const struct net_address *a, const struct net_address *b)
{
    return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool net_tuple_equal(const struct net_tuple *a, const struct net_tuple *b)
{
    return a->protocol == b->protocol && a->stream == b->stream &&
           net_address_equal(&a->remote, &b->remote) && net_address_equal(&a->local, &b->local);
}

#define TUPLE_WORDS 6 /* 43 bytes of fields, zero-padded to 8-byte words */

static void tuple_to_words(const struct net_tuple *t, uint64_t words[TUPLE_WORDS])
{
    uint8_t bytes[TUPLE_WORDS * 8] = {0};
    struct byte_writer w = byte_writer_of(bytes, sizeof bytes);
    byte_write_u8(&w, t->protocol);
    byte_write_u8(&w, t->local.family);
    byte_write_u8(&w, t->remote.family);
    byte_write_u16(&w, t->local.port);
    byte_write_u16(&w, t->remote.port);
    byte_write_u32(&w, t->stream);
    byte_write(&w, t->local.ip, sizeof t->local.ip);
    byte_write(&w, t->remote.ip, sizeof t->remote.ip);
    memcpy(words, bytes, sizeof bytes);
}

static uint64_t rotate_left(uint64_t v, unsigned bits)
{
    return v << bits | v >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate_left(v[1], 13) ^ v[0];
    v[0] = rotate_left(v[0], 32);
    v[2] += v[3];
    v[3] = rotate_left(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate_left(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate_left(v[1], 17) ^ v[2];
    v[2] = rotate_left(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein 2012) over the fields: peers choose their addresses, so the
 * hash is keyed. */
uint64_t net_tuple_hash(const struct net_tuple *t, uint64_t seed)
{
    uint64_t words[TUPLE_WORDS];
    uint64_t k1 = ~rotate_left(seed, 29);
    uint64_t v[4] = {seed ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                     seed ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
    tuple_to_words(t, words);
    for (size_t i = 0; i < TUPLE_WORDS; i++) {
        v[3] ^= words[i];
        sip_round(v);
        v[0] ^= words[i];
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
