/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of a request's head: what is let in is plain, clean and in bounds. */
#include "base/check.h"
#include "signaling/http/match.h"
#include "signaling/media/turn.h"
#include "signaling/web/policy.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_route routes[] = {{HTTP_GET, "/a/", HTTP_PREFIX, 0, NULL},
                                           {HTTP_GET, "/a/b", 0, 0, NULL}};
static const struct http_table table = {routes, 2, NULL, NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    uint64_t length = 0;
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (http_path_is_plain(text)) {
        CHECK(text[0] == '/' && !strstr(text, "..") && !strstr(text, "//") && !strchr(text, '%'));
        struct http_match m = http_match(&table, 1, text, HTTP_GET);
        CHECK(!m.route || !strncmp(text, "/a/", 3));
    }
    if (http_parse_length(text, &length))
        CHECK(length <= UINT64_C(1) << 53);
    if (http_text_is_clean(text)) {
        json_t *string = json_string(text); /* another reader of UTF-8 agrees */
        CHECK(string);
        json_decref(string);
        CHECK(!strpbrk(text, "\r\n\t\x7f"));
    }
    (void)http_bearer(text);
    char value[9];
    if (http_cookie(text, "n", value, sizeof value))
        CHECK(strlen(value) < sizeof value && strstr(text, value) && !strchr(value, ';'));
    CHECK(!policy_takes_gzip(text) || strcasestr(text, "gzip"));
    CHECK(!policy_tag_matches(text, "\"t\"") || strstr(text, "\"t\"") || strchr(text, '*'));
    CHECK(!policy_immutable(text) || strchr(text, '-'));
    CHECK(!turn_url_valid(text) || !strpbrk(text, " @/\"'"));
    free(text);
    return 0;
}
