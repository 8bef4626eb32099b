/* SPDX-License-Identifier: Apache-2.0 */
/* JSON-RPC texts: what is refused and how, what replies look like. */
#include "shanqiao/error.h"
#include "signaling/proto/jsonrpc.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct bad {
    const char *text;
    int error;
    const char *key; /* that an error reply can name */
};

static const struct bad bad_texts[] = {
    {"", JSONRPC_PARSE, ""},
    {"{", JSONRPC_PARSE, ""},
    {"nonsense", JSONRPC_PARSE, ""},
    {"\xff\xfe", JSONRPC_PARSE, ""},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":\"a\\u0000b\"}", JSONRPC_PARSE, ""},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"id\":\"abcdefgi\",\"method\":\"x\"}",
     JSONRPC_PARSE, ""},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":\"x\"} trailing", JSONRPC_PARSE, ""},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":\"x\",\"params\":{\"n\":1e999}}",
     JSONRPC_PARSE, ""},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":\"x\",\"params\":{\"n\":"
     "99999999999999999999}}",
     JSONRPC_PARSE, ""},
    {"{\"a\":\"\xed\xa0\x80\"}", JSONRPC_PARSE, ""}, /* a lone surrogate in UTF-8 */
    {"[]", JSONRPC_REQUEST, ""},
    {"[{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":\"x\"}]", JSONRPC_REQUEST,
     ""}, /* no batch */
    {"\"text\"", JSONRPC_REQUEST, ""},
    {"null", JSONRPC_REQUEST, ""},
    {"{}", JSONRPC_REQUEST, ""},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"x\"}", JSONRPC_REQUEST,
     ""}, /* no notification from terminals */
    {"{\"jsonrpc\":\"2.0\",\"id\":12345678,\"method\":\"x\"}", JSONRPC_REQUEST, ""},
    {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"x\"}", JSONRPC_REQUEST, ""},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"short\",\"method\":\"x\"}", JSONRPC_REQUEST, ""},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abc\\r\\ndefgh\",\"method\":\"x\"}", JSONRPC_REQUEST, ""},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"<b>abcdefgh\",\"method\":\"x\"}", JSONRPC_REQUEST, ""},
    {"{\"jsonrpc\":\"2.0\",\"id\":"
     "\"0123456789012345678901234567890123456789012345678901234567890123x\","
     "\"method\":\"x\"}",
     JSONRPC_REQUEST, ""},
    {"{\"jsonrpc\":\"1.0\",\"id\":\"abcdefgh\",\"method\":\"x\"}", JSONRPC_REQUEST, "abcdefgh"},
    {"{\"jsonrpc\":2.0,\"id\":\"abcdefgh\",\"method\":\"x\"}", JSONRPC_REQUEST, "abcdefgh"},
    {"{\"id\":\"abcdefgh\",\"method\":\"x\"}", JSONRPC_REQUEST, "abcdefgh"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\"}", JSONRPC_REQUEST, "abcdefgh"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":\"\"}", JSONRPC_REQUEST, "abcdefgh"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":\"a b\"}", JSONRPC_REQUEST, "abcdefgh"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":7}", JSONRPC_REQUEST, "abcdefgh"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":\"x\",\"extra\":1}", JSONRPC_REQUEST,
     "abcdefgh"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"result\":{}}", JSONRPC_REQUEST, "abcdefgh"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":\"x\",\"params\":[]}", JSONRPC_PARAMS,
     "abcdefgh"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":\"x\",\"params\":null}", JSONRPC_PARAMS,
     "abcdefgh"},
};

Test(jsonrpc, refuses_each_bad_text_with_its_code)
{
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        struct jsonrpc_request request;
        const char *detail = NULL;
        const struct bad *b = &bad_texts[i];
        int error = jsonrpc_parse(b->text, strlen(b->text), &request, &detail);
        cr_expect_eq(error, b->error, "%s gave %d", b->text, error);
        cr_expect_str_eq(request.key, b->key, "%s", b->text);
        cr_expect_null(request.params, "%s", b->text);
        cr_expect(detail && *detail, "%s", b->text);
    }
}

Test(jsonrpc, reads_a_request)
{
    const char *text = " {\"jsonrpc\":\"2.0\", \"id\":\"k3J9-_ab\", \"method\":\"media.join\", "
                       "\"params\":{\"room\":\"r\"}}\n";
    struct jsonrpc_request request;
    const char *detail;
    cr_assert_eq(jsonrpc_parse(text, strlen(text), &request, &detail), 0);
    cr_expect_str_eq(request.key, "k3J9-_ab");
    cr_expect_str_eq(request.method, "media.join");
    cr_expect_str_eq(json_string_value(json_object_get(request.params, "room")), "r");
    json_decref(request.params);
}

Test(jsonrpc, missing_params_are_an_empty_object)
{
    const char *text = "{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":\"auth.logout\"}";
    struct jsonrpc_request request;
    const char *detail;
    cr_assert_eq(jsonrpc_parse(text, strlen(text), &request, &detail), 0);
    cr_expect_eq(json_object_size(request.params), 0);
    json_decref(request.params);
}

static char *nested(unsigned depth)
{
    char *text = calloc(1, 2 * depth + 100);
    strcpy(text, "{\"jsonrpc\":\"2.0\",\"id\":\"abcdefgh\",\"method\":\"x\",\"params\":{\"a\":");
    for (unsigned i = 0; i < depth; i++)
        strcat(text, "[");
    for (unsigned i = 0; i < depth; i++)
        strcat(text, "]");
    strcat(text, "}}");
    return text;
}

Test(jsonrpc, bounds_the_depth_before_parsing)
{
    struct jsonrpc_request request;
    const char *detail;
    char *at_limit = nested(JSONRPC_DEPTH_MAX - 2), *over = nested(JSONRPC_DEPTH_MAX - 1);
    cr_expect_eq(jsonrpc_parse(at_limit, strlen(at_limit), &request, &detail), 0);
    json_decref(request.params);
    cr_expect_eq(jsonrpc_parse(over, strlen(over), &request, &detail), JSONRPC_PARSE);
    cr_expect_str_eq(detail, "the text is nested deeper than 32");
    free(at_limit);
    free(over);
}

Test(jsonrpc, brackets_inside_strings_are_no_depth)
{
    const char *text = "{\"a\":\"[[[[{{{{\\\"[[[\"}";
    cr_expect_eq(jsonrpc_depth(text, strlen(text), 32), 1);
    cr_expect_eq(jsonrpc_depth("]]]][", 5, 32), 1);
    cr_expect_eq(jsonrpc_depth("\"\\", 2, 32), 0);
}

Test(jsonrpc, bounds_the_size)
{
    char *text = malloc(JSONRPC_MESSAGE_MAX + 1);
    struct jsonrpc_request request;
    const char *detail;
    memset(text, ' ', JSONRPC_MESSAGE_MAX + 1);
    cr_expect_eq(jsonrpc_parse(text, JSONRPC_MESSAGE_MAX + 1, &request, &detail), JSONRPC_PARSE);
    cr_expect_str_eq(detail, "the text is larger than 256 KiB");
    free(text);
}

static json_t *parsed(char *text, size_t len)
{
    cr_assert(text && strlen(text) == len);
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    cr_assert(value);
    return value;
}

Test(jsonrpc, an_error_has_code_name_and_remedy_in_both_languages)
{
    size_t len;
    char *text = jsonrpc_error("abcdefgh", SQ_ERR_DENIED, NULL, "", &len);
    json_t *e = parsed(text, len);
    json_t *error = json_object_get(e, "error"), *data = json_object_get(error, "data");
    json_t *remedy = json_object_get(data, "remedy");
    cr_expect_eq(json_integer_value(json_object_get(error, "code")), -32005);
    cr_expect_str_eq(json_string_value(json_object_get(data, "error")), "SQ_ERR_DENIED");
    cr_expect_str_eq(json_string_value(json_object_get(remedy, "en")),
                     sq_error_text(SQ_ERR_DENIED, "en"));
    cr_expect_str_eq(json_string_value(json_object_get(remedy, "zh-CN")),
                     sq_error_text(SQ_ERR_DENIED, "zh-CN"));
    cr_expect_str_eq(json_string_value(json_object_get(e, "id")), "abcdefgh");
    json_decref(e);
}

Test(jsonrpc, own_codes_keep_their_number_and_a_lost_id_is_null)
{
    static const int codes[] = {JSONRPC_PARSE, JSONRPC_REQUEST, JSONRPC_METHOD, JSONRPC_PARAMS};
    for (size_t i = 0; i < 4; i++) {
        size_t len;
        char *text = jsonrpc_error("", codes[i], NULL, NULL, &len);
        json_t *e = parsed(text, len);
        cr_expect_eq(json_integer_value(json_object_get(json_object_get(e, "error"), "code")),
                     codes[i]);
        cr_expect(json_is_null(json_object_get(e, "id")));
        const char *en = json_string_value(json_object_get(
            json_object_get(json_object_get(json_object_get(e, "error"), "data"), "remedy"), "en"));
        cr_expect(strstr(en, "Update the program") || strstr(en, "Correct it"),
                  "what to do, not only what is wrong: %s", en);
        json_decref(e);
    }
}

Test(jsonrpc, a_notification_has_its_sequence_number_and_leaves_params_alone)
{
    json_t *params = json_pack("{s:s}", "id", "c1");
    size_t len;
    char *text = jsonrpc_notification("consultation.ring", params, 7, &len);
    json_t *n = parsed(text, len);
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(n, "params"), "seq")), 7);
    cr_expect_null(json_object_get(params, "seq"));
    cr_expect_null(json_object_get(n, "id"));
    json_decref(n);
    json_decref(params);
}
