/* SPDX-License-Identifier: Apache-2.0 */
/* See params.h. */
#include "params.h"
#include "people.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *member, *value;
} known[] = {
    {"consultationId", THE_CASE},
    {"consultation", THE_CASE},
    {"room", THE_CASE},
    {"panelId", PANEL},
    {"accountId", EXPERT_1},
    {"institutionId", "county"},
    {"opinionId", THE_OPINION},
    {"materialId", THE_MATERIAL},
    {"referralId", THE_REFERRAL},
    {"slotId", THE_SLOT},
    {"holdId", THE_HOLD},
    {"algorithm", "sha-256"},
    {"value", "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
              "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"},
    {"draftId", THE_DRAFT},
    {"objectId", THE_CASE},
};

static const struct {
    const char *room, *value;
} rooms[] = {
    {"material.", THE_MATERIAL}, {"referral.", THE_REFERRAL}, {"schedule.withdraw", THE_SLOT}};

/* Texts that patterns want. */
static const struct {
    const char *pattern, *value;
} patterns[] = {
    {"^[0-9]{4}-[0-9]{2}-[0-9]{2}T", "2026-06-01T08:00:00.000Z"},
    {"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-06-01"},
    {"^[0-9]{2}:[0-9]{2}$", "08:00"},
    {"^[0-9a-f]{64}$", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
    {"^tcp://", "tcp://127.0.0.1:7400"},
    {"^[0-9]", "1"},
};

static json_t *value_of(const json_t *root, const json_t *schema, const char *member,
                        const char *method);

static const char *id_named(const char *member, const char *method)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].member, member) == 0)
            return known[i].value;
    if (strcmp(member, "id") != 0)
        return NULL;
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++)
        if (strncmp(method, rooms[i].room, strlen(rooms[i].room)) == 0)
            return rooms[i].value;
    return THE_CASE;
}

static json_t *text_of(const json_t *schema, const char *member, const char *method)
{
    const char *pattern = json_string_value(json_object_get(schema, "pattern"));
    const char *id = id_named(member, method);
    size_t len = (size_t)json_integer_value(json_object_get(schema, "minLength"));
    char text[256];
    if (id)
        return json_string(id);
    for (size_t i = 0; pattern && i < sizeof(patterns) / sizeof(patterns[0]); i++)
        if (strncmp(pattern, patterns[i].pattern, strlen(patterns[i].pattern)) == 0)
            return json_string(patterns[i].value);
    if (len < 1)
        len = 1;
    cr_assert_lt(len, sizeof(text));
    memset(text, 'a', len);
    text[len] = '\0';
    return json_string(text);
}

static json_t *object_of(const json_t *root, const json_t *schema, const char *method)
{
    const json_t *properties = json_object_get(schema, "properties");
    json_t *required = json_object_get(schema, "required"), *name = NULL;
    json_t *out = json_object();
    size_t i = 0;
    json_array_foreach(required, i, name)
    {
        const char *member = json_string_value(name);
        json_object_set_new(out, member,
                            value_of(root, json_object_get(properties, member), member, method));
    }
    return out;
}

static json_t *array_of(const json_t *root, const json_t *schema, const char *member,
                        const char *method)
{
    json_t *out = json_array();
    json_int_t count = json_integer_value(json_object_get(schema, "minItems"));
    for (json_int_t i = 0; i < count; i++)
        json_array_append_new(out,
                              value_of(root, json_object_get(schema, "items"), member, method));
    return out;
}

static json_t *value_of(const json_t *root, const json_t *schema, const char *member,
                        const char *method)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    if (ref)
        return value_of(root,
                        json_object_get(json_object_get(root, "$defs"), strrchr(ref, '/') + 1),
                        member, method);
    json_t *choice = json_object_get(schema, "const");
    if (!choice)
        choice = json_array_get(json_object_get(schema, "enum"), 0);
    if (choice)
        return json_incref(choice);
    const json_t *one = json_object_get(schema, "oneOf");
    if (!one)
        one = json_object_get(schema, "anyOf");
    if (one && !json_object_get(schema, "properties"))
        return value_of(root, json_array_get(one, 0), member, method);
    const char *type = json_string_value(json_object_get(schema, "type"));
    cr_assert(type, "%s: %s has no type", method, member);
    if (strcmp(type, "object") == 0)
        return object_of(root, schema, method);
    if (strcmp(type, "array") == 0)
        return array_of(root, schema, member, method);
    if (strcmp(type, "boolean") == 0)
        return json_true();
    if (strcmp(type, "string") == 0)
        return text_of(schema, member, method);
    const json_t *minimum = json_object_get(schema, "minimum");
    return json_integer(minimum ? json_integer_value(minimum) : 1);
}

json_t *params_of(const json_t *root, const char *method)
{
    return value_of(root, json_object_get(root, "params"), "params", method);
}
