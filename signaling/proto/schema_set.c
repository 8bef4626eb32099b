/* SPDX-License-Identifier: Apache-2.0 */
/* The schema documents compiled into the program, parsed once at start and looked up by name. */
#include "signaling/proto/schema.h"

#include "shanqiao/error.h"
#include <stdio.h>
#include <stdlib.h>

struct schema_set {
    json_t *methods; /* name -> document */
    json_t *notifications;
    json_t *shared; /* defs.json */
};

/* A document's own definitions come first. */
static int add_shared(const struct schema_set *set, json_t *document)
{
    json_t *defs = json_object_get(document, "$defs");
    if (!defs && (!(defs = json_object()) || json_object_set_new(document, "$defs", defs)))
        return SQ_ERR_NOMEM;
    return json_object_update_missing(defs, json_object_get(set->shared, "$defs")) ? SQ_ERR_NOMEM
                                                                                   : 0;
}

static int load_file(struct schema_set *set, const struct schema_file *file,
                     struct schema_reason *reason)
{
    json_error_t parse_error;
    json_t *document = json_loads(file->text, JSON_REJECT_DUPLICATES, &parse_error);
    if (!document) {
        snprintf(reason->path, sizeof reason->path, "%s line %d", file->name, parse_error.line);
        snprintf(reason->text, sizeof reason->text, "%.*s", SCHEMA_REASON_MAX - 1,
                 parse_error.text);
        return SQ_ERR_INVALID;
    }
    int error = add_shared(set, document);
    if (!error)
        error = schema_compile(document, reason);
    if (error) {
        char where[SCHEMA_REASON_MAX];
        snprintf(where, sizeof where, "%.80s: %.100s", file->name, reason->path);
        snprintf(reason->path, sizeof reason->path, "%s", where);
        json_decref(document);
        return error;
    }
    json_t *into = file->notification ? set->notifications : set->methods;
    return json_object_set_new(into, file->name, document) ? SQ_ERR_NOMEM : 0;
}

int schema_set_new(struct schema_set **out, struct schema_reason *reason)
{
    struct schema_set *set = calloc(1, sizeof *set);
    int error = SQ_ERR_NOMEM;
    reason->path[0] = reason->text[0] = 0;
    if (!set)
        return SQ_ERR_NOMEM;
    set->methods = json_object();
    set->notifications = json_object();
    set->shared = json_loads(schema_shared, JSON_REJECT_DUPLICATES, NULL);
    if (set->methods && set->notifications && set->shared)
        error = 0;
    for (size_t i = 0; i < schema_file_count && !error; i++)
        error = load_file(set, &schema_files[i], reason);
    if (error) {
        schema_set_free(set);
        return error;
    }
    *out = set;
    return 0;
}

void schema_set_free(struct schema_set *set)
{
    if (!set)
        return;
    json_decref(set->methods);
    json_decref(set->notifications);
    json_decref(set->shared);
    free(set);
}

const json_t *schema_set_method(const struct schema_set *set, const char *name)
{
    return json_object_get(set->methods, name);
}

const json_t *schema_set_notification(const struct schema_set *set, const char *name)
{
    return json_object_get(set->notifications, name);
}
