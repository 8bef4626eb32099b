/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration of shanqiao-relay: the table of keys, and the checked values that the program
 * starts with. Refuses to know: what is done with them. */
#ifndef RELAY_OPTIONS_H
#define RELAY_OPTIONS_H

#include "base/config.h"
#include "cluster/cluster.h"
#include "relay/control/control.h"

struct relay_options {
    char id[CONFIG_TEXT_MAX];
    char level[CONFIG_TEXT_MAX];
    struct config_list announce;
    char listen[CONFIG_TEXT_MAX];
    int64_t base_port, workers, packets;
    bool tcp;
    char metrics_listen[CONFIG_TEXT_MAX];
    char log_level[CONFIG_TEXT_MAX];
    char cluster_commands[CONFIG_TEXT_MAX];
    char cluster_heartbeats[CONFIG_TEXT_MAX];
    char cluster_key_file[CONFIG_TEXT_MAX];
    char cluster_program[CONFIG_TEXT_MAX];
};

/* What follows from the options. */
struct relay_setup {
    struct config_sources sources; /* for what turns out wrong later, a port that is taken, say */
    struct net_address listen;     /* port 0 */
    struct net_address metrics;    /* with its port */
    struct control_config control; /* without ports */
    struct cluster_config cluster;
};

extern const struct config_key relay_option_keys[];
extern const size_t relay_option_count;

/* Reads and checks everything. 0, or SQ_ERR_INVALID / SQ_ERR_IO / SQ_ERR_DENIED with a message for
 * a person. */
int relay_options_load(struct relay_options *o, struct relay_setup *setup, const char *file,
                       char error[CONFIG_ERROR_MAX]);

#endif
