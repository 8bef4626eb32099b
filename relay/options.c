/* SPDX-License-Identifier: Apache-2.0 */
/* The table of keys and the checks that need more than one look. */
#include "relay/options.h"
#include "base/random.h"
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
    {"relay.log_level", CONFIG_CHOICE, AT(log_level), "info", 0, 0, "debug|info|warn|error",
     "lowest level that is logged"},
    {"cluster.commands", CONFIG_TEXT, AT(cluster_commands), "tcp://127.0.0.1:7400", 0, 0, NULL,
     "nanomsg address on the private interface where signalling commands this relay"},
    {"cluster.heartbeats", CONFIG_TEXT, AT(cluster_heartbeats), "tcp://127.0.0.1:7401", 0, 0, NULL,
     "nanomsg address on the private interface where this relay publishes"},
    {"cluster.key_file", CONFIG_TEXT, AT(cluster_key_file), NULL, 0, 0, NULL,
     "file with the keys of node messages, readable by this user only"},
    {"cluster.program", CONFIG_TEXT, AT(cluster_program), "", 0, 0, NULL,
     "path of shanqiao-cluster; empty: beside this program"},
};
const size_t relay_option_count = sizeof relay_option_keys / sizeof relay_option_keys[0];

static int wrong(char error[CONFIG_ERROR_MAX], int code, const char *key, const char *found,
                 const char *wanted)
{
    snprintf(error, CONFIG_ERROR_MAX, "%s: found \"%s\"; %s", key, found, wanted);
    return code;
}

static int set_control(const struct relay_options *o, struct control_config *out,
                       char error[CONFIG_ERROR_MAX])
{
    size_t len = strlen(o->id);
    if (len == 0 || len >= RELAY_ID_MAX ||
        strspn(o->id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != len)
        return wrong(error, SQ_ERR_INVALID, "relay.id", o->id,
                     "use 1 to 39 letters, digits, _ or -");
    strcpy(out->id, o->id);
    snprintf(out->level, sizeof out->level, "%.15s", o->level);
    random_text(out->boot, CONTROL_BOOT_LEN);
    if (o->announce.count == 0 || o->announce.count > CONTROL_ANNOUNCE_MAX)
        return wrong(error, SQ_ERR_INVALID, "relay.announce", "", "give 1 to 8 IP addresses");
    for (size_t i = 0; i < o->announce.count; i++)
        if (net_address_parse(&out->announce[i], o->announce.entries[i], 0))
            return wrong(error, SQ_ERR_INVALID, "relay.announce", o->announce.entries[i],
                         "give an IP address, not a name");
    out->announce_count = o->announce.count;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long workers = o->workers ? (long)o->workers : cores > 0 ? cores : 1;
    out->worker_count = workers > CONTROL_WORKERS_MAX ? CONTROL_WORKERS_MAX : (size_t)workers;
    if (o->base_port + (int64_t)out->worker_count > 65535)
        return wrong(error, SQ_ERR_INVALID, "relay.base_port", "",
                     "base_port + workers must stay below 65536");
    return 0;
}

static int set_cluster(const struct relay_options *o, struct cluster_config *out,
                       char error[CONFIG_ERROR_MAX])
{
    int line = 0;
    strcpy(out->node, o->id);
    out->program = o->cluster_program[0] ? o->cluster_program : NULL;
    if (strlen(o->cluster_commands) >= sizeof out->bind_commands)
        return wrong(error, SQ_ERR_INVALID, "cluster.commands", o->cluster_commands,
                     "give an address like tcp://10.0.0.2:7400");
    if (strlen(o->cluster_heartbeats) >= sizeof out->bind_heartbeats)
        return wrong(error, SQ_ERR_INVALID, "cluster.heartbeats", o->cluster_heartbeats,
                     "give an address like tcp://10.0.0.2:7401");
    strcpy(out->bind_commands, o->cluster_commands);
    strcpy(out->bind_heartbeats, o->cluster_heartbeats);
    int code = cluster_keys_read(o->cluster_key_file, out->keys, &out->key_count, &line);
    if (code == SQ_ERR_DENIED)
        return wrong(error, code, "cluster.key_file", o->cluster_key_file,
                     "others can read it; run chmod 600 on it");
    if (code == SQ_ERR_INVALID) {
        snprintf(error, CONFIG_ERROR_MAX,
                 "%s:%d: not a key; write a number and 64 hexadecimal digits", o->cluster_key_file,
                 line);
        return code;
    }
    if (code)
        return wrong(error, code, "cluster.key_file", o->cluster_key_file,
                     "it can't be read; create it, the same on all nodes");
    return 0;
}

int relay_options_load(struct relay_options *o, struct relay_setup *setup, const char *file,
                       char error[CONFIG_ERROR_MAX])
{
    *setup = (struct relay_setup){0};
    int code = config_load(o, relay_option_keys, relay_option_count, file, error);
    if (code)
        return code;
    if (net_address_parse(&setup->listen, o->listen, 0))
        return wrong(error, SQ_ERR_INVALID, "relay.listen", o->listen,
                     "give an IP address like 0.0.0.0 or ::");
    if (net_address_parse_endpoint(&setup->metrics, o->metrics_listen))
        return wrong(error, SQ_ERR_INVALID, "relay.metrics_listen", o->metrics_listen,
                     "give address:port like 127.0.0.1:9464");
    code = set_control(o, &setup->control, error);
    return code ? code : set_cluster(o, &setup->cluster, error);
}
