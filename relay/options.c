/* SPDX-License-Identifier: Apache-2.0 */
/* The table of keys and the checks that need more than one look. */
#include "relay/options.h"
#include "base/random.h"
#include "cluster/process_protocol.h"
#include "cluster/seal.h"
#include "shanqiao/error.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AT(field) offsetof(struct relay_options, field)

const struct config_key relay_option_keys[] = {
    {"relay.id", CONFIG_TEXT, AT(id), NULL, 0, 0, NULL,
     "name of this relay, as signalling lists it: 1 to 39 letters, digits, _ or -"},
    {"relay.level", CONFIG_CHOICE, AT(level), "county", 0, 0, "township|county|city|province",
     "level of the site where it stands"},
    {"relay.announce", CONFIG_LIST, AT(announce), "127.0.0.1", 0, 0, NULL,
     "IP addresses that terminals reach this relay by, best first"},
    {"relay.listen", CONFIG_TEXT, AT(listen), "0.0.0.0", 0, 0, NULL,
     "IP address to bind for media; :: for IPv4 and IPv6"},
    {"relay.base_port", CONFIG_INT, AT(base_port), "40000", 1024, 65000, NULL,
     "UDP and TCP port of the first worker; the next ones follow"},
    {"relay.workers", CONFIG_INT, AT(workers), "0", 0, CONTROL_WORKERS_MAX, NULL,
     "threads that carry media; 0: one a core"},
    {"relay.packets", CONFIG_INT, AT(packets), "65536", 1024, 4194304, NULL,
     "packet buffers of each worker, 2 KiB each, kept for repair"},
    {"relay.tcp", CONFIG_BOOL, AT(tcp), "true", 0, 0, NULL,
     "take media over TCP too, where UDP is blocked"},
    {"relay.metrics_listen", CONFIG_TEXT, AT(metrics_listen), "127.0.0.1:9464", 0, 0, NULL,
     "address:port of /metrics and /healthz"},
    {"log.level", CONFIG_CHOICE, AT(log_level), "info", 0, 0, "debug|info|warn|error",
     "least serious line to write"},
    {"cluster.commands", CONFIG_TEXT, AT(cluster_commands), "tcp://127.0.0.1:7400", 0, 0, NULL,
     "nanomsg address on the private interface where signalling commands this relay"},
    {"cluster.heartbeats", CONFIG_TEXT, AT(cluster_heartbeats), "tcp://127.0.0.1:7401", 0, 0, NULL,
     "nanomsg address on the private interface where this relay publishes"},
    {"cluster.key_file", CONFIG_TEXT, AT(cluster_key_file), "/etc/shanqiao/cluster.keys", 0, 0,
     NULL, "file with the keys of node messages, the same on all nodes, mode 0600"},
    {"cluster.program", CONFIG_TEXT, AT(cluster_program), "", 0, 0, NULL,
     "path of shanqiao-cluster; empty: beside this program"},
};
const size_t relay_option_count = sizeof relay_option_keys / sizeof relay_option_keys[0];

/* What the checks below share. */
struct loading {
    const struct relay_options *options;
    struct relay_setup *setup;
    char *error;
};

static int wrong(const struct loading *l, const char *key, const char *value, const char *want,
                 const char *remedy)
{
    char found[CONFIG_PHRASE_MAX];
    return config_refuse(&l->setup->sources, key, config_quote(value, found), want, remedy,
                         l->error);
}

static int set_identity(const struct loading *l)
{
    const struct relay_options *o = l->options;
    struct control_config *out = &l->setup->control;
    if (!seal_node_valid(o->id))
        return wrong(l, "relay.id", o->id, "1 to 39 letters, digits, _ or -",
                     "write a name like county-1, the same as in signalling's cluster.relays");
    memcpy(out->id, o->id, strlen(o->id) + 1); /* seal_node_valid bounds it */
    memcpy(l->setup->cluster.node, o->id, strlen(o->id) + 1);
    snprintf(out->level, sizeof out->level, "%.15s", o->level);
    random_text(out->boot, CONTROL_BOOT_LEN);
    return 0;
}

static bool is_unspecified(const struct net_address *a)
{
    static const uint8_t zeros[sizeof a->ip];
    return memcmp(a->ip, zeros, sizeof zeros) == 0;
}

static int set_announce(const struct loading *l)
{
    static const char want[] = "1 to 8 IP addresses that terminals can reach";
    const struct config_list *announce = &l->options->announce;
    struct control_config *out = &l->setup->control;
    char found[CONFIG_PHRASE_MAX];
    snprintf(found, sizeof found, "%zu entries", announce->count);
    if (announce->count == 0 || announce->count > CONTROL_ANNOUNCE_MAX)
        return config_refuse(&l->setup->sources, "relay.announce", found, want,
                             "write them as [203.0.113.7], best first", l->error);
    for (size_t i = 0; i < announce->count; i++) {
        if (net_address_parse(&out->announce[i], announce->entries[i], 0) ||
            is_unspecified(&out->announce[i]))
            return wrong(l, "relay.announce", announce->entries[i], want,
                         "write an address like 203.0.113.7, neither a name nor 0.0.0.0 or ::");
    }
    out->announce_count = announce->count;
    return 0;
}

static int set_ports(const struct loading *l)
{
    const struct relay_options *o = l->options;
    struct control_config *out = &l->setup->control;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long workers = o->workers ? (long)o->workers : cores > 0 ? cores : 1;
    char found[CONFIG_PHRASE_MAX];
    out->worker_count = workers > CONTROL_WORKERS_MAX ? CONTROL_WORKERS_MAX : (size_t)workers;
    out->udp_only = !o->tcp;
    snprintf(found, sizeof found, "%lld with %zu workers", (long long)o->base_port,
             out->worker_count);
    if (o->base_port + (int64_t)out->worker_count > 65536)
        return config_refuse(&l->setup->sources, "relay.base_port", found,
                             "a last port of at most 65535",
                             "set a lower base_port or fewer relay.workers", l->error);
    return 0;
}

static int set_addresses(const struct loading *l)
{
    const struct relay_options *o = l->options;
    if (net_address_parse(&l->setup->listen, o->listen, 0))
        return wrong(l, "relay.listen", o->listen, "an IP address without a port",
                     "write 0.0.0.0 for all of IPv4, :: for IPv4 and IPv6, or one address");
    if (net_address_parse_endpoint(&l->setup->metrics, o->metrics_listen))
        return wrong(l, "relay.metrics_listen", o->metrics_listen, "an IP address with a port",
                     "write it like 127.0.0.1:9464 or [::1]:9464");
    return 0;
}

static int set_bind(const struct loading *l, const char *key, const char *address, char *out)
{
    if (!process_address_valid(address, false))
        return wrong(l, key, address, "tcp://ADDRESS:PORT of at most 95 bytes",
                     "write it like tcp://10.0.0.2:7400, on the private interface");
    memcpy(out, address, strlen(address) + 1); /* process_address_valid bounds it */
    return 0;
}

static int set_cluster(const struct loading *l)
{
    const struct relay_options *o = l->options;
    struct cluster_config *out = &l->setup->cluster;
    int code = set_bind(l, "cluster.commands", o->cluster_commands, out->bind_commands);
    if (code == 0)
        code = set_bind(l, "cluster.heartbeats", o->cluster_heartbeats, out->bind_heartbeats);
    if (code)
        return code;
    if (strcmp(o->cluster_commands, o->cluster_heartbeats) == 0)
        return wrong(l, "cluster.heartbeats", o->cluster_heartbeats,
                     "another port than cluster.commands", "set one of them to a free port");
    out->program = o->cluster_program[0] ? o->cluster_program : NULL;
    if (out->program && access(out->program, X_OK) != 0)
        return wrong(l, "cluster.program", o->cluster_program, "a program that can be run",
                     "write the path of shanqiao-cluster, or leave it out where it is installed "
                     "beside shanqiao-relay");
    return cluster_keys_configure(out, o->cluster_key_file, &l->setup->sources, l->error);
}

int relay_options_load(struct relay_options *o, struct relay_setup *setup, const char *file,
                       char error[CONFIG_ERROR_MAX])
{
    const struct loading l = {o, setup, error};
    *setup = (struct relay_setup){0};
    int code =
        config_load_traced(o, relay_option_keys, relay_option_count, file, &setup->sources, error);
    int (*const checks[])(const struct loading *) = {set_identity, set_announce, set_ports,
                                                     set_addresses, set_cluster};
    for (size_t i = 0; code == 0 && i < sizeof checks / sizeof checks[0]; i++)
        code = checks[i](&l);
    return code;
}
