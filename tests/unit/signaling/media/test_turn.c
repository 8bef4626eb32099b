/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of TURN servers, and credentials as coturn would compute them. */
#include "signaling/media/turn.h"
#include <criterion/criterion.h>
#include <string.h>

static const struct config_list two = {2,
                                       {"turn:h:3478?transport=udp", "turns:h:443?transport=tcp"}};

static const char *text(const json_t *server, const char *name)
{
    return json_string_value(json_object_get(server, name));
}

Test(turn, a_credential_is_what_the_servers_compute)
{
    /* printf %s 1767312000:acc_village | openssl dgst -sha1 -hmac north-wind-and-sun -binary |
     * base64 */
    struct turn t = {&two, "north-wind-and-sun", 3600 * TIME_US_PER_S};
    json_t *servers =
        turn_ice_servers(&t, "acc_village", (INT64_C(1767312000) - 3600) * TIME_US_PER_S + 999999);
    cr_assert_eq(json_array_size(servers), 1);
    const json_t *one = json_array_get(servers, 0);
    cr_expect_str_eq(text(one, "username"), "1767312000:acc_village");
    cr_expect_str_eq(text(one, "credential"), "j3ZrG8ZxXbOhfNmCzQwLQyD1Zys=");
    const json_t *urls = json_object_get(one, "urls");
    cr_assert_eq(json_array_size(urls), 2);
    cr_expect_str_eq(json_string_value(json_array_get(urls, 1)), "turns:h:443?transport=tcp");
    json_decref(servers);
}

Test(turn, each_account_has_its_own)
{
    struct turn t = {&two, "north-wind-and-sun", 3600 * TIME_US_PER_S};
    json_t *a = turn_ice_servers(&t, "acc_a", 0), *b = turn_ice_servers(&t, "acc_b", 0);
    cr_expect_str_neq(text(json_array_get(a, 0), "credential"),
                      text(json_array_get(b, 0), "credential"));
    json_decref(a);
    json_decref(b);
}

Test(turn, without_servers_the_list_is_empty)
{
    static const struct config_list none = {0};
    struct turn t = {.urls = &none};
    json_t *servers = turn_ice_servers(&t, "acc_village", 0);
    cr_assert(json_is_array(servers));
    cr_expect_eq(json_array_size(servers), 0);
    json_decref(servers);
}

Test(turn, addresses)
{
    static const char *const good[] = {"turn:h", "turns:turn.example.org:443?transport=tcp",
                                       "turn:10.0.0.1:3478?transport=udp",
                                       "turn:[2001:db8::1]:3478", "turn:[::1]"};
    static const char *const bad[] = {"",
                                      "turn:",
                                      "stun:h",
                                      "h:3478",
                                      "turn://h",
                                      "turn:h:",
                                      "turn:h:0",
                                      "turn:h:65536",
                                      "turn:h:1x",
                                      "turn:h?transport=tls",
                                      "turn:h?transport=tcp&x=1",
                                      "turn:user@h",
                                      "turn:h h",
                                      "turn:[]",
                                      "turn:[::1",
                                      "TURN:h"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect(turn_url_valid(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect(!turn_url_valid(bad[i]), "%s", bad[i]);
    char longest[TURN_URL_MAX + 8] = "turn:";
    memset(longest + 5, 'a', TURN_URL_MAX - 5);
    cr_expect(!turn_url_valid(longest));
}
