/* SPDX-License-Identifier: Apache-2.0 */
/* OperationOutcome (R4 section 2.36) and CapabilityStatement (section 2.34). */
#include "signaling/fhir/outcome.h"
#include "shanqiao/error.h"
#include <stdbool.h>
#include <string.h>

/* Value set issue-type. */
static const struct {
    int error;
    const char *code;
} codes[] = {
    {SQ_ERR_INVALID, "invalid"},       {SQ_ERR_UNSUPPORTED, "not-supported"},
    {SQ_ERR_NOT_FOUND, "not-found"},   {SQ_ERR_DENIED, "forbidden"},
    {SQ_ERR_UNAUTHENTICATED, "login"}, {SQ_ERR_LIMIT, "too-costly"},
    {SQ_ERR_STORE, "transient"},       {SQ_ERR_NOMEM, "no-store"},
};

static const char *code_of(int error)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].error == error)
            return codes[i].code;
    return "exception";
}

json_t *fhir_outcome(int error, const char *en, const char *zh)
{
    en = en && *en ? en : sq_error_text(error, "en");
    zh = zh && *zh ? zh : sq_error_text(error, "zh-CN");
    return json_pack("{s:s, s:[{s:s, s:s, s:{s:s}, s:s}]}", "resourceType", "OperationOutcome",
                     "issue", "severity", "error", "code", code_of(error), "details", "text", zh,
                     "diagnostics", en);
}

static json_t *parameter(const char *name, const char *type)
{
    return json_pack("{s:s, s:s}", "name", name, "type", type);
}

static json_t *resource(const char *type)
{
    return json_pack("{s:s, s:[{s:s}, {s:s}], s:s, s:[o, o, o, o]}", "type", type, "interaction",
                     "code", "read", "code", "search-type", "versioning", "no-version",
                     "searchParam", parameter("_id", "token"), parameter("_lastUpdated", "date"),
                     parameter("status", "token"), parameter("based-on", "reference"));
}

json_t *fhir_capability(const char *const *types, const char *date)
{
    json_t *resources = json_array();
    for (; *types; types++)
        json_array_append_new(resources, resource(*types));
    return json_pack("{s:s, s:s, s:s, s:s, s:{s:s}, s:{s:s}, s:s, s:[s], s:[{s:s, s:o}]}",
                     "resourceType", "CapabilityStatement", "status", "active", "date", date,
                     "kind", "instance", "software", "name", "shanqiao-signaling", "implementation",
                     "description", "Shanqiao consultation service, read only / 山桥会诊服务，只读",
                     "fhirVersion", "4.0.1", "format", "json", "rest", "mode", "server", "resource",
                     resources);
}
