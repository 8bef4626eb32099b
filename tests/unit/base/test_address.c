/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: text, sockaddr, equality, hash. */
#include "base/address.h"
#include "shanqiao/error.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

static struct net_address parsed(const char *endpoint)
{
    struct net_address a;
    cr_assert_eq(net_address_parse_endpoint(&a, endpoint), 0, "%s", endpoint);
    return a;
}

static void expect_round_trip(const char *endpoint)
{
    char text[NET_ADDRESS_TEXT_MAX];
    struct net_address a = parsed(endpoint);
    cr_assert_str_eq(net_address_format(&a, true, text), endpoint);
}

Test(address, endpoints_survive_a_round_trip)
{
    expect_round_trip("192.0.2.1:5000");
    expect_round_trip("0.0.0.0:0");
    expect_round_trip("[2001:db8::1]:5000");
    expect_round_trip("[::]:65535");
    expect_round_trip("[2001:db8:1111:2222:3333:4444:5555:6666]:65535");
}

Test(address, mapped_ipv4_is_folded)
{
    struct net_address a = parsed("[::ffff:192.0.2.1]:7");
    struct net_address b = parsed("192.0.2.1:7");
    cr_assert_eq(a.family, NET_IPV4);
    cr_assert(net_address_equal(&a, &b));
}

Test(address, formats_without_port)
{
    char text[NET_ADDRESS_TEXT_MAX];
    struct net_address a;
    cr_assert_eq(net_address_parse(&a, "2001:db8::1", 9), 0);
    cr_assert_str_eq(net_address_format(&a, false, text), "2001:db8::1");
    a = (struct net_address){0};
    cr_assert_str_eq(net_address_format(&a, true, text), "none");
}

Test(address, refuses_what_is_not_an_endpoint)
{
    static const char *const bad[] = {
        "",
        ":",
        "192.0.2.1",
        "192.0.2.1:",
        "192.0.2.1:65536",
        "192.0.2.1:-1",
        "192.0.2.1:+1",
        "192.0.2.1: 1",
        "192.0.2.1:000001",
        "192.0.2:1",
        "2001:db8::1:5000",
        "[2001:db8::1]",
        "[2001:db8::1]5000",
        "[2001:db8::1:5000",
        "[192.0.2.1]:5000",
        "[]:1",
        "localhost:80",
        "[fe80::1%eth0]:1",
        "192.0.2.1:1x",
        "[2001:db8:1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:1"};
    struct net_address a;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(net_address_parse_endpoint(&a, bad[i]), SQ_ERR_INVALID, "%s", bad[i]);
    cr_assert_eq(net_address_parse_endpoint(&a, NULL), SQ_ERR_INVALID);
    cr_assert_eq(net_address_parse(&a, NULL, 1), SQ_ERR_INVALID);
    cr_assert_eq(net_address_parse(&a, "192.0.2.1:1", 1), SQ_ERR_INVALID);
}

Test(address, sockaddr_there_and_back)
{
    static const char *const all[] = {"192.0.2.1:5000", "[2001:db8::1]:5000"};
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_storage storage;
        struct net_address a = parsed(all[i]);
        struct net_address b;
        socklen_t len = net_address_to_sockaddr(&a, &storage);
        cr_assert_eq(len, i == 0 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        cr_assert_eq(net_address_from_sockaddr(&b, (struct sockaddr *)&storage, len), 0);
        cr_assert(net_address_equal(&a, &b));
        cr_assert_eq(net_address_from_sockaddr(&b, (struct sockaddr *)&storage, len - 1),
                     SQ_ERR_INVALID);
    }
}

Test(address, sockaddr_of_a_mapped_address_is_folded)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(7)};
    struct net_address a;
    struct net_address want = parsed("192.0.2.1:7");
    inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr);
    cr_assert_eq(net_address_from_sockaddr(&a, (struct sockaddr *)&in6, sizeof in6), 0);
    cr_assert(net_address_equal(&a, &want));
}

Test(address, other_families_are_refused)
{
    struct sockaddr sa = {.sa_family = AF_UNIX};
    struct sockaddr_storage storage;
    struct net_address a = {0};
    cr_assert_eq(net_address_to_sockaddr(&a, &storage), 0);
    cr_assert_eq(net_address_from_sockaddr(&a, &sa, sizeof sa), SQ_ERR_INVALID);
    cr_assert_eq(net_address_from_sockaddr(&a, &sa, 0), SQ_ERR_INVALID);
    cr_assert_eq(net_address_from_sockaddr(&a, NULL, 16), SQ_ERR_INVALID);
}

static struct net_tuple sample_tuple(void)
{
    return (struct net_tuple){.protocol = NET_UDP,
                              .local = parsed("192.0.2.1:40000"),
                              .remote = parsed("[2001:db8::2]:5000"),
                              .stream = 0};
}

Test(address, every_field_of_a_tuple_counts)
{
    struct net_tuple base = sample_tuple();
    struct net_tuple others[] = {base, base, base, base, base, base};
    others[0].protocol = NET_TCP;
    others[1].local.port++;
    others[2].remote.port++;
    others[3].remote.ip[15]++;
    others[4].stream++;
    others[5].local = base.remote;
    others[5].remote = base.local;
    for (size_t i = 0; i < 6; i++) {
        cr_assert(!net_tuple_equal(&base, &others[i]), "%zu", i);
        cr_assert_neq(net_tuple_hash(&base, 1), net_tuple_hash(&others[i], 1), "%zu", i);
    }
}

Test(address, the_hash_sees_fields_and_seed_only)
{
    struct net_tuple a;
    struct net_tuple b;
    memset(&a, 0x00, sizeof a);
    memset(&b, 0xff, sizeof b); /* different padding */
    a.protocol = b.protocol = NET_TCP;
    a.stream = b.stream = 3;
    a.local.family = b.local.family = NET_IPV4;
    a.remote.family = b.remote.family = NET_IPV4;
    a.local.port = b.local.port = 1;
    a.remote.port = b.remote.port = 2;
    memset(b.local.ip, 0, 16);
    memset(b.remote.ip, 0, 16);
    cr_assert(net_tuple_equal(&a, &b));
    cr_assert_eq(net_tuple_hash(&a, 5), net_tuple_hash(&b, 5));
    cr_assert_neq(net_tuple_hash(&a, 5), net_tuple_hash(&a, 6));
}

Test(address, the_hash_spreads_neighbours)
{
    enum { BUCKETS = 256, TUPLES = 65536 };
    static unsigned used[BUCKETS];
    struct net_tuple t = sample_tuple();
    for (unsigned i = 0; i < TUPLES; i++) {
        t.remote.port = (uint16_t)i;
        used[net_tuple_hash(&t, 42) % BUCKETS]++;
    }
    for (unsigned i = 0; i < BUCKETS; i++) /* mean 256, standard deviation 16; six of them */
        cr_assert(used[i] > 160 && used[i] < 352, "bucket %u has %u", i, used[i]);
}
