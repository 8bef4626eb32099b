/* SPDX-License-Identifier: Apache-2.0 */
/* Joining a call on a client that is signed in, and starting its thread: each allocation fails
 * once, jansson's too. Nothing leaks or crashes, the error is SQ_ERR_NOMEM, and trying again
 * succeeds. The server's words are put into the rpc directly; no socket is used. */
#include "client-lib/api/internal.h"
#include "client-lib/io/clock.h"
#include "tests/support/oom.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <shanqiao/error.h>
#include <stdlib.h>
#include <string.h>

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *user);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *user);
static bool no_thread;

#define ROUNDS_OF_A_CLIENT 16 /* each leaves a request without reply behind */

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *user)
{
    return no_thread ? EAGAIN : __real_pthread_create(thread, attributes, run, user);
}

/* Jansson's allocations go through ours, which fail on demand. */
static void *allocate(size_t size)
{
    return malloc(size);
}

static void release(void *p)
{
    free(p);
}

static sq_client *client_new(void)
{
    struct sq_client_config config = {.struct_size = sizeof(config), .url = "wss://127.0.0.1:1/v1"};
    sq_client *client = NULL;
    cr_assert_eq(sq_client_new(&client, &config), 0);
    return client;
}

/* The next frame to the server; a new reference. */
static json_t *sent(sq_client *client)
{
    char *text = rpc_next_send(client->rpc);
    cr_assert_not_null(text);
    json_t *frame = json_loads(text, 0, NULL);
    free(text);
    cr_assert_not_null(frame);
    return frame;
}

static sq_client *online(void)
{
    sq_client *client = client_new();
    const time_us now = io_now_us();
    cr_assert_gt(sq_client_login(client, "doctor", "secret", false), 0);
    rpc_on_connecting(client->rpc);
    rpc_on_open(client->rpc, now);
    json_t *login = sent(client);
    json_t *answer =
        json_pack("{s:s, s:O, s:{s:s, s:s, s:i}}", "jsonrpc", "2.0", "id",
                  json_object_get(login, "id"), "result", "token", "t", "sessionId", "s", "seq", 0);
    char *text = json_dumps(answer, 0);
    rpc_on_message(client->rpc, text, strlen(text), now);
    free(text);
    json_decref(answer);
    json_decref(login);
    cr_assert_eq(rpc_state(client->rpc), RPC_ONLINE);
    return client;
}

/* What the join of `client` asks for, without what is random in it. */
static json_t *asked(sq_client *client)
{
    json_t *frame = sent(client);
    cr_assert_str_eq(json_string_value(json_object_get(frame, "method")), "media.join");
    json_t *params = json_incref(json_object_get(frame, "params"));
    json_decref(frame);
    return params;
}

/* Same members and lengths; values that are random differ. */
static bool same_shape(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;
    size_t i;
    if (json_typeof(a) != json_typeof(b))
        return json_is_boolean(a) && json_is_boolean(b);
    if (json_is_object(a)) {
        if (json_object_size(a) != json_object_size(b))
            return false;
        json_object_foreach((json_t *)(uintptr_t)a, key,
                            value) if (!json_object_get(b, key) ||
                                       !same_shape(value, json_object_get(b, key))) return false;
    }
    if (json_is_array(a)) {
        if (json_array_size(a) != json_array_size(b))
            return false;
        json_array_foreach(a, i, value) if (!same_shape(value, json_array_get(b, i))) return false;
    }
    return true;
}

Test(oom, joining_a_call)
{
    struct sq_track_settings tracks[2];
    sq_track_settings_init(&tracks[0], SQ_AUDIO, SQ_MICROPHONE);
    sq_track_settings_init(&tracks[1], SQ_VIDEO, SQ_CAMERA);
    struct sq_call_settings settings = {
        .struct_size = sizeof(settings), .room = "r", .tracks = tracks, .track_count = 2};
    json_set_alloc_funcs(allocate, release);

    sq_client *whole = online();
    sq_call *call = NULL;
    cr_assert_eq(sq_call_join(whole, &call, &settings), 0);
    json_t *wanted = asked(whole);
    sq_client_free(whole);

    size_t failures = 0;
    sq_client *client = NULL;
    for (size_t n = 1;; n++) {
        if (!client)
            client = online();
        call = NULL;
        oom_fail_at(n);
        int err = sq_call_join(client, &call, &settings);
        const bool happened = oom_happened();
        oom_fail_at(0);
        failures += err != 0;
        if (err) {
            cr_assert_eq(err, SQ_ERR_NOMEM, "allocation %zu: %d", n, err);
            cr_assert_null(call, "allocation %zu", n);
            cr_assert_eq(sq_call_join(client, &call, &settings), 0, "allocation %zu, again", n);
        }
        json_t *params = asked(client);
        cr_expect(same_shape(wanted, params), "allocation %zu: what was asked is not whole", n);
        json_decref(params);
        sq_call_free(call);
        if (n % ROUNDS_OF_A_CLIENT == 0 || !happened) {
            sq_client_free(client);
            client = NULL;
        }
        if (!happened)
            break;
    }
    cr_expect_gt(failures, 20);
    json_decref(wanted);
}

Test(oom, starting_the_thread)
{
    sq_client *client = client_new();
    for (size_t n = 1; oom_round(n); n++) {
        int err = sq_client_start_thread(client);
        cr_assert(err == 0 || err == SQ_ERR_NOMEM, "allocation %zu: %d", n, err);
        sq_client_stop_thread(client);
    }
    no_thread = true;
    cr_expect_eq(sq_client_start_thread(client), SQ_ERR_NOMEM);
    no_thread = false;
    cr_expect_eq(sq_client_step(client, 0), 0, "without a thread the caller still steps");
    cr_expect_eq(sq_client_start_thread(client), 0);
    cr_expect_eq(sq_client_step(client, 0), SQ_ERR_STATE);
    sq_client_free(client);
}
