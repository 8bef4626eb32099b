/* SPDX-License-Identifier: Apache-2.0 */
/* The table of keys and the checks that need more than one look. */
#include "signaling/settings.h"
#include "cluster/process_protocol.h"
#include "cluster/seal.h"
#include "shanqiao/error.h"
#include "signaling/store/store.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT(member) offsetof(struct settings, member)

const struct config_key settings_keys[] = {
    {"signaling.listen", CONFIG_TEXT, AT(address), "127.0.0.1", 0, 0, NULL,
     "IP address of HTTPS and WSS; empty: all"},
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
     "SQLite file, or postgresql://user@host/name of a PostgreSQL database, which several nodes "
     "may "
     "share (its password in a file named by passfile=, mode 0600)"},
    {"store.keys", CONFIG_TEXT, AT(keys), "/etc/shanqiao/keys", 0, 0, NULL,
     "directory with master.key (made by shanqiaoctl init)"},
    {"signaling.materials", CONFIG_TEXT, AT(materials), "", 0, 0, NULL,
     "directory of uploaded files (encrypted), the same for all nodes of one store; empty: "
     "\"materials\" beside store.database, and none (no uploads) with PostgreSQL"},
    {"signaling.materials_reserve_mb", CONFIG_INT, AT(materials_reserve_mb), "1024", 0, 1000000000,
     NULL, "uploads leave this much of its disk free, MiB"},
    {"signaling.inspect", CONFIG_TEXT, AT(inspect), "", 0, 0, NULL,
     "path of shanqiao-inspect; empty: beside this program"},
    {"cluster.relays", CONFIG_LIST, AT(relays), "", 0, 0, NULL,
     "relays, each as \"relay.id=its cluster.commands,its cluster.heartbeats\""},
    {"cluster.key_file", CONFIG_TEXT, AT(cluster_key), "/etc/shanqiao/cluster.keys", 0, 0, NULL,
     "file with the keys of node messages, the same on all nodes, mode 0600"},
    {"cluster.node", CONFIG_TEXT, AT(cluster_node), "signaling-1", 0, 0, NULL, "id of this node"},
    {"cluster.program", CONFIG_TEXT, AT(cluster_program), "", 0, 0, NULL,
     "path of shanqiao-cluster; empty: beside this program, then PATH"},
    {"consultation.ring_s", CONFIG_INT, AT(ring_s), "60", 1, 3600, NULL,
     "where no agreement says how long a panel rings, s"},
    {"consultation.start_s", CONFIG_INT, AT(start_s), "900", 1, 86400, NULL,
     "from the acceptance, or the start of the slot, until the two have met: else no-show, s"},
    {"consultation.abandoned_s", CONFIG_INT, AT(abandoned_s), "1800", 1, 86400, NULL,
     "interrupted this long: the call is over, s"},
    {"consultation.grace_s", CONFIG_INT, AT(grace_s), "30", 1, 3600, NULL,
     "after a restart: who has not come back by then counts as dropped, s"},
    {"session.lifetime_h", CONFIG_INT, AT(session_h), "12", 1, 24 * 7, NULL, "from sign-in, h"},
    {"turn.urls", CONFIG_LIST, AT(turn_urls), "", 0, 0, NULL,
     "TURN servers for who reaches no relay, as turn:host:port?transport=udp or "
     "turns:host:443?transport=tcp; empty: none"},
    {"turn.secret_file", CONFIG_TEXT, AT(turn_secret), "", 0, 0, NULL,
     "file with the TURN servers' static-auth-secret, mode 0600"},
    {"webhooks.ca_file", CONFIG_TEXT, AT(webhook_ca), "", 0, 0, NULL,
     "PEM file of authorities that receivers' certificates chain to; empty: the system's"},
    {"log.level", CONFIG_CHOICE, AT(log_level), "info", 0, 0, "debug|info|warn|error",
     "least serious line to write"},
};
const size_t settings_key_count = sizeof settings_keys / sizeof settings_keys[0];

/* What the checks below share. */
struct loading {
    struct settings *settings;
    struct settings_setup *setup;
    char *error;
};

static int wrong(const struct loading *l, const char *key, const char *value, const char *want,
                 const char *remedy)
{
    char found[CONFIG_PHRASE_MAX];
    return config_refuse(&l->setup->sources, key, config_quote(value, found), want, remedy,
                         l->error);
}

static int set_listen(const struct loading *l)
{
    const struct settings *s = l->settings;
    if (net_address_parse(&l->setup->listen, s->address[0] ? s->address : "0.0.0.0",
                          (uint16_t)s->port))
        return wrong(l, "signaling.listen", s->address, "an IP address without a port",
                     "write one like 10.0.0.2, or \"\" for all; the port is signaling.port");
    return 0;
}

/* ---- origins ---- */

/* As browsers write them (RFC 6454 section 6.2): lower case, no path, no default port. */
static bool origin_valid(const char *origin)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_:[]";
    static const struct {
        const char *scheme, *default_port;
    } schemes[] = {{"https://", ":443"}, {"http://", ":80"}};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t n = strlen(schemes[i].scheme), tail = strlen(schemes[i].default_port);
        if (strncmp(origin, schemes[i].scheme, n) != 0)
            continue;
        const char *host = origin + n;
        size_t len = strlen(host);
        return len > 0 && strspn(host, allowed) == len && host[0] != ':' && host[len - 1] != ':' &&
               (len < tail || strcmp(host + len - tail, schemes[i].default_port) != 0);
    }
    return false;
}

static int set_origins(const struct loading *l)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    struct config_list *origins = &l->settings->origins;
    for (size_t i = 0; i < origins->count; i++) {
        if (!origin_valid(origins->entries[i]))
            return wrong(l, "signaling.origins", origins->entries[i],
                         "origins as browsers send them: https://host or https://host:port",
                         "write it in lower case, without \"/\" or a path after the host and "
                         "without the port 443");
    }
    for (size_t i = 0; i < 2 && origins->count == i; i++)
        snprintf(origins->entries[origins->count++], CONFIG_TEXT_MAX,
                 l->settings->port == 443 ? "https://%s" : "https://%s:%lld", hosts[i],
                 (long long)l->settings->port);
    return 0;
}

static int set_web(const struct loading *l)
{
    struct stat st;
    const char *web = l->settings->web;
    if (web[0] && (stat(web, &st) != 0 || !S_ISDIR(st.st_mode) || access(web, X_OK) != 0))
        return wrong(l, "web.directory", web, "a directory that this user can read",
                     "write the path of the built web pages, or leave it out for none");
    return 0;
}

static int set_turn(const struct loading *l)
{
    return settings_set_turn(l->settings, l->setup, l->error);
}

static int set_tls(const struct loading *l)
{
    return settings_check_tls(l->settings, &l->setup->sources, l->error);
}

/* ---- cluster ---- */

static bool take_address(char *to, const char *text)
{
    if (!process_address_valid(text, false))
        return false;
    memcpy(to, text, strlen(text) + 1); /* process_address_valid bounds it */
    return true;
}

static bool take_relay(struct cluster_config *c, const char *id)
{
    if (c->peer_count == CLUSTER_PEERS_MAX || !seal_node_valid(id) || !strcmp(id, c->node))
        return false;
    for (size_t i = 0; i < c->peer_count; i++) {
        if (!strcmp(c->peers[i].node, id))
            return false;
    }
    memcpy(c->peers[c->peer_count++].node, id, strlen(id) + 1);
    return true;
}

/* One word: "id=tcp://commands" begins a relay, "tcp://heartbeats" completes it. (In the
 * environment a list is split at commas, so an entry may come as two.) */
static bool take_word(struct cluster_config *c, char *word)
{
    struct cluster_peer *last = c->peer_count ? &c->peers[c->peer_count - 1] : NULL;
    char *equals = strchr(word, '=');
    bool complete = !last || last->heartbeats[0];
    if (!equals)
        return !complete && take_address(last->heartbeats, word);
    *equals = 0;
    return complete && take_relay(c, word) &&
           take_address(c->peers[c->peer_count - 1].commands, equals + 1);
}

static int set_relays(const struct loading *l)
{
    static const char want[] = "id=tcp://commands,tcp://heartbeats for each relay, every id once";
    static const char remedy[] =
        "write it like county-1=tcp://10.0.0.2:7400,tcp://10.0.0.2:7401, with that relay's "
        "relay.id, cluster.commands and cluster.heartbeats";
    const struct config_list *list = &l->settings->relays;
    struct cluster_config *c = &l->setup->cluster;
    for (size_t i = 0; i < list->count; i++) {
        char entry[CONFIG_TEXT_MAX], *save = NULL;
        memcpy(entry, list->entries[i], sizeof entry);
        for (char *w = strtok_r(entry, ", ", &save); w; w = strtok_r(NULL, ", ", &save)) {
            if (!take_word(c, w))
                return wrong(l, "cluster.relays", list->entries[i], want, remedy);
        }
    }
    if (c->peer_count && !c->peers[c->peer_count - 1].heartbeats[0])
        return wrong(l, "cluster.relays", list->entries[list->count - 1], want, remedy);
    return 0;
}

static int set_cluster(const struct loading *l)
{
    const struct settings *s = l->settings;
    struct cluster_config *c = &l->setup->cluster;
    if (!seal_node_valid(s->cluster_node))
        return wrong(l, "cluster.node", s->cluster_node, "1 to 39 letters, digits, _ or -",
                     "write a name like signaling-1");
    memcpy(c->node, s->cluster_node, strlen(s->cluster_node) + 1); /* seal_node_valid bounds it */
    c->program = s->cluster_program[0] ? s->cluster_program : NULL;
    if (c->program && access(c->program, X_OK) != 0)
        return wrong(l, "cluster.program", s->cluster_program, "a program that can be run",
                     "write the path of shanqiao-cluster, or leave it out where it is installed "
                     "beside shanqiao-signaling");
    int error = set_relays(l);
    return error ? error : cluster_keys_configure(c, s->cluster_key, &l->setup->sources, l->error);
}

int settings_load(struct settings *s, struct settings_setup *setup, const char *file,
                  char error[CONFIG_ERROR_MAX])
{
    const struct loading l = {s, setup, error};
    *setup = (struct settings_setup){0};
    int code =
        config_load_traced(s, settings_keys, settings_key_count, file, &setup->sources, error);
    int (*const checks[])(const struct loading *) = {set_listen, set_origins, set_web,
                                                     set_tls,    set_turn,    set_cluster};
    for (size_t i = 0; code == 0 && i < sizeof checks / sizeof checks[0]; i++)
        code = checks[i](&l);
    return code;
}

int settings_refuse_store(const struct settings *s, const struct config_sources *sources,
                          const char *text, char error[CONFIG_ERROR_MAX])
{
    char found[CONFIG_PHRASE_MAX], name[CONFIG_TEXT_MAX];
    store_database_name(s->database, name, sizeof name);
    size_t keys = strlen(s->keys), database = strlen(name);
    if (strncmp(text, s->keys, keys) == 0 && text[keys] == '/')
        return config_refuse(sources, "store.keys", config_quote(s->keys, found),
                             "the directory with this installation's master.key", text, error);
    if (strncmp(text, name, database) == 0 && strncmp(text + database, ": ", 2) == 0)
        text += database + 2;
    return config_refuse(sources, "store.database", config_quote(name, found),
                         "this installation's database", text, error);
}
