/* SPDX-License-Identifier: Apache-2.0 */
/* Bind errors as sentences for a person. */
#include "base/config_bind.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

int config_bind_probe(const struct net_address *address)
{
    struct sockaddr_storage name;
    socklen_t len = net_address_to_sockaddr(address, &name);
    int yes = 1;
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes); /* as servers do */
    if (address->family == NET_IPV6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    int reason = bind(fd, (struct sockaddr *)&name, len) < 0 || listen(fd, 1) < 0 ? errno : 0;
    close(fd);
    return reason;
}

int config_refuse_bind(const struct config_sources *sources, const char *address_key,
                       const char *port_key, const struct net_address *address, int reason,
                       char error[CONFIG_ERROR_MAX])
{
    char where[NET_ADDRESS_TEXT_MAX], found[CONFIG_PHRASE_MAX];
    net_address_format(address, true, where);
    snprintf(found, sizeof found, "%s: %s", where, strerror(reason));
    if (reason == EADDRINUSE)
        return config_refuse(sources, port_key, found, "a port that no other program has",
                             "end the program that has it (\"ss -lntup\" names it), or set another "
                             "port",
                             error);
    if (reason == EACCES)
        return config_refuse(sources, port_key, found, "a port that this user may listen on",
                             "set one from 1024, or give the program CAP_NET_BIND_SERVICE", error);
    return config_refuse(sources, address_key, found, "an IP address of this machine",
                         "set one that \"ip address\" lists", error);
}
