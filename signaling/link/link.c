/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a link. Pure. */
#include "signaling/link/link.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE64      sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define PAYLOAD_MAX 320
#define MAC_BYTES   crypto_auth_hmacsha256_BYTES

static void sign(const char *text, size_t len_bytes, const uint8_t secret[LINK_SECRET_BYTES],
                 uint8_t mac[MAC_BYTES])
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, secret, LINK_SECRET_BYTES);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)text, len_bytes);
    crypto_auth_hmacsha256_final(&state, mac);
}

static int append(char out[LINK_TEXT_MAX], const void *bytes, size_t len_bytes)
{
    size_t used = strlen(out), want = sodium_base64_encoded_len(len_bytes, BASE64);
    if (used + 1 + want > LINK_TEXT_MAX)
        return SQ_ERR_LIMIT;
    out[used] = '.';
    sodium_bin2base64(out + used + 1, LINK_TEXT_MAX - used - 1, bytes, len_bytes, BASE64);
    return 0;
}

int link_make(const struct link *l, const uint8_t secret[LINK_SECRET_BYTES],
              char out[LINK_TEXT_MAX])
{
    if (strchr(l->key, '.')) /* the first one ends it */
        return SQ_ERR_INVALID;
    json_t *object = json_pack("{s:s, s:s, s:I, s:s}", "c", l->consultation, "a", l->account, "e",
                               (json_int_t)l->end_s, "n", l->nonce);
    char *payload = object ? json_dumps(object, JSON_COMPACT) : NULL;
    uint8_t mac[MAC_BYTES];
    json_decref(object);
    if (!payload)
        return SQ_ERR_NOMEM;
    snprintf(out, LINK_TEXT_MAX, "%s", l->key);
    int status = append(out, payload, strlen(payload));
    free(payload);
    if (status < 0)
        return status;
    sign(out, strlen(out), secret, mac);
    return append(out, mac, sizeof mac);
}

/* An id as docs/protocol/defs.json has them, or a nonce. A "." is no matter: it stands within
 * base64url, so that a link has two bare ones whatever the ids are. */
static bool word(const json_t *object, const char *name, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len >= size)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-", text[i]))
            return false;
    memcpy(out, text, len + 1);
    return true;
}

static bool read_payload(const char *text, size_t len_bytes, struct link *out)
{
    char payload[PAYLOAD_MAX];
    size_t len = 0;
    if (sodium_base642bin((uint8_t *)payload, sizeof payload, text, len_bytes, NULL, &len, NULL,
                          BASE64) != 0)
        return false;
    json_t *object = json_loadb(payload, len, JSON_REJECT_DUPLICATES, NULL);
    json_t *end = json_object_get(object, "e");
    bool good = json_object_size(object) == 4 && json_is_integer(end) &&
                json_integer_value(end) > 0 && json_integer_value(end) < INT32_MAX &&
                word(object, "c", out->consultation, sizeof out->consultation) &&
                word(object, "a", out->account, sizeof out->account) &&
                word(object, "n", out->nonce, sizeof out->nonce);
    out->end_s = json_integer_value(end);
    json_decref(object);
    return good;
}

/* Where the last part begins, or NULL. */
static const char *signature_of(const char *text)
{
    const char *first = strchr(text, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    return second && !strchr(second + 1, '.') ? second + 1 : NULL;
}

int link_parse(const char *text, struct link *out)
{
    const char *signature = strlen(text) < LINK_TEXT_MAX ? signature_of(text) : NULL;
    *out = (struct link){0};
    if (!signature)
        return SQ_ERR_INVALID;
    size_t key_len = strcspn(text, ".");
    const char *payload = text + key_len + 1;
    if (key_len == 0 || key_len >= sizeof out->key)
        return SQ_ERR_INVALID;
    memcpy(out->key, text, key_len);
    return read_payload(payload, (size_t)(signature - 1 - payload), out) ? 0 : SQ_ERR_INVALID;
}

int link_check(const char *text, const struct link *l, const uint8_t secret[LINK_SECRET_BYTES],
               time_us utc_us)
{
    uint8_t want[MAC_BYTES], got[MAC_BYTES];
    const char *signature = signature_of(text);
    size_t len = 0;
    if (!signature || sodium_base642bin(got, sizeof got, signature, strlen(signature), NULL, &len,
                                        NULL, BASE64) != 0)
        return SQ_ERR_FORGED;
    sign(text, (size_t)(signature - 1 - text), secret, want);
    if (len != sizeof want || sodium_memcmp(want, got, sizeof want) != 0)
        return SQ_ERR_FORGED;
    time_us end_us = l->end_s * TIME_US_PER_S;
    if (utc_us > end_us + LINK_SKEW_US || end_us > utc_us + LINK_LIFE_US + LINK_SKEW_US)
        return SQ_ERR_TIMEOUT;
    return 0;
}
