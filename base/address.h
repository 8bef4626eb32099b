/* SPDX-License-Identifier: Apache-2.0 */
/* Network addresses and the tuple that names a path between two of them. IPv4-mapped IPv6 addresses are
 * folded to IPv4 on entry, so equality is byte equality. Addresses are private data: net_address_format is for
 * wire and configuration use, logs print them through log_private. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum net_family { NET_NONE = 0, NET_IPV4 = 4, NET_IPV6 = 6 };
enum net_protocol { NET_UDP = 0, NET_TCP = 1 };

struct net_address {
    uint8_t family;  /* enum net_family */
    uint8_t ip[16];  /* network order; the first 4 bytes for IPv4, the rest zero */
    uint16_t port;   /* host order */
};

struct net_tuple {
    uint8_t protocol;          /* enum net_protocol */
    struct net_address local;
    struct net_address remote;
    uint32_t stream;           /* the caller's number of the TCP connection; 0 for UDP */
};

/* "192.0.2.1" or "2001:db8::1"; the port is left as given. 0, or SQ_ERR_INVALID (never resolves names). */
int net_address_parse(struct net_address *out, const char *ip, uint16_t port);

/* "192.0.2.1:5000" or "[2001:db8::1]:5000". 0 or SQ_ERR_INVALID. */
int net_address_parse_endpoint(struct net_address *out, const char *endpoint);

#define NET_ADDRESS_TEXT_MAX 56
/* The IP alone (with_port false) or ip:port; writes at most NET_ADDRESS_TEXT_MAX bytes with the final zero. */
const char *net_address_format(const struct net_address *a, bool with_port, char out[NET_ADDRESS_TEXT_MAX]);

int net_address_from_sockaddr(struct net_address *out, const struct sockaddr *sa, socklen_t len);
/* Length of the sockaddr that was written; 0 for NET_NONE. */
socklen_t net_address_to_sockaddr(const struct net_address *a, struct sockaddr_storage *out);

bool net_address_equal(const struct net_address *a, const struct net_address *b);
bool net_tuple_equal(const struct net_tuple *a, const struct net_tuple *b);
/* FNV-1a or better over all fields; seed it per process so that a peer can't aim at one bucket. */
uint64_t net_tuple_hash(const struct net_tuple *t, uint64_t seed);

#endif
