/* SPDX-License-Identifier: Apache-2.0 */
/* May this address be a receiver of webhooks? https://HOST[:PORT][/...], read strictly and by
 * itself, so that a mistake is told when the receiver is added and not by its silence. Pure. */
#ifndef SIGNALING_WEBHOOK_ADDRESS_H
#define SIGNALING_WEBHOOK_ADDRESS_H

#include <stdbool.h>

/* HOST: a name (letters, digits, "-", "_", labels of at most 63), an IPv4 address or an IPv6
 * address in brackets; PORT 1 to 65535. No user name (it would stand in logs), no fragment,
 * printable ASCII without blanks, shorter than SENDER_URL_MAX. */
bool webhook_address_is_good(const char *url);

#endif
