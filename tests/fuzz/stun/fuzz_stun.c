/* SPDX-License-Identifier: Apache-2.0 */
/* One datagram for the STUN parser, and for an agent of each role that must not be moved by it. */
#include "base/check.h"
#include "rtc/ice/ice.h"
#include "rtc/stun/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ice_agent *agent_of(enum ice_role role)
{
    static const struct ice_credentials local = {"localufr", "localpasswordlocalpasswd"};
    static const struct ice_credentials remote = {"remoteuf", "remotepasswordremotepass"};
    struct ice_config c = {.role = role, .local = local, .remote = remote};
    struct ice_agent *a = NULL;
    CHECK(ice_agent_new(&a, &c, 0) == 0);
    return a;
}

static void offer(enum ice_role role, const uint8_t *data, size_t size)
{
    const struct net_tuple from = {.local = {.family = NET_IPV4}, .remote = {.family = NET_IPV4}};
    uint8_t out[STUN_MESSAGE_MAX];
    struct net_tuple to;
    struct ice_agent *a = agent_of(role);
    /* Nobody without the password is accepted, answered or remembered. */
    CHECK(ice_receive(a, &from, data, size, 1) != ICE_ACCEPTED);
    CHECK(ice_next_datagram(a, &to, out) == 0);
    CHECK(!ice_is_validated(a, &from));
    ice_agent_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stun_message m;
    if (stun_parse(&m, data, size) == 0) {
        stun_check_integrity(&m, "VOkJxbRl1RmTxUk/WvJxBt", 22);
        CHECK(m.unknown_count <= STUN_UNKNOWN_MAX);
        CHECK(!m.username || (const uint8_t *)m.username + m.username_len <= m.data + m.len_bytes);
    }
    offer(ICE_ROLE_LITE, data, size);
    offer(ICE_ROLE_CONTROLLING, data, size);
    return 0;
}
