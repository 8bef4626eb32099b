/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the directory as files show them: names, fields, how each stands in the store.
 * Reading, writing, comparing and storing all go by these tables, so a column is said once. */
#ifndef SIGNALING_EXCHANGE_TABLE_H
#define SIGNALING_EXCHANGE_TABLE_H

#include "signaling/exchange/field.h"

#define TABLE_FIELDS_MAX 16

/* In the order in which rows may be stored. */
enum table_id {
    TABLE_INSTITUTIONS,
    TABLE_SPECIALTIES,
    TABLE_ACCOUNTS,
    TABLE_PANELS,
    TABLE_MEMBERS,
    TABLE_AGREEMENTS,
    TABLE_HELP,
    TABLE_SHIFTS,
    TABLE_EXCEPTIONS,
    TABLE_COUNT
};

/* What happens to a row that a file of all rows no longer names. */
enum table_removal {
    REMOVAL_NEVER, /* it stays: accounts are locked, codes may be in use */
    REMOVAL_CLOSE, /* its last day was yesterday: history refers to it */
    REMOVAL_DELETE
};

struct table {
    const char *name;     /* of the CSV file (without .csv) and of the JSON list */
    const char *singular; /* "institution": as messages say it */
    const char *sql;      /* the store's table */
    enum table_removal removal;
    size_t keys; /* how many of the first fields are the key */
    const struct field *fields;
    size_t count;
};

extern const struct table tables[TABLE_COUNT];

/* -1: no such table (names need not end with '\0'). */
int table_find(const char *name, size_t len);
int table_field(const struct table *t, const char *name, size_t len);

/* Places of fields that rules between rows ask for. */
enum {
    I_ID,
    I_NAME,
    I_LEVEL,
    I_KIND,
    I_PARENT,
    I_LATITUDE,
    I_LONGITUDE,
    I_ADDRESS,
    I_ADMIN_CODE,
    I_OFFSET,
    I_UNTIL
};
enum { S_ID, S_ZH, S_EN };
enum { A_ID, A_LOGIN, A_NAME, A_INSTITUTION, A_ROLES, A_LANGUAGE, A_DISABLED, A_PASSWORD, A_HASH };
enum { P_ID, P_NAME, P_SPECIALTY, P_INSTITUTION, P_LEVEL, P_UNTIL };
enum { M_PANEL, M_ACCOUNT, M_HEAD };
enum {
    G_ID,
    G_INVITING,
    G_INVITED,
    G_FROM,
    G_UNTIL,
    G_KINDS,
    G_SPECIALTIES,
    G_APPROVE_INVITING,
    G_APPROVE_INVITED,
    G_TRIAGE,
    G_SCHEDULE,
    G_STRATEGY,
    G_RING,
    G_REFERENCE
};
enum { H_HELPED, H_HELPER, H_SPECIALTY, H_ORDER };
enum { R_PANEL, R_ACCOUNT, R_WEEKDAYS, R_START, R_FROM, R_END, R_UNTIL };
enum { X_PANEL, X_ACCOUNT, X_FROM, X_UNTIL, X_ON_DUTY, X_NOTE };

#endif
