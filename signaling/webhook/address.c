/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3986 section 3.2 as far as a receiver needs it. */
#include "signaling/webhook/address.h"
#include "signaling/webhook/sender.h"
#include <arpa/inet.h>
#include <string.h>

#define NAME_MAX_BYTES  253 /* RFC 1035 section 2.3.4 */
#define LABEL_MAX_BYTES 63
#define PORT_MAX        65535
#define PORT_DIGITS_MAX 5

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool label_is_good(const char *label, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_letter(label[i]) && !is_digit(label[i]) && label[i] != '_' &&
            (label[i] != '-' || i == 0 || i == len - 1))
            return false;
    return len >= 1 && len <= LABEL_MAX_BYTES;
}

static bool only_digits(const char *label, size_t len)
{
    while (len > 0 && is_digit(label[len - 1]))
        len--;
    return len == 0;
}

/* A name, or an IPv4 address: what ends in a number is one (WHATWG URL, "ends in a number"). */
static bool name_is_good(const char *host, size_t len)
{
    char text[NAME_MAX_BYTES + 1];
    struct in_addr address;
    if (len == 0 || len > NAME_MAX_BYTES)
        return false;
    memcpy(text, host, len);
    text[len] = '\0';
    const char *label = text;
    for (;;) {
        size_t label_len = strcspn(label, ".");
        if (!label_is_good(label, label_len))
            return false;
        if (!label[label_len])
            return !only_digits(label, label_len) || inet_pton(AF_INET, text, &address) == 1;
        label += label_len + 1;
    }
}

/* What stands in the brackets. */
static bool ipv6_is_good(const char *host, size_t len)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (len >= sizeof text)
        return false;
    memcpy(text, host, len);
    text[len] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool port_is_good(const char *digits, size_t len)
{
    unsigned port = 0;
    if (len == 0 || len > PORT_DIGITS_MAX || !only_digits(digits, len))
        return false;
    for (size_t i = 0; i < len; i++)
        port = port * 10 + (unsigned)(digits[i] - '0');
    return port >= 1 && port <= PORT_MAX;
}

/* HOST[:PORT] */
static bool authority_is_good(const char *text, size_t len)
{
    const char *end = text + len;
    const char *colon = NULL;
    if (len > 0 && *text == '[') {
        const char *close = memchr(text, ']', len);
        if (!close || !ipv6_is_good(text + 1, (size_t)(close - text - 1)))
            return false;
        colon = close + 1;
    } else {
        colon = memchr(text, ':', len);
        colon = colon ? colon : end;
        if (!name_is_good(text, (size_t)(colon - text)))
            return false;
    }
    return colon == end || (*colon == ':' && port_is_good(colon + 1, (size_t)(end - colon - 1)));
}

bool webhook_address_is_good(const char *url)
{
    static const char scheme[] = "https://";
    if (strlen(url) >= SENDER_URL_MAX || strncmp(url, scheme, strlen(scheme)) != 0)
        return false;
    for (const char *p = url; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || *p == '#' || *p == '\\')
            return false;
    const char *authority = url + strlen(scheme);
    return authority_is_good(authority, strcspn(authority, "/?"));
}
