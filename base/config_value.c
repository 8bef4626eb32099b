/* SPDX-License-Identifier: Apache-2.0 */
/* Values of configuration: text to typed storage, with phrases for the error message. */
#include "base/config_value.h"
#include "base/check.h"
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *slot_of(void *out, const struct config_key *key)
{
    return (char *)out + key->offset;
}

const char *config_value_quote(const char *text, size_t len_bytes, struct config_found *found)
{
    enum { SHOWN = 200 }; /* a path fits */
    size_t shown = len_bytes < SHOWN ? len_bytes : SHOWN;
    while (shown < len_bytes && shown > 0 && ((uint8_t)text[shown] & 0xc0) == 0x80)
        shown--; /* not through a UTF-8 character */
    size_t n = 0;
    found->text[n++] = '"';
    for (size_t i = 0; i < shown; i++) {
        uint8_t c = (uint8_t)text[i];
        found->text[n++] = c < 0x20 || c == 0x7f ? '?' : text[i];
    }
    memcpy(found->text + n, shown < len_bytes ? "\"..." : "\"", shown < len_bytes ? 5 : 2);
    return found->text;
}

const char *config_quote(const char *text, char out[CONFIG_PHRASE_MAX])
{
    struct config_found found;
    snprintf(out, CONFIG_PHRASE_MAX, "%s",
             text[0] ? config_value_quote(text, strlen(text), &found) : "nothing");
    return out;
}

/* True when `text` is one of the names in "a|b|c". */
static bool is_choice(const char *choices, const char *text, size_t len)
{
    for (const char *at = choices; *at;) {
        size_t n = strcspn(at, "|");
        if (n == len && memcmp(at, text, len) == 0)
            return true;
        at += n + (at[n] == '|');
    }
    return false;
}

/* The value must fit its slot and hold no NUL, in every type. */
static const char *unfit(const char *text, size_t len, struct config_found *found)
{
    if (len >= CONFIG_TEXT_MAX) {
        snprintf(found->text, sizeof found->text, "%zu bytes", len);
        return found->text;
    }
    if (memchr(text, '\0', len)) {
        snprintf(found->text, sizeof found->text, "a text with a NUL byte");
        return found->text;
    }
    return NULL;
}

static bool int_parse(const char *text, long long *out)
{
    char *end;
    bool starts_well = text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
    errno = 0;
    *out = strtoll(text, &end, 10);
    return starts_well && end != text && *end == '\0' && errno == 0;
}

const char *config_value_set_text(void *out, const struct config_key *key, const char *text,
                                  size_t len_bytes, struct config_found *found)
{
    char copy[CONFIG_TEXT_MAX];
    long long number;
    const char *bad = unfit(text, len_bytes, found);
    if (bad)
        return bad;
    memcpy(copy, text, len_bytes);
    copy[len_bytes] = '\0';
    switch (key->type) {
    case CONFIG_CHOICE:
        if (!is_choice(key->choices, copy, len_bytes))
            break;
        memcpy(slot_of(out, key), copy, len_bytes + 1);
        return NULL;
    case CONFIG_TEXT:
        memcpy(slot_of(out, key), copy, len_bytes + 1);
        return NULL;
    case CONFIG_BOOL:
        if (strcmp(copy, "true") != 0 && strcmp(copy, "false") != 0)
            break;
        *(bool *)slot_of(out, key) = copy[0] == 't';
        return NULL;
    case CONFIG_INT:
        if (!int_parse(copy, &number) || number < key->min || number > key->max)
            break;
        *(int64_t *)slot_of(out, key) = number;
        return NULL;
    case CONFIG_LIST:
        break;
    }
    return config_value_quote(text, len_bytes, found);
}

void config_value_clear_list(void *out, const struct config_key *key)
{
    ((struct config_list *)slot_of(out, key))->count = 0;
}

const char *config_value_add_entry(void *out, const struct config_key *key, const char *text,
                                   size_t len_bytes, struct config_found *found)
{
    struct config_list *list = slot_of(out, key);
    const char *bad = unfit(text, len_bytes, found);
    if (bad)
        return bad;
    if (list->count == CONFIG_LIST_MAX) {
        snprintf(found->text, sizeof found->text, "more than %d entries", CONFIG_LIST_MAX);
        return found->text;
    }
    memcpy(list->entries[list->count], text, len_bytes);
    list->entries[list->count++][len_bytes] = '\0';
    return NULL;
}

const char *config_value_set_flat(void *out, const struct config_key *key, const char *text,
                                  struct config_found *found)
{
    if (key->type != CONFIG_LIST)
        return config_value_set_text(out, key, text, strlen(text), found);
    config_value_clear_list(out, key);
    for (const char *at = text; *at;) {
        size_t part = strcspn(at, ",");
        size_t lead = strspn(at, " ");
        size_t end = part;
        while (end > lead && at[end - 1] == ' ')
            end--;
        if (end > lead) {
            const char *bad = config_value_add_entry(out, key, at + lead, end - lead, found);
            if (bad)
                return bad;
        }
        at += part + (at[part] == ',');
    }
    return NULL;
}

const char *config_value_want(const struct config_key *key, char out[CONFIG_PHRASE_MAX])
{
    size_t n;
    switch (key->type) {
    case CONFIG_TEXT:
        snprintf(out, CONFIG_PHRASE_MAX, "a text of at most %d bytes", CONFIG_TEXT_MAX - 1);
        break;
    case CONFIG_INT:
        snprintf(out, CONFIG_PHRASE_MAX, "an integer from %lld to %lld", key->min, key->max);
        break;
    case CONFIG_BOOL:
        snprintf(out, CONFIG_PHRASE_MAX, "true or false");
        break;
    case CONFIG_LIST:
        snprintf(out, CONFIG_PHRASE_MAX, "a list of at most %d texts", CONFIG_LIST_MAX);
        break;
    case CONFIG_CHOICE:
        n = (size_t)snprintf(out, CONFIG_PHRASE_MAX, "one of ");
        for (const char *c = key->choices; *c && n + 3 < CONFIG_PHRASE_MAX; c++) {
            if (*c == '|')
                out[n++] = ',';
            out[n++] = *c == '|' ? ' ' : *c;
        }
        out[n] = '\0';
        break;
    }
    return out;
}
