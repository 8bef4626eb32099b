/* SPDX-License-Identifier: Apache-2.0 */
/* See turn.h. */
#include "signaling/media/turn.h"

#include "signaling/proto/method.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES (24 + ID_MAX)

static bool port_valid(const char *port, size_t len)
{
    int n = 0;
    if (len == 0 || len > 5)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (port[i] < '0' || port[i] > '9')
            return false;
        n = n * 10 + (port[i] - '0');
    }
    return n > 0 && n <= 65535;
}

/* A name, an IPv4 address, or an IPv6 address in brackets; with or without a port. */
static bool host_valid(const char *host, size_t len)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    static const char six[] = "0123456789abcdefABCDEF:.";
    size_t used = strspn(host, name);
    if (host[0] == '[') {
        used = 1 + strspn(host + 1, six);
        if (used < 3 || host[used++] != ']')
            return false;
    }
    if (used == 0 || used > len)
        return false;
    return used == len || (host[used] == ':' && port_valid(host + used + 1, len - used - 1));
}

bool turn_url_valid(const char *url)
{
    static const char *const schemes[] = {"turn:", "turns:"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t n = strlen(schemes[i]);
        if (strncmp(url, schemes[i], n) != 0)
            continue;
        size_t len = strcspn(url + n, "?");
        const char *query = url + n + len;
        return strlen(url) < TURN_URL_MAX && host_valid(url + n, len) &&
               (!*query || !strcmp(query, "?transport=udp") || !strcmp(query, "?transport=tcp"));
    }
    return false;
}

static bool make_password(const struct turn *t, const char *name, char out[64])
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!HMAC(EVP_sha1(), t->secret, (int)strlen(t->secret), (const uint8_t *)name, strlen(name),
              mac, &len))
        return false;
    sodium_bin2base64(out, 64, mac, len, sodium_base64_VARIANT_ORIGINAL);
    return true;
}

json_t *turn_ice_servers(const struct turn *t, const char *account, time_us utc_us)
{
    char name[NAME_MAX_BYTES], password[64];
    json_t *urls = json_array();
    bool good = urls != NULL;
    for (size_t i = 0; good && i < t->urls->count; i++)
        good = json_array_append_new(urls, json_string(t->urls->entries[i])) == 0;
    if (!good || !json_array_size(urls)) {
        json_decref(urls);
        return good ? json_array() : NULL;
    }
    snprintf(name, sizeof name, "%lld:%s", (long long)((utc_us + t->life_us) / TIME_US_PER_S),
             account);
    if (!make_password(t, name, password)) {
        json_decref(urls);
        return NULL;
    }
    return json_pack("[{s:o, s:s, s:s}]", "urls", urls, "username", name, "credential", password);
}
