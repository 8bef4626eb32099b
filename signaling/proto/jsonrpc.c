/* SPDX-License-Identifier: Apache-2.0 */
/* JSON-RPC 2.0 texts in and out. The depth is counted on the bytes before jansson sees them, so
 * that its recursion is bounded by us. */
#include "signaling/proto/jsonrpc.h"

#include "shanqiao/error.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

unsigned jsonrpc_depth(const char *text, size_t len_bytes, unsigned limit)
{
    unsigned depth = 0, deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < len_bytes && deepest <= limit; i++) {
        char ch = text[i];
        if (in_string) {
            if (ch == '\\')
                i++;
            else if (ch == '"')
                in_string = false;
        } else if (ch == '"') {
            in_string = true;
        } else if (ch == '{' || ch == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if ((ch == '}' || ch == ']') && depth) {
            depth--;
        }
    }
    return deepest;
}

static bool word_char(char ch, bool with_dot)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
           ch == '_' || (with_dot ? ch == '.' : ch == '-');
}

/* Copies a bounded word; false when it is none. */
static bool take_word(char *out, const json_t *from, size_t min, size_t max, bool with_dot)
{
    const char *text = json_string_value(from);
    size_t len = json_string_length(from);
    if (!text || len < min || len > max)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!word_char(text[i], with_dot))
            return false;
    }
    memcpy(out, text, len + 1);
    return true;
}

static bool only_known_members(json_t *message)
{
    const char *name;
    json_t *value;
    json_object_foreach(message, name, value)
    {
        if (strcmp(name, "jsonrpc") && strcmp(name, "id") && strcmp(name, "method") &&
            strcmp(name, "params"))
            return false;
    }
    return true;
}

static int read_request(json_t *message, struct jsonrpc_request *out, const char **detail)
{
    const char *version = json_string_value(json_object_get(message, "jsonrpc"));
    json_t *params = json_object_get(message, "params");
    *detail = "a request is one JSON object with jsonrpc, id, method, params";
    if (!json_is_object(message))
        return JSONRPC_REQUEST;
    if (!take_word(out->key, json_object_get(message, "id"), JSONRPC_KEY_MIN, JSONRPC_KEY_MAX,
                   false)) {
        *detail = "id must be a string of 8 to 64 letters, digits, _ or -";
        return JSONRPC_REQUEST;
    }
    if (!version || strcmp(version, "2.0") || !only_known_members(message))
        return JSONRPC_REQUEST;
    if (!take_word(out->method, json_object_get(message, "method"), 1, JSONRPC_METHOD_MAX, true)) {
        *detail = "method must be a name like consultation.submit";
        return JSONRPC_REQUEST;
    }
    if (params && !json_is_object(params)) {
        *detail = "params must be an object";
        return JSONRPC_PARAMS;
    }
    out->params = params ? json_incref(params) : json_object();
    return out->params ? 0 : SQ_ERR_NOMEM;
}

int jsonrpc_parse(const char *text, size_t len_bytes, struct jsonrpc_request *out,
                  const char **detail)
{
    json_error_t parse_error;
    memset(out, 0, sizeof *out);
    *detail = "the text is larger than 256 KiB";
    if (len_bytes > JSONRPC_MESSAGE_MAX)
        return JSONRPC_PARSE;
    *detail = "the text is nested deeper than 32";
    if (jsonrpc_depth(text, len_bytes, JSONRPC_DEPTH_MAX) > JSONRPC_DEPTH_MAX)
        return JSONRPC_PARSE;
    *detail = "the text is not JSON (UTF-8, no member twice)";
    json_t *message =
        json_loadb(text, len_bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &parse_error);
    if (!message)
        return JSONRPC_PARSE;
    int error = read_request(message, out, detail);
    json_decref(message);
    return error;
}

/* Takes over `message`. */
static char *dump(json_t *message, size_t *len_bytes)
{
    char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
    json_decref(message);
    *len_bytes = text ? strlen(text) : 0;
    return text;
}

char *jsonrpc_reply(const char *key, json_t *result, size_t *len_bytes)
{
    return dump(json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0", "id", key, "result", result),
                len_bytes);
}

char *jsonrpc_notification(const char *method, json_t *params, int64_t seq, size_t *len_bytes)
{
    json_t *with_seq = params ? json_copy(params) : json_object();
    bool bad = !with_seq || (seq != JSONRPC_NO_SEQ &&
                             json_object_set_new(with_seq, "seq", json_integer(seq)) != 0);
    if (bad) {
        json_decref(with_seq);
        *len_bytes = 0;
        return NULL;
    }
    return dump(
        json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", with_seq),
        len_bytes);
}

struct own_error {
    int code;
    const char *message, *en, *remedy, *zh; /* English: what is wrong, what to do */
};

/* JSON-RPC's own errors: the fault of a program, not of a person. */
static const struct own_error own_errors[] = {
    {JSONRPC_PARSE, "Parse error", "The message could not be read", "Update the program.",
     "无法读取消息，请更新程序。"},
    {JSONRPC_REQUEST, "Invalid Request", "The message is not a request", "Update the program.",
     "消息不是有效的请求，请更新程序。"},
    {JSONRPC_METHOD, "Method not found", "The server does not know this request",
     "Update the program or the server.", "服务器不支持此请求，请更新程序或服务器。"},
    {JSONRPC_PARAMS, "Invalid params", "A field of the request is missing or wrong",
     "Correct it and send again.", "请求中的字段缺失或不正确，请改正后重新提交。"},
};

static const struct own_error *own_error_of(int code)
{
    for (size_t i = 0; i < sizeof own_errors / sizeof own_errors[0]; i++) {
        if (own_errors[i].code == code)
            return &own_errors[i];
    }
    return NULL;
}

void jsonrpc_explain(int code, const char *detail, char *out, size_t size)
{
    const struct own_error *own = own_error_of(code);
    snprintf(out, size, "%s%s%s. %s", own ? own->en : "The message could not be taken",
             *detail ? ": " : "", detail, own ? own->remedy : "Send it again.");
}

static const char *first_text(const char *given, const char *general)
{
    return given && *given ? given : general;
}

char *jsonrpc_error(const char *key, int error, const char *en, const char *zh, size_t *len_bytes)
{
    const struct own_error *own = own_error_of(error);
    const char *name = own ? "SQ_ERR_INVALID" : sq_error_name(error);
    char general[160];
    if (own)
        jsonrpc_explain(error, "", general, sizeof general);
    en = first_text(en, own ? general : sq_error_text(error, "en"));
    zh = first_text(zh, own ? own->zh : sq_error_text(error, "zh-CN"));
    const char *message = own ? own->message : en;
    int code = own ? error : -32000 + error;
    return dump(json_pack("{s:s, s:s?, s:{s:i, s:s, s:{s:s, s:{s:s, s:s}}}}", "jsonrpc", "2.0",
                          "id", *key ? key : NULL, "error", "code", code, "message", message,
                          "data", "error", name, "remedy", "zh-CN", zh, "en", en),
                len_bytes);
}
