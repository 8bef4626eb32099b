/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of shanqiao-terminal as a const struct, and the two JSON files that it may name.
 */
#ifndef TERMINAL_OPTIONS_H
#define TERMINAL_OPTIONS_H

#include <jansson.h>
#include <shanqiao/client.h>
#include <stdbool.h>

enum terminal_role { ROLE_NONE = 0, ROLE_DOCTOR, ROLE_SPECIALIST };

struct options {
    enum terminal_role role;
    const char *server, *ca_file, *server_name, *account, *language;
    char password[256];
    const char *session_file;  /* NULL: sign in each time */
    const char *video, *audio; /* sources of source.h; NULL: none */
    const char *record_dir, *report_file, *events_file, *snapshot_file;
    const char *attach_file; /* "[TYPE] FILE"; NULL: none */
    json_t *consultation, *opinion; /* owned; NULL: asked for */
    enum sq_codec codec;
    int seconds; /* with automatic: length of the talk */
    int max_bps;
    bool headless, automatic, force_tcp, narrow, take_over;
};

/* 0: run; 1: --help or --version was printed; SQ_ERR_INVALID or SQ_ERR_IO: said why on standard
 * error. */
int options_parse(struct options *o, int argc, char **argv);
void options_fini(struct options *o);

#endif
