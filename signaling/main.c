/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiao-signaling: reads its configuration, opens store, relays and front door, runs until
 * SIGTERM. */
#include "base/check.h"
#include "base/config_bind.h"
#include "base/log.h"
#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/consult/consult.h"
#include "signaling/fhir/api.h"
#include "signaling/link/link.h"
#include "signaling/materials/materials.h"
#include "signaling/media/media.h"
#include "signaling/nodes/nodes.h"
#include "signaling/operator/operator.h"
#include "signaling/proto/schema.h"
#include "signaling/relays/relays.h"
#include "signaling/rooms.h"
#include "signaling/service.h"
#include "signaling/settings.h"
#include "signaling/statistics/statistics.h"
#include "signaling/store/store.h"
#include "signaling/web/web.h"
#include "signaling/webhook/webhook.h"
#include "signaling/ws/server.h"
#include <getopt.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef SHANQIAO_VERSION
#define SHANQIAO_VERSION "0.1.0"
#endif

#define ROUTES_MAX 10 /* rooms that answer HTTP */

/* Everything that lives as long as the program, in the order of its making. */
struct program {
    struct settings settings;
    struct settings_setup setup;
    struct schema_set *schemas;
    struct service service;
    bool service_open;
    struct nodes *nodes; /* NULL: this one has the store for itself */
    struct relays *relays;
    struct media *media;
    struct dispatch *dispatch;
    struct webhooks *webhooks;
    struct materials *materials; /* NULL: no directory is named */
    struct web *web;             /* likewise */
    struct http_table routes[ROUTES_MAX];
    size_t route_count;
    struct server *server;
};

static int complain(const char *what, const char *detail, int error)
{
    fprintf(stderr, "shanqiao-signaling: %s: %s (%s)\n", what, detail, sq_error_name(error));
    return error;
}

/* A refusal in the words of the configuration. */
static int complain_of_setting(const char *sentence, int error)
{
    fprintf(stderr, "shanqiao-signaling: %s\n", sentence);
    return error;
}

static int open_relays(struct program *p)
{
    struct cluster_config *c = &p->setup.cluster;
    int error = relays_new(&p->relays, c, clock_monotonic_us());
    sodium_memzero(c->keys, sizeof c->keys);
    return error ? complain("cluster", "can't start shanqiao-cluster; the log says more", error)
                 : 0;
}

static int open_service(struct program *p)
{
    const struct settings *s = &p->settings;
    struct service_config c = {
        .limits = {.ring_timeout_us = s->ring_s * TIME_US_PER_S,
                   .start_timeout_us = s->start_s * TIME_US_PER_S,
                   .abandoned_timeout_us = s->abandoned_s * TIME_US_PER_S,
                   .presence_grace_us = s->grace_s * TIME_US_PER_S,
                   .session_lifetime_us = s->session_h * 3600 * TIME_US_PER_S}};
    char text[SERVICE_ERROR_MAX], sentence[CONFIG_ERROR_MAX];
    snprintf(c.database, sizeof c.database, "%s", s->database);
    snprintf(c.keys, sizeof c.keys, "%s", s->keys);
    int error = service_open(&p->service, &c, text);
    if (error) {
        (void)settings_refuse_store(s, &p->setup.sources, text, sentence);
        return complain_of_setting(sentence, error);
    }
    p->service_open = true;
    return 0;
}

/* A store that several nodes can share is shared, even by one. */
static int open_nodes(struct program *p)
{
    if (!store_shared(p->service.store))
        return 0;
    int error = nodes_new(&p->nodes, &p->service, p->settings.cluster_node, clock_monotonic_us());
    return error ? complain("nodes", store_error(p->service.store), error) : 0;
}

static bool owns_room(void *user, const char *room)
{
    return nodes_room(user, room, NULL) != NODES_ELSEWHERE;
}

static json_t *ice_servers(void *user, const char *account)
{
    return turn_ice_servers(user, account, clock_utc_us());
}

static int open_media(struct program *p)
{
    struct media_config c = {
        .service = &p->service, .relays = p->relays, .right = consult_room_right};
    c.owns = p->nodes ? owns_room : NULL;
    c.owner = p->nodes;
    c.ice_servers = ice_servers;
    c.ice_user = &p->setup.turn;
    int error = media_new(&p->media, &c, clock_monotonic_us());
    p->service.media = p->media;
    return error ? complain("media", "can't load the stored objects", error) : 0;
}

static int open_watch(struct program *p)
{
    const struct watch_port port = {.relays = p->relays,
                                    .info = relays_info,
                                    .add = relays_add,
                                    .remove = relays_remove,
                                    .drain = relays_drain,
                                    .refused = relays_refused};
    int error = watch_new(&p->service, &port, p->nodes ? p->settings.cluster_node : "");
    return error ? complain("start", "no memory", error) : 0;
}

static int open_dispatch(struct program *p)
{
    struct schema_reason reason;
    int error = schema_set_new(&p->schemas, &reason);
    if (error)
        return complain(reason.path, reason.text, error);
    struct dispatch_config c = {.service = &p->service, .media = p->media, .schemas = p->schemas};
    c.nodes = p->nodes;
    c.tables = rooms_tables(&c.table_count);
    error = dispatch_new(&p->dispatch, &c);
    if (!error)
        error = dispatch_start(p->dispatch, clock_monotonic_us(), clock_utc_us());
    return error ? complain("start", "the log says more", error) : 0;
}

static void add_routes(struct program *p, struct http_table table)
{
    CHECK(p->route_count < ROUTES_MAX);
    p->routes[p->route_count++] = table;
}

static int open_interfaces(struct program *p)
{
    int error = webhooks_new(&p->webhooks, &p->service, p->dispatch, p->settings.webhook_ca);
    if (error)
        return complain("webhooks", "the sending thread does not start", error);
    add_routes(p, auth_http_table);
    add_routes(p, fhir_http_table);
    add_routes(p, statistics_http_table);
    add_routes(p, link_http_table);
    add_routes(p, (struct http_table){.user = p->webhooks, .step = webhooks_step});
    return 0;
}

/* Beside the database file; beside a database server there is no such place. */
static bool materials_directory(const struct program *p, char out[CONFIG_TEXT_MAX])
{
    const struct settings *s = &p->settings;
    const char *slash = strrchr(s->database, '/');
    size_t len = slash ? (size_t)(slash + 1 - s->database) : 0;
    text_copy(out, CONFIG_TEXT_MAX, s->materials);
    if (!out[0] && !store_shared(p->service.store))
        snprintf(out, CONFIG_TEXT_MAX, "%.*smaterials", (int)len, s->database);
    return out[0] != '\0';
}

static int open_materials(struct program *p)
{
    char directory[CONFIG_TEXT_MAX], text[MATERIALS_ERROR_MAX];
    struct materials_config c = {.service = &p->service,
                                 .directory = directory,
                                 .inspect = p->settings.inspect,
                                 .reserve_bytes = p->settings.materials_reserve_mb << 20};
    if (!materials_directory(p, directory)) {
        log_write(LOG_WARN, "materials.off", LOG_TEXT("setting", "signaling.materials"));
        add_routes(p, materials_off_http_table);
        return 0;
    }
    int error = materials_new(&p->materials, &c, text);
    if (error)
        return complain("signaling.materials: name a directory that this program may write", text,
                        error);
    materials_set_dispatch(p->materials, p->dispatch);
    add_routes(p, materials_routes(p->materials));
    return 0;
}

static int open_web(struct program *p)
{
    const struct settings *s = &p->settings;
    struct web_config c = {.directory = s->web, .origins = &s->origins};
    char text[WEB_ERROR_MAX];
    if (!s->web[0])
        return 0;
    int error = web_new(&p->web, &c, text);
    if (error)
        return complain("web.directory: name the directory of the built pages", text, error);
    add_routes(p, web_routes(p->web));
    return 0;
}

/* libwebsockets says neither why it can't bind nor, for an address of another machine, that it
 * didn't. */
static int try_address(const struct program *p)
{
    const struct net_address *listen = &p->setup.listen;
    char sentence[CONFIG_ERROR_MAX];
    int reason = config_bind_probe(listen);
    if (!reason)
        return 0;
    (void)config_refuse_bind(&p->setup.sources, "signaling.listen", "signaling.port", listen,
                             reason, sentence);
    return complain_of_setting(sentence, SQ_ERR_IO);
}

static int open_server(struct program *p)
{
    struct settings *s = &p->settings;
    struct server_config c = {.address = s->address,
                              .port = (int)s->port,
                              .certificate = s->certificate,
                              .key = s->key,
                              .origins = &s->origins,
                              .connections_max = (int)s->connections_max,
                              .dispatch = p->dispatch,
                              .routes = p->routes,
                              .route_count = p->route_count,
                              .relays = p->relays};
    int error = try_address(p);
    if (error)
        return error;
    error = server_new(&p->server, &c);
    return error ? complain("listen", "the server does not start; the log says more", error) : 0;
}

static void close_all(struct program *p)
{
    server_free(p->server);
    web_free(p->web);
    materials_free(p->materials);
    webhooks_free(p->webhooks);
    dispatch_free(p->dispatch);
    watch_free(&p->service);
    media_free(p->media);
    relays_free(p->relays);
    nodes_free(p->nodes);
    if (p->service_open)
        service_close(&p->service);
    schema_set_free(p->schemas);
}

static int run(struct program *p)
{
    bool ok = false;
    log_start("shanqiao-signaling", log_level_parse(p->settings.log_level, &ok));
    if (sodium_init() < 0)
        return SQ_ERR_INTERNAL;
    int error = open_service(p);
    server_block_signals(); /* what follows makes threads; until here a signal ends it at once */
    if (!error)
        error = open_relays(p);
    if (!error)
        error = open_nodes(p);
    if (!error)
        error = open_media(p);
    if (!error)
        error = open_watch(p);
    if (!error)
        error = open_dispatch(p);
    if (!error)
        error = open_interfaces(p);
    if (!error)
        error = open_materials(p);
    if (!error)
        error = open_web(p);
    if (!error)
        error = open_server(p);
    if (!error) {
        log_write(LOG_INFO, "signaling.ready", LOG_INT("port", p->settings.port));
        error = server_run(p->server);
    }
    close_all(p);
    log_write(LOG_INFO, "signaling.ended", LOG_INT("error", error));
    return error;
}

static void usage(FILE *to)
{
    fputs("shanqiao-signaling [--config FILE] [--help] [--version]\n"
          "The signalling server. Keys of the configuration file:\n\n",
          to);
    config_help(to, settings_keys, settings_key_count);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'v'},
                                            {0}};
    static struct program program; /* settings are large */
    char error[CONFIG_ERROR_MAX];
    const char *file = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "c:hv", options, NULL)) != -1) {
        if (option == 'c') {
            file = optarg;
        } else if (option == 'h') {
            usage(stdout);
            return 0;
        } else if (option == 'v') {
            puts("shanqiao-signaling " SHANQIAO_VERSION);
            return 0;
        } else {
            usage(stderr);
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr,
                "shanqiao-signaling: found \"%s\", want options only; see --help (a file is named "
                "by --config)\n",
                argv[optind]);
        return 2;
    }
    if (settings_load(&program.settings, &program.setup, file, error)) {
        (void)complain_of_setting(error, 0);
        return 2;
    }
    return run(&program) ? 1 : 0;
}
