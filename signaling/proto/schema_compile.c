/* SPDX-License-Identifier: Apache-2.0 */
/* What a schema document may hold: only keywords that schema.c checks, references that lead
 * somewhere, patterns that mean the same here and elsewhere. Refuses to know the values. */
#include "shanqiao/error.h"
#include "signaling/proto/schema_keywords.h"
#include <regex.h>
#include <stdio.h>
#include <string.h>

static int refuse(struct schema_reason *reason, const char *where, const char *what)
{
    snprintf(reason->path, sizeof reason->path, "%s", where);
    snprintf(reason->text, sizeof reason->text, "%s", what);
    return SQ_ERR_UNSUPPORTED;
}

/* ECMA 262 and POSIX agree on anchors, classes, groups, counts and "\." alone. */
static bool pattern_portable(const char *pattern)
{
    regex_t re;
    for (const char *p = pattern; *p; p++) {
        if ((*p == '\\' && p[1] != '.') || (*p == '(' && p[1] == '?'))
            return false;
        if (*p == '\\')
            p++;
    }
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
        return false;
    regfree(&re);
    return true;
}

static int compile_part(const json_t *root, const json_t *schema, unsigned depth,
                        struct schema_reason *reason);

static int compile_all(const json_t *root, const json_t *parts, unsigned depth,
                       struct schema_reason *reason)
{
    const char *name;
    json_t *part;
    json_object_foreach((json_t *)parts, name, part)
    {
        int error = compile_part(root, part, depth + 1, reason);
        if (error)
            return error;
    }
    return 0;
}

static int compile_keyword(const json_t *root, const json_t *schema, const char *name,
                           const json_t *member, unsigned depth, struct schema_reason *reason)
{
    if (!schema_keyword_known(name))
        return refuse(reason, name, "is a keyword that is not checked here");
    if (!strcmp(name, "$ref") && !schema_resolve(root, member))
        return refuse(reason, name, "does not lead to $defs/<name> of this file or ../defs.json");
    if (!strcmp(name, "pattern")) {
        if (!json_is_string(member) || !pattern_portable(json_string_value(member)))
            return refuse(reason, name, "is not a portable expression");
        if (!json_object_get(schema, "maxLength"))
            return refuse(reason, name, "needs maxLength beside it");
    }
    if (!strcmp(name, "properties") || !strcmp(name, "$defs"))
        return compile_all(root, member, depth, reason);
    if (!strcmp(name, "items") || (!strcmp(name, "additionalProperties") && json_is_object(member)))
        return compile_part(root, member, depth + 1, reason);
    return 0;
}

static int compile_part(const json_t *root, const json_t *schema, unsigned depth,
                        struct schema_reason *reason)
{
    const char *name;
    json_t *member;
    if (!json_is_object(schema) || depth > SCHEMA_NESTING_MAX)
        return refuse(reason, "", "is not a schema object, or nested too deep");
    json_object_foreach((json_t *)schema, name, member)
    {
        int error = compile_keyword(root, schema, name, member, depth, reason);
        if (error)
            return error;
    }
    return 0;
}

int schema_compile(const json_t *schema, struct schema_reason *reason)
{
    const char *name;
    json_t *member;
    reason->path[0] = reason->text[0] = 0;
    if (!json_is_object(schema))
        return refuse(reason, "", "is not an object");
    json_object_foreach((json_t *)schema, name, member)
    {
        bool part = !strcmp(name, "params") || !strcmp(name, "result");
        int error = part ? compile_part(schema, member, 0, reason)
                         : compile_keyword(schema, schema, name, member, 0, reason);
        if (error)
            return error;
    }
    return 0;
}
