/* SPDX-License-Identifier: Apache-2.0 */
/* A configured address that can't be bound: which key, why and what to do, in config_refuse's form.
 * Refuses to know: who binds, and for what. */
#ifndef BASE_CONFIG_BIND_H
#define BASE_CONFIG_BIND_H

#include "base/address.h"
#include "base/config.h"

/* Why a TCP listener can't have the address now: 0 (it can), or errno. Binds and closes. */
int config_bind_probe(const struct net_address *address);

/* `reason` is the errno of bind; a port that is taken or forbidden is the fault of `port_key`, an
 * address that this machine hasn't of `address_key`. Writes `error`, returns SQ_ERR_INVALID. */
int config_refuse_bind(const struct config_sources *sources, const char *address_key,
                       const char *port_key, const struct net_address *address, int reason,
                       char error[CONFIG_ERROR_MAX]);

#endif
