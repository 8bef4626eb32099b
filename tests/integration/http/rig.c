/* SPDX-License-Identifier: Apache-2.0 */
/* The real front door with a small room of its own behind it: one shelf of files in memory that
 * takes, gives, lists and forgets bytes in every way that signaling/http/route.h offers.
 * http_rig CERTIFICATE KEY DATABASE KEYS PORT */
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/http/route.h"
#include "signaling/proto/schema.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/ws/server.h"
#include <semaphore.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX  (64u * 1024 * 1024)
#define FILES_MAX 64

struct shelf_file {
    char name[40];
    uint8_t *bytes;
    size_t len, capacity;
};

struct shelf {
    struct shelf_file files[FILES_MAX];
    int closed_whole, closed_broken, steps;
    sem_t gate;
};

struct transfer {
    struct shelf *shelf;
    struct shelf_file *file;
    size_t at, end;
    unsigned turns;
};

static struct shelf_file *find(struct shelf *s, const char *name)
{
    for (int i = 0; i < FILES_MAX; i++) {
        if (!strcmp(s->files[i].name, name))
            return &s->files[i];
    }
    return NULL;
}

static struct transfer *begin(struct shelf *s, struct shelf_file *f, void **state)
{
    struct transfer *t = calloc(1, sizeof *t);
    if (t)
        *t = (struct transfer){.shelf = s, .file = f};
    *state = t;
    return t;
}

static void closed(struct exchange *x, void *state, bool complete)
{
    struct transfer *t = state;
    (void)x;
    if (t)
        *(complete ? &t->shelf->closed_whole : &t->shelf->closed_broken) += 1;
    free(t);
}

static void tell_offset(struct exchange *x, unsigned status, size_t offset)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", offset);
    const struct http_field fields[] = {{"upload-offset", text}, {"tus-resumable", "1.0.0"}};
    http_respond(x, status, fields, 2, NULL, 0);
}

/* ---- PATCH /files/NAME: append ---- */

static int patch_start(struct exchange *x, void *user, void **state)
{
    struct shelf *s = user;
    const char *offset = http_header(x, HTTP_UPLOAD_OFFSET);
    struct shelf_file *f = find(s, http_path_rest(x));
    if (!f)
        f = find(s, "");
    if (!f)
        return SQ_ERR_LIMIT;
    if (offset && strtoul(offset, NULL, 10) != f->len)
        return SQ_ERR_CONFLICT;
    snprintf(f->name, sizeof f->name, "%s", http_path_rest(x));
    if (!begin(s, f, state))
        return SQ_ERR_NOMEM;
    http_accept_body(x);
    return 0;
}

static void nothing(void *job)
{
    (void)job;
}

static void go_on(struct exchange *x, void *state, void *job, bool refused)
{
    (void)state;
    (void)job;
    (void)refused;
    if (x)
        http_resume(x);
}

/* By doubling: growing with every piece would copy a large file a thousand times. */
static bool make_room(struct shelf_file *f, size_t len)
{
    size_t wanted = f->capacity ? f->capacity : 65536;
    if (f->len + len > FILE_MAX)
        return false;
    while (wanted < f->len + len)
        wanted *= 2;
    uint8_t *grown = wanted == f->capacity ? f->bytes : realloc(f->bytes, wanted);
    if (!grown)
        return false;
    f->bytes = grown;
    f->capacity = wanted;
    return true;
}

static void patch_body(struct exchange *x, void *state, const void *bytes, size_t len)
{
    struct transfer *t = state;
    if (!make_room(t->file, len)) {
        http_fail(x, SQ_ERR_LIMIT, "The file is full.", "文件已满。");
        return;
    }
    memcpy(t->file->bytes + t->file->len, bytes, len);
    t->file->len += len;
    if (http_query(x, "early", 0)) {
        tell_offset(x, 200, t->file->len);
    } else if (http_query(x, "pause", 0)) {
        http_pause(x);
        http_run(x, nothing, go_on, NULL);
    }
}

static void patch_finish(struct exchange *x, void *state)
{
    struct transfer *t = state;
    tell_offset(x, 204, t->file->len);
}

/* ---- HEAD, GET, DELETE /files/NAME ---- */

static void more(struct exchange *x, void *state, void *job, bool refused)
{
    (void)state;
    (void)job;
    (void)refused;
    if (x)
        http_more(x);
}

static ssize_t pull(struct exchange *x, void *state, uint8_t *out, size_t max)
{
    struct transfer *t = state;
    size_t left = t->end - t->at;
    if (http_query(x, "halting", 0) && t->turns++ % 2) {
        http_run(x, nothing, more, NULL);
        return 0;
    }
    size_t len = left < max ? left : max;
    memcpy(out, t->file->bytes + t->at, len);
    t->at += len;
    return (ssize_t)len;
}

static int get_start(struct exchange *x, void *user, void **state)
{
    struct shelf_file *f = find(user, http_path_rest(x));
    const char *range = http_header(x, HTTP_RANGE);
    if (!f || !*http_path_rest(x))
        return SQ_ERR_NOT_FOUND;
    struct transfer *t = begin(user, f, state);
    if (!t)
        return SQ_ERR_NOMEM;
    t->end = f->len;
    size_t first, last;
    if (range && sscanf(range, "bytes=%zu-%zu", &first, &last) == 2 && last < f->len) {
        t->at = first;
        t->end = last + 1;
    }
    const struct http_field type[] = {{"content-type", "application/octet-stream"},
                                      {"content-disposition", "attachment; filename=\"a\r\nb\""}};
    http_respond_stream(x, range ? 206 : 200, type, 2, t->end - t->at, pull);
    return 0;
}

static int delete_start(struct exchange *x, void *user, void **state)
{
    struct shelf_file *f = find(user, http_path_rest(x));
    (void)state;
    if (!f || !*http_path_rest(x))
        return SQ_ERR_NOT_FOUND;
    free(f->bytes);
    *f = (struct shelf_file){0};
    http_respond(x, 204, NULL, 0, NULL, 0);
    return 0;
}

/* ---- the others ---- */

static int say_start(struct exchange *x, void *user, void **state)
{
    struct shelf *s = user;
    (void)state;
    const char *name, *value;
    json_t *query = json_array();
    for (unsigned i = 0; (value = http_query_at(x, i, &name)); i++)
        json_array_append_new(query, json_pack("[s,s]", name, value));
    json_t *all = json_pack(
        "{s:s?, s:o, s:i, s:i, s:i}", "caller", http_caller(x) ? http_caller(x)->account : NULL,
        "query", query, "whole", s->closed_whole, "broken", s->closed_broken, "steps", s->steps);
    char *text = json_dumps(all, JSON_COMPACT);
    const struct http_field type = {"content-type", "application/json"};
    http_respond(x, 200, &type, 1, text, strlen(text));
    free(text);
    json_decref(all);
    return 0;
}

static void wait_for_gate(void *job)
{
    sem_wait(job);
}

static void gate_opened(struct exchange *x, void *state, void *job, bool refused)
{
    (void)state;
    (void)job;
    if (x)
        http_respond(x, refused ? 503 : 200, NULL, 0, "late\n", 5);
}

static int late_start(struct exchange *x, void *user, void **state)
{
    struct shelf *s = user;
    begin(s, NULL, state);
    http_run(x, wait_for_gate, gate_opened, &s->gate);
    return 0;
}

static int open_start(struct exchange *x, void *user, void **state)
{
    struct shelf *s = user;
    (void)state;
    sem_post(&s->gate);
    http_respond(x, 204, NULL, 0, NULL, 0);
    return 0;
}

static int act(struct call *call)
{
    const char *wanted = call->work;
    int status = STORE_RUN(call->service->store, "UPDATE account SET language = $1 WHERE id = $2",
                           sv_text("en"), sv_text(call->caller->account));
    if (status < 0)
        return status;
    return *wanted ? call_fail(call, SQ_ERR_STATE, "Not now.", "现在不行。") : 0;
}

static int act_start(struct exchange *x, void *user, void **state)
{
    (void)user;
    (void)state;
    const char *fails = http_query(x, "fail", 0);
    struct call call = {.work = (void *)(uintptr_t)(fails ? fails : "")};
    int error = http_act(x, "rig.act", act, &call);
    if (error)
        http_fail(x, error, call.message_en, call.message_zh);
    else
        http_respond(x, 204, NULL, 0, NULL, 0);
    json_decref(call.result);
    return 0;
}

static void step(void *user, time_us now_us, time_us utc_us)
{
    struct shelf *s = user;
    (void)now_us;
    (void)utc_us;
    s->steps++;
}

static const struct http_ops patch_ops = {patch_start, patch_body, patch_finish, closed};
static const struct http_ops get_ops = {get_start, NULL, NULL, closed};
static const struct http_ops delete_ops = {delete_start, NULL, NULL, closed};
static const struct http_ops say_ops = {say_start, NULL, NULL, closed};
static const struct http_ops late_ops = {late_start, NULL, NULL, closed};
static const struct http_ops open_ops = {open_start, NULL, NULL, closed};
static const struct http_ops act_ops = {act_start, NULL, NULL, closed};

static const struct http_route routes[] = {
    {HTTP_PATCH, "/files/", HTTP_PREFIX, FILE_MAX, &patch_ops},
    {HTTP_GET | HTTP_HEAD, "/files/", HTTP_PREFIX, 0, &get_ops},
    {HTTP_DELETE, "/files/", HTTP_PREFIX, 0, &delete_ops},
    {HTTP_GET, "/say", HTTP_OPEN, 0, &say_ops},
    {HTTP_GET, "/late", 0, 0, &late_ops},
    {HTTP_POST, "/open", HTTP_OPEN, 0, &open_ops},
    {HTTP_POST, "/act", 0, 0, &act_ops},
};

static int run(char **argv, struct http_table *table)
{
    struct service service;
    struct service_config sc = {0};
    struct schema_set *schemas;
    struct schema_reason reason;
    struct dispatch *dispatch;
    struct server *server;
    char error[SERVICE_ERROR_MAX];
    struct config_list origins = {0};
    snprintf(sc.database, sizeof sc.database, "%s", argv[3]);
    snprintf(sc.keys, sizeof sc.keys, "%s", argv[4]);
    if (service_open(&service, &sc, error) || schema_set_new(&schemas, &reason))
        return 1;
    struct dispatch_config dc = {.service = &service, .schemas = schemas};
    if (dispatch_new(&dispatch, &dc) ||
        dispatch_start(dispatch, clock_monotonic_us(), clock_utc_us()))
        return 1;
    struct server_config config = {.address = "127.0.0.1",
                                   .port = atoi(argv[5]),
                                   .certificate = argv[1],
                                   .key = argv[2],
                                   .origins = &origins,
                                   .connections_max = 1000,
                                   .dispatch = dispatch,
                                   .routes = table,
                                   .route_count = 1};
    if (server_new(&server, &config))
        return 1;
    int status = server_run(server);
    server_free(server);
    dispatch_free(dispatch);
    service_close(&service);
    schema_set_free(schemas);
    return status ? 1 : 0;
}

int main(int argc, char **argv)
{
    static struct shelf shelf;
    struct http_table table = {routes, sizeof routes / sizeof routes[0], &shelf, step};
    if (argc != 6 || sodium_init() < 0)
        return 2;
    sem_init(&shelf.gate, 0, 0);
    log_start("http-rig", LOG_INFO);
    int status = run(argv, &table);
    for (int i = 0; i < FILES_MAX; i++)
        free(shelf.files[i].bytes);
    return status;
}
