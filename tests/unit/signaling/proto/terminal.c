/* SPDX-License-Identifier: Apache-2.0 */
/* See terminal.h. Every notification and result is put to its schema as it passes. */
#include "terminal.h"

#include "signaling/rooms.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bench_start(struct bench *b)
{
    struct dispatch_config config = {.service = &b->people.service, .schemas = b->schemas};
    config.nodes = b->nodes;
    config.tables = rooms_tables(&config.table_count);
    cr_assert_eq(dispatch_new(&b->dispatch, &config), 0);
    cr_assert_eq(dispatch_start(b->dispatch, b->now_us, b->people.utc_us), 0);
}

void bench_init(struct bench *b)
{
    struct schema_reason reason;
    memset(b, 0, sizeof *b);
    people_init(&b->people);
    b->now_us = 1000 * TIME_US_PER_S;
    cr_assert_eq(schema_set_new(&b->schemas, &reason), 0, "%s %s", reason.path, reason.text);
    bench_start(b);
}

void bench_fini(struct bench *b)
{
    dispatch_free(b->dispatch);
    for (size_t i = 0; i < b->heard_count; i++)
        json_decref(b->heard[i].text);
    schema_set_free(b->schemas);
    people_fini(&b->people);
}

static void check_schema(const struct bench *b, const json_t *text)
{
    struct schema_reason reason;
    const char *method = json_string_value(json_object_get(text, "method"));
    if (!method)
        return;
    const json_t *root = schema_set_notification(b->schemas, method);
    cr_assert(root, "no schema for %s", method);
    int error = schema_check(root, json_object_get(root, "params"), json_object_get(text, "params"),
                             &reason);
    cr_expect_eq(error, 0, "%s: %s %s", method, reason.path, reason.text);
}

static void drain(struct bench *b)
{
    struct dispatch_output out;
    while (dispatch_next(b->dispatch, &out)) {
        if (out.type == DISPATCH_WORK) {
            if (!b->pool_full)
                out.run(out.job);
            dispatch_worked(b->dispatch, out.ticket, b->pool_full, b->now_us, b->people.utc_us);
            continue;
        }
        cr_assert_lt(b->heard_count, HEARD_MAX);
        struct heard *h = &b->heard[b->heard_count++];
        *h = (struct heard){.connection = out.connection, .code = out.code};
        if (out.type == DISPATCH_SEND) {
            h->text = json_loadb(out.text, out.len_bytes, JSON_REJECT_DUPLICATES, NULL);
            cr_assert(h->text, "%s", out.text);
            check_schema(b, h->text);
            free(out.text);
        }
    }
}

void bench_restart(struct bench *b)
{
    dispatch_free(b->dispatch);
    people_restart(&b->people);
    bench_start(b);
    drain(b);
}

void bench_pass(struct bench *b, time_us time)
{
    b->now_us += time;
    b->people.utc_us += time;
    dispatch_step(b->dispatch, b->now_us, b->people.utc_us);
    drain(b);
}

void bench_open(struct bench *b, uint64_t connection)
{
    cr_assert_eq(dispatch_open(b->dispatch, connection, b->now_us), 0);
}

void bench_close(struct bench *b, uint64_t connection)
{
    dispatch_closed(b->dispatch, connection, b->now_us, b->people.utc_us);
    drain(b);
}

void bench_text(struct bench *b, uint64_t connection, const char *text)
{
    dispatch_receive(b->dispatch, connection, text, strlen(text), b->now_us, b->people.utc_us);
    drain(b);
}

static void check_result(const struct bench *b, const char *method, const json_t *reply)
{
    struct schema_reason reason;
    const json_t *root = schema_set_method(b->schemas, method),
                 *result = json_object_get(reply, "result");
    if (!root || !result)
        return;
    int error = schema_check(root, json_object_get(root, "result"), result, &reason);
    cr_expect_eq(error, 0, "%s: %s %s", method, reason.path, reason.text);
}

json_t *bench_call_as(struct bench *b, uint64_t connection, const char *key, const char *method,
                      json_t *params)
{
    size_t from = b->heard_count;
    json_t *message = json_pack("{s:s, s:s, s:s, s:o}", "jsonrpc", "2.0", "id", key, "method",
                                method, "params", params ? params : json_object());
    char *text = json_dumps(message, JSON_COMPACT);
    bench_text(b, connection, text);
    free(text);
    json_decref(message);
    for (size_t i = from; i < b->heard_count; i++) {
        const char *id = json_string_value(json_object_get(b->heard[i].text, "id"));
        if (b->heard[i].connection == connection && id && !strcmp(id, key)) {
            check_result(b, method, b->heard[i].text);
            return b->heard[i].text;
        }
    }
    return NULL;
}

json_t *bench_call(struct bench *b, uint64_t connection, const char *method, json_t *params)
{
    char key[32];
    snprintf(key, sizeof key, "request-%u", b->next_key++);
    return bench_call_as(b, connection, key, method, params);
}

json_t *bench_told(struct bench *b, uint64_t connection, const char *method)
{
    for (size_t i = 0; i < b->heard_count; i++) {
        struct heard *h = &b->heard[i];
        const char *name = json_string_value(json_object_get(h->text, "method"));
        if (h->connection != connection || h->taken || !name || strcmp(name, method))
            continue;
        h->taken = true;
        return json_object_get(h->text, "params");
    }
    return NULL;
}

uint16_t bench_closed(const struct bench *b, uint64_t connection)
{
    for (size_t i = 0; i < b->heard_count; i++) {
        if (b->heard[i].connection == connection && !b->heard[i].text)
            return b->heard[i].code;
    }
    return 0;
}

json_t *bench_login(struct bench *b, uint64_t connection, const char *account, bool takeover)
{
    json_t *reply = bench_call(b, connection, "auth.login",
                               json_pack("{s:s, s:s, s:b}", "account", account, "password",
                                         PEOPLE_PASSWORD, "takeover", takeover));
    cr_assert(bench_result(reply), "sign-in of %s: %s", account, bench_error(reply));
    return bench_result(reply);
}

const char *bench_error(const json_t *reply)
{
    const json_t *error = json_object_get(reply, "error");
    return bench_get(json_object_get(error, "data"), "error");
}

json_t *bench_result(const json_t *reply)
{
    return json_object_get(reply, "result");
}

const char *bench_get(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}
