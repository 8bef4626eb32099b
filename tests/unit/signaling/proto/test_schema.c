/* SPDX-License-Identifier: Apache-2.0 */
/* The schema validator: each keyword lets through and refuses; what it does not know does not load;
 * the files that are compiled in load. */
#include "shanqiao/error.h"
#include "signaling/proto/schema.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *schema, *value;
    bool fits;
};

static const struct row rows[] = {
    {"{}", "null", true},
    {"{'type':'object'}", "{}", true},
    {"{'type':'object'}", "[]", false},
    {"{'type':'array'}", "[]", true},
    {"{'type':'array'}", "{}", false},
    {"{'type':'string'}", "'x'", true},
    {"{'type':'string'}", "1", false},
    {"{'type':'integer'}", "1", true},
    {"{'type':'integer'}", "1.0", true}, /* JSON Schema 2020-12: a number without a fraction */
    {"{'type':'integer'}", "1.5", false},
    {"{'type':'integer'}", "'1'", false},
    {"{'type':'number'}", "1", true},
    {"{'type':'number'}", "1.5", true},
    {"{'type':'number'}", "true", false},
    {"{'type':'boolean'}", "false", true},
    {"{'type':'boolean'}", "0", false},
    {"{'type':'null'}", "null", true},
    {"{'type':'null'}", "false", false},
    {"{'type':['string','null']}", "null", true},
    {"{'type':['string','null']}", "'x'", true},
    {"{'type':['string','null']}", "1", false},
    {"{'required':['a']}", "{'a':null}", true},
    {"{'required':['a']}", "{'b':1}", false},
    {"{'properties':{'a':{'type':'integer'}}}", "{'a':1,'b':'x'}", true},
    {"{'properties':{'a':{'type':'integer'}}}", "{'a':'x'}", false},
    {"{'properties':{'a':{}},'additionalProperties':false}", "{'a':1}", true},
    {"{'properties':{'a':{}},'additionalProperties':false}", "{'b':1}", false},
    {"{'additionalProperties':true}", "{'b':1}", true},
    {"{'additionalProperties':{'type':'integer'}}", "{'b':1}", true},
    {"{'additionalProperties':{'type':'integer'}}", "{'b':'x'}", false},
    {"{'maxProperties':1}", "{'a':1}", true},
    {"{'maxProperties':1}", "{'a':1,'b':1}", false},
    {"{'enum':['a',1]}", "'a'", true},
    {"{'enum':['a',1]}", "1", true},
    {"{'enum':['a',1]}", "'A'", false},
    {"{'const':'a'}", "'a'", true},
    {"{'const':'a'}", "'b'", false},
    {"{'minLength':2}", "'ab'", true},
    {"{'minLength':2}", "'a'", false},
    {"{'minLength':2}", "'\xe5\xb1\xb1'", false}, /* one character of three bytes */
    {"{'maxLength':2}", "'\xe5\xb1\xb1\xe6\xa1\xa5'", true},
    {"{'maxLength':2}", "'abc'", false},
    {"{'maxLength':2}", "12345", true}, /* says nothing of numbers */
    {"{'pattern':'^[a-z]+$','maxLength':9}", "'abc'", true},
    {"{'pattern':'^[a-z]+$','maxLength':9}", "'aBc'", false},
    {"{'pattern':'^[a-z]+$','maxLength':9}", "'abc\\n'", false},
    {"{'pattern':'^a\\\\.b$','maxLength':9}", "'a.b'", true},
    {"{'pattern':'^a\\\\.b$','maxLength':9}", "'axb'", false},
    {"{'minimum':1}", "1", true},
    {"{'minimum':1}", "0.5", false},
    {"{'maximum':1}", "1", true},
    {"{'maximum':1}", "2", false},
    {"{'maximum':4294967295}", "4294967295", true},
    {"{'maximum':4294967295}", "4294967296", false},
    {"{'items':{'type':'integer'}}", "[1,2]", true},
    {"{'items':{'type':'integer'}}", "[1,'x']", false},
    {"{'minItems':1}", "[1]", true},
    {"{'minItems':1}", "[]", false},
    {"{'maxItems':1}", "[1]", true},
    {"{'maxItems':1}", "[1,2]", false},
    {"{'$ref':'#/$defs/n','$defs':{'n':{'type':'integer'}}}", "1", true},
    {"{'$ref':'#/$defs/n','$defs':{'n':{'type':'integer'}}}", "'x'", false},
};

static json_t *quoted(const char *text)
{
    char buffer[512];
    snprintf(buffer, sizeof buffer, "%s", text);
    for (char *p = buffer; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    json_t *value = json_loads(buffer, JSON_DECODE_ANY, NULL);
    cr_assert(value, "%s", text);
    return value;
}

Test(schema, each_keyword_lets_through_and_refuses)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *schema = quoted(rows[i].schema), *value = quoted(rows[i].value);
        struct schema_reason reason;
        cr_expect_eq(schema_compile(schema, &reason), 0, "%s: %s", rows[i].schema, reason.text);
        int error = schema_check(schema, schema, value, &reason);
        cr_expect_eq(error, rows[i].fits ? 0 : SQ_ERR_INVALID, "%s of %s: %d %s", rows[i].value,
                     rows[i].schema, error, reason.text);
        cr_expect_eq(*reason.text != 0, !rows[i].fits, "%s of %s", rows[i].value, rows[i].schema);
        json_decref(schema);
        json_decref(value);
    }
}

Test(schema, a_keyword_that_is_not_checked_does_not_load)
{
    static const char *const refused[] = {
        "{'params':{'oneOf':[{}]}}",
        "{'params':{'properties':{'a':{'not':{}}}}}",
        "{'params':{'items':{'uniqueItems':true}}}",
        "{'params':{'$ref':'#/$defs/missing'}}",
        "{'params':{'$ref':'other.json'}}",
        "{'params':{'pattern':'a'}}", /* unbounded text before a matcher */
        "{'params':{'pattern':'\\\\d','maxLength':3}}",
        "{'params':{'pattern':'(?i)x','maxLength':3}}",
        "{'params':{'pattern':'[','maxLength':3}}",
        "{'params':[]}",
        "{'parms':{}}",
        "[]",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        json_t *schema = quoted(refused[i]);
        struct schema_reason reason;
        cr_expect_eq(schema_compile(schema, &reason), SQ_ERR_UNSUPPORTED, "%s", refused[i]);
        cr_expect(*reason.text, "%s", refused[i]);
        json_decref(schema);
    }
}

Test(schema, a_schema_that_turns_in_circles_ends)
{
    json_t *schema = quoted("{'$ref':'#/$defs/a','$defs':{'a':{'$ref':'#/$defs/a'}}}");
    json_t *value = json_integer(1);
    struct schema_reason reason;
    cr_expect_eq(schema_check(schema, schema, value, &reason), SQ_ERR_INVALID);
    cr_expect_str_eq(reason.text, "is nested too deep");
    json_decref(schema);
    json_decref(value);
}

Test(schema, a_reason_names_the_place_and_never_the_value)
{
    json_t *schema =
        quoted("{'properties':{'patient':{'properties':{'names':{'items':{'maxLength':3}}}}}}");
    json_t *value = quoted("{'patient':{'names':['ok','secret']}}");
    struct schema_reason reason;
    cr_assert_eq(schema_check(schema, schema, value, &reason), SQ_ERR_INVALID);
    cr_expect_str_eq(reason.path, "/patient/names/1");
    cr_expect_str_eq(reason.text, "is longer than 3 characters");
    json_decref(schema);
    json_decref(value);
}

Test(schema, unknown_member_names_do_not_reach_the_reason)
{
    json_t *schema = quoted("{'additionalProperties':false}"), *value = quoted("{'secret':1}");
    struct schema_reason reason;
    cr_assert_eq(schema_check(schema, schema, value, &reason), SQ_ERR_INVALID);
    cr_expect_null(strstr(reason.text, "secret"));
    cr_expect_null(strstr(reason.path, "secret"));
    json_decref(schema);
    json_decref(value);
}

Test(schema, the_compiled_in_files_load)
{
    struct schema_set *set;
    struct schema_reason reason;
    cr_assert_eq(schema_set_new(&set, &reason), 0, "%s %s", reason.path, reason.text);
    cr_expect(schema_set_method(set, "media.join"));
    cr_expect(schema_set_method(set, "consultation.submit"));
    cr_expect(schema_set_notification(set, "media.newConsumer"));
    cr_expect_null(schema_set_method(set, "media.newConsumer"));
    schema_set_free(set);
}
