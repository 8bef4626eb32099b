/* SPDX-License-Identifier: Apache-2.0 */
/* The few STUN datagrams that wait to be sent. */
#include "rtc/ice/ice_private.h"

struct ice_out *ice_outbox_room(struct ice_outbox *box, const struct net_tuple *to)
{
    if (box->count == ICE_OUTBOX_MAX)
        return NULL;
    struct ice_out *out = &box->ring[(box->first + box->count) % ICE_OUTBOX_MAX];
    out->tuple = *to;
    out->len_bytes = 0;
    return out;
}

void ice_outbox_push(struct ice_outbox *box)
{
    const struct ice_out *out = &box->ring[(box->first + box->count) % ICE_OUTBOX_MAX];
    if (out->len_bytes > 0)
        box->count++;
}
