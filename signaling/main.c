/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiao-signaling: reads its configuration, opens store, relays and front door, runs until
 * SIGTERM. */
#include "base/config.h"
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/consult/consult.h"
#include "signaling/directory/directory.h"
#include "signaling/duty/duty.h"
#include "signaling/media/media.h"
#include "signaling/opinion/opinion.h"
#include "signaling/proto/schema.h"
#include "signaling/relays/relays.h"
#include "signaling/service.h"
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

struct settings {
    char address[CONFIG_TEXT_MAX];
    int64_t port, connections_max;
    struct config_list origins;
    char web[CONFIG_TEXT_MAX];
    char certificate[CONFIG_TEXT_MAX], key[CONFIG_TEXT_MAX];
    char database[CONFIG_TEXT_MAX], keys[CONFIG_TEXT_MAX];
    struct config_list relays;
    char cluster_key[CONFIG_TEXT_MAX], cluster_node[CONFIG_TEXT_MAX],
        cluster_program[CONFIG_TEXT_MAX];
    int64_t ring_s, start_s, abandoned_s, grace_s, session_h;
    char log_level[CONFIG_TEXT_MAX];
};

#define AT(member) offsetof(struct settings, member)

static const struct config_key config_keys[] = {
    {"signaling.listen", CONFIG_TEXT, AT(address), "127.0.0.1", 0, 0, NULL,
     "address of HTTPS and WSS; empty: all"},
    {"signaling.port", CONFIG_INT, AT(port), "8443", 1, 65535, NULL, "TCP port of HTTPS and WSS"},
    {"signaling.connections_max", CONFIG_INT, AT(connections_max), "20000", 1, 100000, NULL,
     "connections at a time; more are refused"},
    {"signaling.origins", CONFIG_LIST, AT(origins), "", 0, 0, NULL,
     "origins whose pages may open a WebSocket, exact; empty: https://localhost and 127.0.0.1 with "
     "the port"},
    {"web.directory", CONFIG_TEXT, AT(web), "", 0, 0, NULL,
     "directory of the web pages; empty: none"},
    {"tls.certificate", CONFIG_TEXT, AT(certificate), NULL, 0, 0, NULL, "PEM file with the chain"},
    {"tls.key", CONFIG_TEXT, AT(key), NULL, 0, 0, NULL, "PEM file with the private key"},
    {"store.database", CONFIG_TEXT, AT(database), "/var/lib/shanqiao/signaling.db", 0, 0, NULL,
     "SQLite file"},
    {"store.keys", CONFIG_TEXT, AT(keys), "/etc/shanqiao/keys", 0, 0, NULL,
     "directory with master.key (made by shanqiaoctl init)"},
    {"cluster.relays", CONFIG_LIST, AT(relays), "", 0, 0, NULL,
     "relays: id=tcp://commands,tcp://heartbeats"},
    {"cluster.key_file", CONFIG_TEXT, AT(cluster_key), "/etc/shanqiao/cluster.key_file", 0, 0, NULL,
     "key file shared with the relays, mode 0600"},
    {"cluster.node", CONFIG_TEXT, AT(cluster_node), "signaling-1", 0, 0, NULL, "id of this node"},
    {"cluster.program", CONFIG_TEXT, AT(cluster_program), "", 0, 0, NULL,
     "path of shanqiao-cluster; empty: beside this program, then PATH"},
    {"consultation.ring_s", CONFIG_INT, AT(ring_s), "60", 1, 3600, NULL,
     "a panel rings this long, s"},
    {"consultation.start_s", CONFIG_INT, AT(start_s), "300", 1, 86400, NULL,
     "accepted, but the two never met: no-show after, s"},
    {"consultation.abandoned_s", CONFIG_INT, AT(abandoned_s), "900", 1, 86400, NULL,
     "interrupted this long: the call is over, s"},
    {"consultation.grace_s", CONFIG_INT, AT(grace_s), "30", 1, 3600, NULL,
     "after a restart: who has not come back by then counts as dropped, s"},
    {"session.lifetime_h", CONFIG_INT, AT(session_h), "12", 1, 24 * 7, NULL, "from sign-in, h"},
    {"log.level", CONFIG_CHOICE, AT(log_level), "info", 0, 0, "debug|info|warn|error",
     "least serious line to write"},
};
#define KEY_COUNT (sizeof config_keys / sizeof config_keys[0])

/* Everything that lives as long as the program, in the order of its making. */
struct program {
    struct settings settings;
    struct schema_set *schemas;
    struct service service;
    bool service_open;
    struct relays *relays;
    struct media *media;
    struct dispatch *dispatch;
    struct server *server;
};

static int complain(const char *what, const char *detail, int error)
{
    fprintf(stderr, "shanqiao-signaling: %s: %s (%s)\n", what, detail, sq_error_name(error));
    return error;
}

static bool take_address(char *to, size_t size, const char *text)
{
    if (strncmp(text, "tcp://", 6) || strlen(text) >= size)
        return false;
    snprintf(to, size, "%s", text);
    return true;
}

/* One word: "id=tcp://commands" begins a relay, "tcp://heartbeats" completes it. (In the
 * environment a list is split at commas, so an entry may come as two.) */
static bool take_word(struct cluster_config *c, char *word)
{
    char *equals = strchr(word, '=');
    if (equals) {
        if (c->peer_count == CLUSTER_PEERS_MAX)
            return false;
        struct cluster_peer *p = &c->peers[c->peer_count++];
        *equals = 0;
        if (!*word || strlen(word) >= sizeof p->node)
            return false;
        snprintf(p->node, sizeof p->node, "%s", word);
        return take_address(p->commands, sizeof p->commands, equals + 1);
    }
    struct cluster_peer *last = c->peer_count ? &c->peers[c->peer_count - 1] : NULL;
    return last && !last->heartbeats[0] &&
           take_address(last->heartbeats, sizeof last->heartbeats, word);
}

static int read_relays(const struct config_list *list, struct cluster_config *c)
{
    for (size_t i = 0; i < list->count; i++) {
        char entry[CONFIG_TEXT_MAX], *save = NULL;
        memcpy(entry, list->entries[i], sizeof entry);
        for (char *w = strtok_r(entry, ", ", &save); w; w = strtok_r(NULL, ", ", &save)) {
            if (!take_word(c, w))
                return complain("cluster.relays", "write id=tcp://host:port,tcp://host:port",
                                SQ_ERR_INVALID);
        }
    }
    return 0;
}

static int open_relays(struct program *p)
{
    const struct settings *s = &p->settings;
    static struct cluster_config c; /* large */
    int line = 0;
    snprintf(c.node, sizeof c.node, "%.39s", s->cluster_node);
    c.program = s->cluster_program[0] ? s->cluster_program : NULL;
    int error = read_relays(&s->relays, &c);
    if (error)
        return error;
    error = cluster_keys_read(s->cluster_key, c.keys, &c.key_count, &line);
    if (error)
        return complain("cluster.key_file", s->cluster_key, error);
    error = relays_new(&p->relays, &c, clock_monotonic_us());
    sodium_memzero(c.keys, sizeof c.keys);
    return error ? complain("cluster", "can't start shanqiao-cluster", error) : 0;
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
    char text[SERVICE_ERROR_MAX];
    snprintf(c.database, sizeof c.database, "%s", s->database);
    snprintf(c.keys, sizeof c.keys, "%s", s->keys);
    int error = service_open(&p->service, &c, text);
    if (error)
        return complain("store", text, error);
    p->service_open = true;
    return 0;
}

static int open_media(struct program *p)
{
    struct media_config c = {
        .service = &p->service, .relays = p->relays, .right = consult_room_right};
    int error = media_new(&p->media, &c, clock_monotonic_us());
    p->service.media = p->media;
    return error ? complain("media", "can't load the stored objects", error) : 0;
}

static int open_dispatch(struct program *p)
{
    const struct method_table tables[] = {auth_method_table,    directory_method_table,
                                          duty_method_table,    consult_method_table,
                                          opinion_method_table, media_method_table};
    static struct method_table kept[sizeof tables / sizeof tables[0]];
    struct schema_reason reason;
    int error = schema_set_new(&p->schemas, &reason);
    if (error)
        return complain(reason.path, reason.text, error);
    memcpy(kept, tables, sizeof tables);
    struct dispatch_config c = {.service = &p->service,
                                .media = p->media,
                                .schemas = p->schemas,
                                .tables = kept,
                                .table_count = sizeof tables / sizeof tables[0]};
    error = dispatch_new(&p->dispatch, &c);
    if (!error)
        error = dispatch_start(p->dispatch, clock_monotonic_us(), clock_utc_us());
    return error ? complain("start", "the log says more", error) : 0;
}

static void default_origins(struct settings *s)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    if (s->origins.count)
        return;
    for (size_t i = 0; i < 2; i++)
        snprintf(s->origins.entries[s->origins.count++], CONFIG_TEXT_MAX, "https://%s:%d", hosts[i],
                 (int)s->port);
}

static int open_server(struct program *p)
{
    struct settings *s = &p->settings;
    default_origins(s);
    struct server_config c = {.address = s->address,
                              .port = (int)s->port,
                              .certificate = s->certificate,
                              .key = s->key,
                              .web_directory = s->web,
                              .origins = &s->origins,
                              .connections_max = (int)s->connections_max,
                              .dispatch = p->dispatch,
                              .relays = p->relays};
    int error = server_new(&p->server, &c);
    return error ? complain("listen", "is the port free, are certificate and key readable?", error)
                 : 0;
}

static void close_all(struct program *p)
{
    server_free(p->server);
    dispatch_free(p->dispatch);
    media_free(p->media);
    relays_free(p->relays);
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
    if (!error)
        error = open_relays(p);
    if (!error)
        error = open_media(p);
    if (!error)
        error = open_dispatch(p);
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
    config_help(to, config_keys, KEY_COUNT);
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
    if (config_load(&program.settings, config_keys, KEY_COUNT, file, error)) {
        fprintf(stderr, "shanqiao-signaling: %s\n", error);
        return 2;
    }
    return run(&program) ? 1 : 0;
}
