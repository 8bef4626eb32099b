/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials and host candidates (RFC 8445 sections 5.1.2 and 5.3). */
#include "base/random.h"
#include "rtc/ice/ice.h"
#include <stdio.h>
#include <string.h>

#define TYPE_PREFERENCE_HOST 126u /* RFC 8445 section 5.1.2.2 */
#define LOCAL_PREFERENCE_UDP 65535u
#define LOCAL_PREFERENCE_TCP 32767u /* below every UDP candidate of ours */
#define COMPONENT            1u     /* RTP and RTCP share it */

void ice_credentials_new(struct ice_credentials *out)
{
    memset(out, 0, sizeof(*out));
    random_text(out->ufrag, ICE_LOCAL_UFRAG_LEN);
    random_text(out->pwd, ICE_LOCAL_PWD_LEN);
}

static bool ice_chars(const char *text, size_t capacity, size_t min)
{
    const size_t len = strnlen(text, capacity);
    if (len < min || len == capacity)
        return false;
    for (const char *c = text; *c; c++) {
        const bool alpha = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z');
        if (!alpha && !(*c >= '0' && *c <= '9') && *c != '+' && *c != '/')
            return false;
    }
    return true;
}

bool ice_credentials_valid(const struct ice_credentials *c)
{
    return ice_chars(c->ufrag, sizeof(c->ufrag), ICE_UFRAG_MIN) &&
           ice_chars(c->pwd, sizeof(c->pwd), ICE_PWD_MIN);
}

uint32_t ice_host_priority(uint8_t protocol, size_t index)
{
    const uint32_t top = protocol == NET_UDP ? LOCAL_PREFERENCE_UDP : LOCAL_PREFERENCE_TCP;
    const uint32_t preference = top - (uint32_t)(index < 1024 ? index : 1024);
    return TYPE_PREFERENCE_HOST << 24 | preference << 8 | (256 - COMPONENT);
}

void ice_candidate_host(struct ice_candidate *out, uint8_t protocol,
                        const struct net_address *address, size_t index)
{
    memset(out, 0, sizeof(*out));
    out->address = *address;
    out->protocol = protocol;
    out->priority = ice_host_priority(protocol, index);
    snprintf(out->foundation, sizeof(out->foundation), "%s%zu", protocol == NET_UDP ? "udp" : "tcp",
             index);
}
