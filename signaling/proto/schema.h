/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Schema check of what a peer sends: the subset that docs/protocol uses (type, properties,
 * required, additionalProperties, enum, const, minLength, maxLength, pattern, minimum, maximum,
 * items, minItems, maxItems, maxProperties, $ref to "#/$defs/<name>"). A keyword outside the subset
 * makes loading fail, so nothing is silently unchecked. Knows JSON values; refuses to know methods
 * and sessions. The schema files are compiled into the program. */
#ifndef SIGNALING_PROTO_SCHEMA_H
#define SIGNALING_PROTO_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define SCHEMA_REASON_MAX 192

/* Where and why a value does not fit: path "/patient/name", reason in English ("longer than 80
 * characters"). Neither holds any of the value itself (private data). */
struct schema_reason {
    char path[SCHEMA_REASON_MAX];
    char text[SCHEMA_REASON_MAX];
    char zh[64]; /* of text_check; "": nothing better than that it does not fit */
};

/* 0 when every keyword of `schema` (a whole document with its $defs) is one that we check and every
 * $ref resolves; SQ_ERR_UNSUPPORTED with a reason otherwise. */
int schema_compile(const json_t *schema, struct schema_reason *reason);

/* Does `value` fit the part `schema` of the document `root` (for $ref)? Both borrowed. 0 or
 * SQ_ERR_INVALID. */
int schema_check(const json_t *root, const json_t *schema, const json_t *value,
                 struct schema_reason *reason);

/* One file compiled in from docs/protocol/{methods,notifications}/<name>.json. */
struct schema_file {
    const char *name; /* "consultation.submit" */
    bool notification;
    const char *text;
};
extern const struct schema_file schema_files[];
extern const size_t schema_file_count;
extern const char schema_shared[]; /* docs/protocol/defs.json: definitions that files refer to */

struct schema_set;
/* Parses all compiled-in files. 0, SQ_ERR_NOMEM, or SQ_ERR_INVALID / SQ_ERR_UNSUPPORTED with a
 * reason. */
int schema_set_new(struct schema_set **out, struct schema_reason *reason);
void schema_set_free(struct schema_set *set);
/* The document of a method (members params, result, $defs) or notification (params, $defs); NULL:
 * none. */
const json_t *schema_set_method(const struct schema_set *set, const char *name);
const json_t *schema_set_notification(const struct schema_set *set, const char *name);

#endif
