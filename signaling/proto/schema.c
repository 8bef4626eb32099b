/* SPDX-License-Identifier: Apache-2.0 */
/* The validator: one small function per keyword over a table, so that the list of keywords that are
 * checked and the list that compile accepts can't differ. Source: JSON Schema 2020-12, validation
 * vocabulary. */
#include "signaling/proto/schema_keywords.h"

#include "shanqiao/error.h"
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#define SCHEMA_NESTING_MAX                                                                         \
    64 /* of references and values; values are bounded by the parser's depth 32 */
#define REF_PREFIX "#/$defs/"
#define REF_SHARED "../defs.json" /* the set puts those definitions into each document */

struct checker {
    const json_t *root;
    struct schema_reason *reason;
    unsigned depth;
};

struct keyword {
    const char *name;
    /* NULL: an annotation. `member` is the keyword's value, `schema` the object that has it. */
    int (*check)(struct checker *c, const json_t *schema, const json_t *member,
                 const json_t *value);
};

static int check_value(struct checker *c, const json_t *schema, const json_t *value);

static int misfit(struct checker *c, const char *text)
{
    snprintf(c->reason->text, sizeof c->reason->text, "%s", text);
    return SQ_ERR_INVALID;
}

static bool type_fits(const char *type, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return !strcmp(type, "object");
    case JSON_ARRAY:
        return !strcmp(type, "array");
    case JSON_STRING:
        return !strcmp(type, "string");
    case JSON_INTEGER:
        return !strcmp(type, "integer") || !strcmp(type, "number");
    case JSON_REAL:
        return !strcmp(type, "number") || (!strcmp(type, "integer") &&
                                           json_real_value(value) == floor(json_real_value(value)));
    case JSON_TRUE:
    case JSON_FALSE:
        return !strcmp(type, "boolean");
    case JSON_NULL:
        return !strcmp(type, "null");
    }
    return false;
}

static int check_type(struct checker *c, const json_t *schema, const json_t *member,
                      const json_t *value)
{
    (void)schema;
    size_t i;
    json_t *type;
    if (json_is_string(member) && type_fits(json_string_value(member), value))
        return 0;
    json_array_foreach((json_t *)member, i, type)
    {
        if (type_fits(json_string_value(type), value))
            return 0;
    }
    return misfit(c, "has the wrong type");
}

/* Runs check_value one level down, with the path extended by name or index for the reason. */
static int check_below(struct checker *c, const json_t *schema, const json_t *value,
                       const char *name, size_t index)
{
    size_t old_len = strlen(c->reason->path);
    char *tail = c->reason->path + old_len;
    size_t room = sizeof c->reason->path - old_len;
    if (name)
        snprintf(tail, room, "/%s", name);
    else
        snprintf(tail, room, "/%zu", index);
    int error = check_value(c, schema, value);
    if (!error)
        c->reason->path[old_len] = 0;
    return error;
}

static int check_properties(struct checker *c, const json_t *schema, const json_t *member,
                            const json_t *value)
{
    (void)schema;
    const char *name;
    json_t *part;
    json_object_foreach((json_t *)member, name, part)
    {
        const json_t *v = json_object_get(value, name);
        int error = v ? check_below(c, part, v, name, 0) : 0;
        if (error)
            return error;
    }
    return 0;
}

static int check_required(struct checker *c, const json_t *schema, const json_t *member,
                          const json_t *value)
{
    (void)schema;
    size_t i;
    json_t *name;
    json_array_foreach((json_t *)member, i, name)
    {
        if (json_is_object(value) && !json_object_get(value, json_string_value(name))) {
            snprintf(c->reason->text, sizeof c->reason->text, "lacks the member %s",
                     json_string_value(name));
            return SQ_ERR_INVALID;
        }
    }
    return 0;
}

static int check_additional(struct checker *c, const json_t *schema, const json_t *member,
                            const json_t *value)
{
    const json_t *known = json_object_get(schema, "properties");
    const char *name;
    json_t *v;
    if (json_is_true(member))
        return 0;
    json_object_foreach((json_t *)value, name, v)
    {
        if (json_object_get(known, name))
            continue;
        if (json_is_false(member))
            return misfit(c, "has a member that is not known here");
        int error = check_below(c, member, v, "*", 0);
        if (error)
            return error;
    }
    return 0;
}

static int check_enum(struct checker *c, const json_t *schema, const json_t *member,
                      const json_t *value)
{
    (void)schema;
    size_t i;
    json_t *allowed;
    json_array_foreach((json_t *)member, i, allowed)
    {
        if (json_equal(allowed, value))
            return 0;
    }
    return misfit(c, "is not one of the allowed values");
}

static int check_const(struct checker *c, const json_t *schema, const json_t *member,
                       const json_t *value)
{
    (void)schema;
    return json_equal(member, value) ? 0 : misfit(c, "is not the only allowed value");
}

/* Unicode code points: what minLength and maxLength count. The parser has checked the UTF-8. */
static json_int_t code_points(const json_t *text)
{
    const unsigned char *p = (const unsigned char *)json_string_value(text);
    json_int_t n = 0;
    for (size_t i = 0; i < json_string_length(text); i++)
        n += (p[i] & 0xC0) != 0x80;
    return n;
}

static int check_min_length(struct checker *c, const json_t *schema, const json_t *member,
                            const json_t *value)
{
    (void)schema;
    if (!json_is_string(value) || code_points(value) >= json_integer_value(member))
        return 0;
    return misfit(c, json_integer_value(member) == 1 ? "is empty" : "is too short");
}

static int check_max_length(struct checker *c, const json_t *schema, const json_t *member,
                            const json_t *value)
{
    (void)schema;
    if (!json_is_string(value) || code_points(value) <= json_integer_value(member))
        return 0;
    snprintf(c->reason->text, sizeof c->reason->text, "is longer than %lld characters",
             (long long)json_integer_value(member));
    return SQ_ERR_INVALID;
}

static int check_pattern(struct checker *c, const json_t *schema, const json_t *member,
                         const json_t *value)
{
    (void)schema;
    regex_t re;
    if (!json_is_string(value))
        return 0;
    if (regcomp(&re, json_string_value(member), REG_EXTENDED | REG_NOSUB))
        return misfit(c, "can't be checked");
    int miss = regexec(&re, json_string_value(value), 0, NULL, 0);
    regfree(&re);
    return miss ? misfit(c, "does not have the required form") : 0;
}

static int check_minimum(struct checker *c, const json_t *schema, const json_t *member,
                         const json_t *value)
{
    (void)schema;
    if (!json_is_number(value) || json_number_value(value) >= json_number_value(member))
        return 0;
    return misfit(c, "is too small");
}

static int check_maximum(struct checker *c, const json_t *schema, const json_t *member,
                         const json_t *value)
{
    (void)schema;
    if (!json_is_number(value) || json_number_value(value) <= json_number_value(member))
        return 0;
    return misfit(c, "is too large");
}

static int check_items(struct checker *c, const json_t *schema, const json_t *member,
                       const json_t *value)
{
    (void)schema;
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)value, i, item)
    {
        int error = check_below(c, member, item, NULL, i);
        if (error)
            return error;
    }
    return 0;
}

static int check_min_items(struct checker *c, const json_t *schema, const json_t *member,
                           const json_t *value)
{
    (void)schema;
    if (!json_is_array(value) || (json_int_t)json_array_size(value) >= json_integer_value(member))
        return 0;
    return misfit(c, "has too few entries");
}

static int check_max_items(struct checker *c, const json_t *schema, const json_t *member,
                           const json_t *value)
{
    (void)schema;
    if (!json_is_array(value) || (json_int_t)json_array_size(value) <= json_integer_value(member))
        return 0;
    return misfit(c, "has too many entries");
}

static int check_max_properties(struct checker *c, const json_t *schema, const json_t *member,
                                const json_t *value)
{
    (void)schema;
    if (!json_is_object(value) || (json_int_t)json_object_size(value) <= json_integer_value(member))
        return 0;
    return misfit(c, "has too many members");
}

const json_t *schema_resolve(const json_t *root, const json_t *ref)
{
    const char *text = json_string_value(ref);
    if (text && !strncmp(text, REF_SHARED, strlen(REF_SHARED)))
        text += strlen(REF_SHARED);
    if (!text || strncmp(text, REF_PREFIX, strlen(REF_PREFIX)))
        return NULL;
    return json_object_get(json_object_get(root, "$defs"), text + strlen(REF_PREFIX));
}

static int check_ref(struct checker *c, const json_t *schema, const json_t *member,
                     const json_t *value)
{
    (void)schema;
    return check_value(c, schema_resolve(c->root, member), value);
}

/* Size limits come before what walks or matches the value. */
static const struct keyword keywords[] = {
    {"type", check_type},
    {"const", check_const},
    {"enum", check_enum},
    {"minLength", check_min_length},
    {"maxLength", check_max_length},
    {"minimum", check_minimum},
    {"maximum", check_maximum},
    {"minItems", check_min_items},
    {"maxItems", check_max_items},
    {"maxProperties", check_max_properties},
    {"pattern", check_pattern},
    {"required", check_required},
    {"additionalProperties", check_additional},
    {"properties", check_properties},
    {"items", check_items},
    {"$ref", check_ref},
    {"$defs", NULL},
    {"$schema", NULL},
    {"$id", NULL},
    {"$comment", NULL},
    {"title", NULL},
    {"description", NULL},
    {"examples", NULL},
    {"default", NULL},
    {"format", NULL},
};
#define KEYWORD_COUNT (sizeof keywords / sizeof keywords[0])

static int check_value(struct checker *c, const json_t *schema, const json_t *value)
{
    if (!schema || c->depth >= SCHEMA_NESTING_MAX)
        return misfit(c, "is nested too deep");
    c->depth++;
    int error = 0;
    for (size_t i = 0; i < KEYWORD_COUNT && !error; i++) {
        const json_t *member = json_object_get(schema, keywords[i].name);
        if (member && keywords[i].check)
            error = keywords[i].check(c, schema, member, value);
    }
    c->depth--;
    return error;
}

int schema_check(const json_t *root, const json_t *schema, const json_t *value,
                 struct schema_reason *reason)
{
    struct checker c = {.root = root, .reason = reason};
    reason->path[0] = reason->text[0] = 0;
    return check_value(&c, schema, value);
}

bool schema_keyword_known(const char *name)
{
    for (size_t i = 0; i < KEYWORD_COUNT; i++) {
        if (!strcmp(keywords[i].name, name))
            return true;
    }
    return false;
}
