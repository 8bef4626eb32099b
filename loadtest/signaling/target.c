/* SPDX-License-Identifier: Apache-2.0 */
/* wss URLs, and what counts as this machine. */
#include "loadtest/signaling/target.h"
#include "shanqiao/error.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WSS_PORT 443 /* RFC 6455 section 3 */

static bool is_loopback(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static int look_up(struct target *t, long port, bool anywhere)
{
    char service[8];
    struct addrinfo *found = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV | (anywhere ? 0 : AI_NUMERICHOST)};
    snprintf(service, sizeof service, "%ld", port);
    if (getaddrinfo(t->host, service, &hints, &found))
        return anywhere ? SQ_ERR_UNREACHABLE : SQ_ERR_DENIED;
    memcpy(&t->address, found->ai_addr, found->ai_addrlen);
    t->address_bytes = found->ai_addrlen;
    freeaddrinfo(found);
    return anywhere || is_loopback(&t->address) ? 0 : SQ_ERR_DENIED;
}

/* Printable ASCII without blanks: nothing that could end the request line. */
static bool is_plain(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

int target_parse(struct target *out, const char *url, bool anywhere)
{
    static const char scheme[] = "wss://";
    memset(out, 0, sizeof *out);
    if (strncmp(url, scheme, sizeof scheme - 1) || strlen(url) >= TARGET_TEXT_MAX || !is_plain(url))
        return SQ_ERR_INVALID;
    const char *at = url + sizeof scheme - 1;
    size_t authority = strcspn(at, "/?#");
    const char *path = at + authority;
    bool bracketed = *at == '[';
    size_t host = bracketed ? strcspn(at, "]") + 1 : strcspn(at, ":/?#");
    long port = WSS_PORT;
    if (host > authority || host <= (bracketed ? 2 : 0))
        return SQ_ERR_INVALID;
    if (host < authority) {
        char *end;
        port = at[host] == ':' ? strtol(at + host + 1, &end, 10) : 0;
        if (port < 1 || port > UINT16_MAX || end != path)
            return SQ_ERR_INVALID;
    }
    snprintf(out->host, sizeof out->host, "%.*s", (int)(bracketed ? host - 2 : host),
             at + bracketed);
    snprintf(out->host_port, sizeof out->host_port, "%.*s:%ld", (int)host, at, port);
    snprintf(out->path, sizeof out->path, "%s", *path == '/' ? path : "/");
    return look_up(out, port, anywhere);
}
