/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts file, read whole. */
#include "loadtest/signaling/accounts.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 256 /* the schemas' bounds are below */

static const char *const role_names[] = {"idle", "applicant", "specialist"};

static int take_text(const json_t *entry, const char *name, char **out)
{
    const json_t *value = json_object_get(entry, name);
    const char *text = json_string_value(value);
    if (!value)
        return 0;
    if (!text || !*text || strlen(text) > TEXT_MAX)
        return SQ_ERR_INVALID;
    *out = strdup(text);
    return *out ? 0 : SQ_ERR_NOMEM;
}

static int take_role(const json_t *entry, enum account_role *out)
{
    const char *name = json_string_value(json_object_get(entry, "role"));
    for (size_t i = 0; name && i < sizeof role_names / sizeof role_names[0]; i++) {
        if (strcmp(name, role_names[i]) == 0) {
            *out = (enum account_role)i;
            return 0;
        }
    }
    return SQ_ERR_INVALID;
}

static int take_account(const json_t *entry, struct account *a)
{
    int error = take_text(entry, "account", &a->name);
    if (!error)
        error = take_text(entry, "password", &a->password);
    if (!error)
        error = take_text(entry, "token", &a->token);
    if (!error)
        error = take_text(entry, "panel", &a->panel);
    if (!error)
        error = take_role(entry, &a->role);
    bool whole =
        a->name && (a->password || a->token) && (a->role != ACCOUNT_SPECIALIST || a->panel);
    return error ? error : whole ? 0 : SQ_ERR_INVALID;
}

static int take_list(struct accounts *out, const json_t *list, char *why)
{
    size_t count = json_array_size(list);
    if (count == 0 || count > ACCOUNTS_MAX) {
        snprintf(why, ACCOUNTS_ERROR_MAX, "\"accounts\": found %zu entries, want 1 to %d", count,
                 ACCOUNTS_MAX);
        return count ? SQ_ERR_LIMIT : SQ_ERR_INVALID;
    }
    out->items = calloc(count, sizeof *out->items);
    if (!out->items)
        return SQ_ERR_NOMEM;
    out->count = count;
    for (size_t i = 0; i < count; i++) {
        int error = take_account(json_array_get(list, i), &out->items[i]);
        if (error) {
            snprintf(why, ACCOUNTS_ERROR_MAX,
                     "accounts[%zu]: want \"account\", \"password\" or \"token\", \"role\" (idle, "
                     "applicant or specialist), and \"panel\" for a specialist",
                     i);
            return error;
        }
    }
    return 0;
}

int accounts_parse(struct accounts *out, const char *text, size_t len_bytes,
                   char error[ACCOUNTS_ERROR_MAX])
{
    json_error_t at;
    memset(out, 0, sizeof *out);
    json_t *root = json_loadb(text, len_bytes, JSON_REJECT_DUPLICATES, &at);
    if (!root) {
        snprintf(error, ACCOUNTS_ERROR_MAX, "line %d: %.120s; want JSON", at.line, at.text);
        return SQ_ERR_INVALID;
    }
    snprintf(error, ACCOUNTS_ERROR_MAX, "out of memory; name fewer accounts");
    int status = take_list(out, json_object_get(root, "accounts"), error);
    json_decref(root);
    if (status)
        accounts_clear(out);
    return status;
}

int accounts_load(struct accounts *out, const char *file, char error[ACCOUNTS_ERROR_MAX])
{
    char *text = NULL;
    size_t len = 0;
    memset(out, 0, sizeof *out);
    FILE *in = fopen(file, "re");
    /* getdelim up to a zero byte, which JSON doesn't hold: the whole file */
    ssize_t got = in ? getdelim(&text, &len, '\0', in) : -1;
    int status = SQ_ERR_IO;
    if (got < 0)
        snprintf(error, ACCOUNTS_ERROR_MAX, "can't be read (%s); name it by --accounts",
                 in ? "it is empty" : strerror(errno));
    else
        status = accounts_parse(out, text, (size_t)got, error);
    if (in)
        fclose(in);
    free(text);
    return status;
}

size_t accounts_count(const struct accounts *a, enum account_role role)
{
    size_t count = 0;
    for (size_t i = 0; i < a->count; i++)
        count += a->items[i].role == role;
    return count;
}

void accounts_clear(struct accounts *a)
{
    for (size_t i = 0; i < a->count; i++) {
        free(a->items[i].name);
        free(a->items[i].password);
        free(a->items[i].token);
        free(a->items[i].panel);
    }
    free(a->items);
    memset(a, 0, sizeof *a);
}
