/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration of shanqiao-signaling: the table of keys, and the checked values that the program
 * starts with. Refuses to know: what is done with them. */
#ifndef SIGNALING_SETTINGS_H
#define SIGNALING_SETTINGS_H

#include "base/address.h"
#include "base/config.h"
#include "cluster/cluster.h"
#include "signaling/media/turn.h"

struct settings {
    char address[CONFIG_TEXT_MAX];
    int64_t port, connections_max;
    struct config_list origins; /* after settings_load never empty */
    char web[CONFIG_TEXT_MAX];
    char certificate[CONFIG_TEXT_MAX], key[CONFIG_TEXT_MAX];
    char database[CONFIG_TEXT_MAX], keys[CONFIG_TEXT_MAX];
    char materials[CONFIG_TEXT_MAX], inspect[CONFIG_TEXT_MAX];
    int64_t materials_reserve_mb;
    struct config_list relays;
    char cluster_key[CONFIG_TEXT_MAX], cluster_node[CONFIG_TEXT_MAX],
        cluster_program[CONFIG_TEXT_MAX];
    int64_t ring_s, start_s, abandoned_s, grace_s, session_h;
    char webhook_ca[CONFIG_TEXT_MAX];
    struct config_list turn_urls;
    char turn_secret[CONFIG_TEXT_MAX];
    char log_level[CONFIG_TEXT_MAX];
};

/* What follows from the settings. */
struct settings_setup {
    struct config_sources sources; /* for what turns out wrong later, a port that is taken, say */
    struct net_address listen;     /* with its port */
    struct cluster_config cluster; /* borrows the program's path from the settings */
    struct turn turn;              /* borrows the addresses from the settings */
};

extern const struct config_key settings_keys[];
extern const size_t settings_key_count;

/* Reads and checks everything. 0, or an error with a message for a person in `error`. */
int settings_load(struct settings *s, struct settings_setup *setup, const char *file,
                  char error[CONFIG_ERROR_MAX]);

/* The part of it that reads certificate and key: each must be there, and they must belong together.
 * 0 or SQ_ERR_INVALID. */
int settings_check_tls(const struct settings *s, const struct config_sources *sources,
                       char error[CONFIG_ERROR_MAX]);

/* The part of it that looks at TURN: addresses, and the file of the shared secret, which is read
 * into setup->turn. 0 or SQ_ERR_INVALID. */
int settings_set_turn(const struct settings *s, struct settings_setup *setup,
                      char error[CONFIG_ERROR_MAX]);

/* service_open refused with `text`: says which of store.keys and store.database it was. Returns
 * SQ_ERR_INVALID. */
int settings_refuse_store(const struct settings *s, const struct config_sources *sources,
                          const char *text, char error[CONFIG_ERROR_MAX]);

#endif
