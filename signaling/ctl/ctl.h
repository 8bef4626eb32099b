/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiaoctl, the operator's tool: what its commands share. Each command is a function over a
 * parsed command line; texts come in English and Chinese. Knows the rooms of signalling by their
 * headers; opens no network connection. */
#ifndef SIGNALING_CTL_CTL_H
#define SIGNALING_CTL_CTL_H

#include "base/time.h"
#include "signaling/service.h"
#include <stdbool.h>
#include <stdio.h>

#define CTL_ARGUMENTS_MAX 64
#define CTL_ROLES_MAX     8

enum ctl_exit {
    CTL_OK = 0,
    CTL_FAILED = 1,
    CTL_USAGE = 2,
    CTL_BAD = 3 /* a check found a fault */
};

/* Options of the directory commands. */
struct ctl_directory {
    bool remove;
    const char *format, *out, *lookups;
    const char *counties, *townships, *villages, *members, *seed; /* of a made-up province */
};

struct ctl {
    FILE *in, *out, *err;
    bool chinese;
    time_us utc_us;
    const char *db, *keys;
    const char *name, *institution, *language, *expect, *ca, *opinion;
    const char *roles[CTL_ROLES_MAX];
    size_t role_count;
    const char *from, *until, *reason;
    bool dry_run, fhir;
    const char *to; /* step of a schema */
    bool lose_data;
    struct ctl_directory directory;
    const char *arguments[CTL_ARGUMENTS_MAX]; /* after the command's words */
    size_t argument_count;
};

/* The whole program: argv as in main, streams handed in. Exit status of enum ctl_exit. */
int ctl_run(int argc, char **argv, FILE *in, FILE *out, FILE *err, time_us utc_us);

/* The text for the reader's language. */
const char *ctl_text(const struct ctl *c, const char *en, const char *zh);
/* "shanqiaoctl: ..." to err; returns CTL_FAILED. */
int ctl_fail(const struct ctl *c, const char *en, const char *zh, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));

/* Opens the service of --db and --keys; says what is wrong. CTL_OK, CTL_USAGE or CTL_FAILED. */
int ctl_open(const struct ctl *c, struct service *out);
/* One line from c->in without its end; asks and hides it on a terminal. false at the end of input.
 */
bool ctl_read_password(const struct ctl *c, char *out, size_t size);
struct book;
/* Each fault of a directory file to err: "FILE:LINE:COLUMN: accounts[2].roles: wanted: ..." */
void ctl_faults(const struct ctl *c, const struct book *b);
/* An audit row of the operator's act, in a transaction of the caller. */
int ctl_audit(const struct ctl *c, struct service *s, const char *act, const char *object);

int ctl_init(struct ctl *c);
int ctl_store_status(struct ctl *c);
int ctl_store_migrate(struct ctl *c);
int ctl_store_copy(struct ctl *c);
int ctl_tls_init(struct ctl *c);
int ctl_cluster_new_key(struct ctl *c);
int ctl_import(struct ctl *c);
int ctl_directory_export(struct ctl *c);
int ctl_directory_check(struct ctl *c);
int ctl_directory_generate(struct ctl *c);
int ctl_directory_measure(struct ctl *c);
int ctl_account_add(struct ctl *c);
int ctl_account_passwd(struct ctl *c);
int ctl_account_disable(struct ctl *c);
int ctl_account_enable(struct ctl *c);
int ctl_account_roles(struct ctl *c);
int ctl_account_logout(struct ctl *c);
int ctl_account_list(struct ctl *c);
int ctl_audit_verify(struct ctl *c);
int ctl_audit_head(struct ctl *c);
int ctl_audit_export(struct ctl *c);
int ctl_retention_list(struct ctl *c);
int ctl_retention_due(struct ctl *c);
int ctl_retention_run(struct ctl *c);
int ctl_retention_proof(struct ctl *c);
int ctl_retention_class(struct ctl *c);
int ctl_retention_hold(struct ctl *c);
int ctl_retention_release(struct ctl *c);
int ctl_retention_holds(struct ctl *c);
int ctl_opinion_verify(struct ctl *c);
int ctl_opinion_ca(struct ctl *c);
int ctl_opinion_print(struct ctl *c);
int ctl_opinion_evidence(struct ctl *c);
int ctl_verify(struct ctl *c);
int ctl_webhook_add(struct ctl *c);
int ctl_webhook_remove(struct ctl *c);
int ctl_webhook_list(struct ctl *c);
int ctl_link_key_add(struct ctl *c);
int ctl_link_key_remove(struct ctl *c);
int ctl_account_token(struct ctl *c);
int ctl_statistics(struct ctl *c);

#endif
