/* SPDX-License-Identifier: Apache-2.0 */
/* Routes of the read API. A read is one act: rights, store, audit row, then the response. */
#include "signaling/fhir/api.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/fhir/cases.h"
#include "signaling/fhir/outcome.h"
#include "signaling/service.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEDIA_TYPE "application/fhir+json; charset=utf-8"
#define TYPE_MAX   32
#define BASE_MAX   320

/* What is asked for, and room for the answer. */
struct ask {
    char type[TYPE_MAX];
    char id[FHIR_ID_MAX]; /* "": a search */
    struct fhir_query query;
    char base[BASE_MAX]; /* "https://host/fhir" */
    char self[HTTP_QUERY_MAX];
    char page[FHIR_PAGE_MAX]; /* out: where the next page begins, "": this is the last */
    struct fhir_hit hits[FHIR_SCAN_MAX];
};

static void respond(struct exchange *x, unsigned status, json_t *body)
{
    static const struct http_field fields[] = {{"content-type", MEDIA_TYPE},
                                               {"cache-control", "no-store"}};
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if (text)
        http_respond(x, status, fields, 2, text, strlen(text));
    else
        http_fail(x, SQ_ERR_NOMEM, NULL, NULL);
    free(text);
}

static void refuse(struct exchange *x, int error, const char *en, const char *zh)
{
    respond(x, http_status_of(error), fhir_outcome(error, en, zh));
}

/* ---- reading what is asked ---- */

/* "ServiceRequest" or "ServiceRequest/con-x". */
static bool read_path(const char *rest, struct ask *ask)
{
    const char *slash = strchr(rest, '/');
    size_t type_len = slash ? (size_t)(slash - rest) : strlen(rest);
    const char *id = slash ? slash + 1 : "";
    if (type_len >= TYPE_MAX || strlen(id) >= FHIR_ID_MAX || strchr(id, '/') || (slash && !*id))
        return false;
    memcpy(ask->type, rest, type_len);
    snprintf(ask->id, sizeof ask->id, "%s", id);
    return true;
}

static bool is_json(const char *accept)
{
    return !accept || strstr(accept, "json") || strstr(accept, "*/*") ||
           strstr(accept, "application/*");
}

/* "&name=value", the value as an address takes it: a plus is no blank, an ampersand ends nothing.
 */
static void add_parameter(struct ask *ask, const char *name, const char *value)
{
    size_t used = strlen(ask->self), size = sizeof ask->self;
    used += (size_t)snprintf(ask->self + used, size - used,
                             "%c%s=", strchr(ask->self, '?') ? '&' : '?', name);
    for (const unsigned char *p = (const unsigned char *)value; *p && used + 4 < size; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("-._~:,/", *p);
        used += (size_t)snprintf(ask->self + used, size - used, plain ? "%c" : "%%%02X", *p);
    }
}

/* Audit events have a time, but no state and no request that they belong to. */
static bool fits(const struct ask *ask)
{
    const struct fhir_query *q = &ask->query;
    return fhir_type_find(ask->type) || !(q->id[0] || q->status[0] || q->based_on[0]);
}

/* Parameters into the query, and the address of this search without its page into ask->self. */
static int read_query(struct exchange *x, struct ask *ask, char en[256], char zh[256])
{
    const char *name, *value;
    snprintf(ask->self, sizeof ask->self, "%s/%s", ask->base, ask->type);
    fhir_query_init(&ask->query);
    for (unsigned i = 0; (value = http_query_at(x, i, &name)); i++) {
        int status = fhir_query_set(&ask->query, name, value);
        if (status == 0 && !fits(ask))
            status = SQ_ERR_UNSUPPORTED;
        if (status < 0) {
            snprintf(en, 256, "Search parameter \"%.60s\": %s; see /fhir/metadata.", name,
                     status == SQ_ERR_INVALID ? "its value is not understood" : "unknown");
            snprintf(zh, 256, "检索参数“%.60s”%s，见 /fhir/metadata。", name,
                     status == SQ_ERR_INVALID ? "的取值无法识别" : "不受支持");
            return SQ_ERR_INVALID;
        }
        if (strcmp(name, "_page") != 0)
            add_parameter(ask, name, value);
    }
    return 0;
}

/* ---- acts ---- */

static json_t *link(const char *relation, const char *url)
{
    return json_pack("{s:s, s:s}", "relation", relation, "url", url);
}

static json_t *entry(const struct ask *ask, json_t *resource)
{
    char url[BASE_MAX + TYPE_MAX + FHIR_ID_MAX + 4];
    snprintf(url, sizeof url, "%s/%s/%s", ask->base, ask->type,
             json_string_value(json_object_get(resource, "id")));
    return json_pack("{s:s, s:O, s:{s:s}}", "fullUrl", url, "resource", resource, "search", "mode",
                     "match");
}

static json_t *bundle(const struct ask *ask, const json_t *resources)
{
    char next[HTTP_QUERY_MAX + FHIR_PAGE_MAX + 8];
    json_t *links = json_pack("[o]", link("self", ask->self)), *entries = json_array(), *resource;
    size_t i;
    snprintf(next, sizeof next, "%s%c_page=%s", ask->self, strchr(ask->self, '?') ? '&' : '?',
             ask->page);
    if (ask->page[0])
        json_array_append_new(links, link("next", next));
    json_array_foreach(resources, i, resource) json_array_append_new(entries, entry(ask, resource));
    json_t *b =
        json_pack("{s:s, s:s, s:o}", "resourceType", "Bundle", "type", "searchset", "link", links);
    if (json_array_size(entries) > 0)
        json_object_set(b, "entry", entries); /* FHIR knows no empty arrays */
    json_decref(entries);
    return b;
}

static json_t *by_id(const json_t *resources, const char *id)
{
    json_t *resource;
    size_t i;
    json_array_foreach(resources, i, resource)
    {
        if (strcmp(json_string_value(json_object_get(resource, "id")), id) == 0)
            return json_incref(resource);
    }
    return NULL;
}

static int read_one(struct call *call, const struct ask *ask)
{
    const struct fhir_type *type = fhir_type_find(ask->type);
    char consultation[ID_MAX];
    json_t *resources = NULL;
    if (!type)
        return fhir_audit_read(call, ask->id, &call->result);
    int status = fhir_owner(call->service, type, ask->id, consultation);
    if (status == 0)
        status = fhir_case_resources(call, type, consultation, &resources);
    if (status == 0 && !(call->result = by_id(resources, ask->id)))
        status = SQ_ERR_NOT_FOUND;
    json_decref(resources);
    return status;
}

/* Those of one case that fit the query. 0 also for a case that is none of the caller's. */
/* A search shows cases; each of them is a view of its own in the log. */
static int log_view(struct call *call, const char *consultation)
{
    struct audit_act row = {.utc_us = call->utc_us,
                            .account = call->caller->account,
                            .session = call->caller->session,
                            .act = "fhir.read",
                            .object = consultation,
                            .detail = ""};
    return audit_append(call->service->store, &row);
}

static int gather(struct call *call, const struct ask *ask, const struct fhir_type *type,
                  const char *consultation, json_t *out)
{
    json_t *resources = NULL, *resource;
    size_t i, before = json_array_size(out);
    int status = fhir_case_resources(call, type, consultation, &resources);
    if (status == SQ_ERR_NOT_FOUND || status == SQ_ERR_DENIED)
        return 0;
    json_array_foreach(resources, i, resource)
    {
        const char *id = json_string_value(json_object_get(resource, "id"));
        const char *code = json_string_value(json_object_get(resource, "status"));
        if ((!ask->query.id[0] || strcmp(ask->query.id, id) == 0) &&
            fhir_query_status(&ask->query, code))
            json_array_append(out, resource);
    }
    json_decref(resources);
    return status == 0 && json_array_size(out) > before ? log_view(call, consultation) : status;
}

static int search_cases(struct call *call, struct ask *ask, const struct fhir_type *type,
                        json_t *out)
{
    char fhir_id[FHIR_ID_MAX], consultation[ID_MAX];
    const char *one = ask->query.based_on[0] ? ask->query.based_on : ask->query.id;
    if (one[0]) {
        int status = ask->query.based_on[0]
                         ? fhir_owner(call->service, fhir_type_find("Task"), one, consultation)
                         : fhir_owner(call->service, type, one, consultation);
        return status == SQ_ERR_NOT_FOUND ? 0
               : status < 0               ? status
                                          : gather(call, ask, type, consultation, out);
    }
    int count =
        fhir_scan(call->service, call->caller->institution, &ask->query, ask->hits, FHIR_SCAN_MAX);
    int at = 0, status = count < 0 ? count : 0;
    while (status == 0 && at < count && json_array_size(out) < (size_t)ask->query.count)
        status = gather(call, ask, type, ask->hits[at++].consultation, out);
    if (status == 0 && at > 0 && (at < count || count == FHIR_SCAN_MAX)) {
        fhir_id_of(ask->hits[at - 1].consultation, fhir_id);
        fhir_query_page(ask->hits[at - 1].at_us, fhir_id, ask->page);
    }
    return status;
}

static int search(struct call *call, struct ask *ask)
{
    const struct fhir_type *type = fhir_type_find(ask->type);
    json_t *resources = json_array();
    int status = resources ? 0 : SQ_ERR_NOMEM;
    if (status == 0)
        status = type ? search_cases(call, ask, type, resources)
                      : fhir_audit_search(call, &ask->query, resources, ask->page);
    if (status == 0 && !(call->result = bundle(ask, resources)))
        status = SQ_ERR_NOMEM;
    json_decref(resources);
    return status;
}

/* Handler of http_act. */
static int handle(struct call *call)
{
    struct ask *ask = call->work;
    char object[FHIR_ID_MAX];
    snprintf(object, sizeof object, "%s", ask->id[0] ? ask->id : ask->type);
    if (ask->id[0] && fhir_type_find(ask->type))
        fhir_id_back(ask->id, object); /* as it is called everywhere else in the log */
    int status = ask->id[0] ? read_one(call, ask) : search(call, ask);
    snprintf(call->audit_object, sizeof call->audit_object, "%.*s", ID_MAX - 1, object);
    return status;
}

static void carry_out(struct exchange *x, struct ask *ask)
{
    struct call call = {.work = ask};
    int status = http_act(x, ask->id[0] ? "fhir.read" : "fhir.search", handle, &call);
    if (status < 0)
        refuse(x, status, call.message_en, call.message_zh);
    else
        respond(x, 200, json_incref(call.result));
    json_decref(call.result);
}

/* ---- routes ---- */

static bool is_served(const char *type)
{
    for (const char *const *name = fhir_type_names(); *name; name++)
        if (strcmp(*name, type) == 0)
            return true;
    return false;
}

static int start(struct exchange *x, void *user, void **state)
{
    struct ask *ask = calloc(1, sizeof *ask);
    const char *host = http_header(x, HTTP_HOST);
    char en[256] = "", zh[256] = "";
    (void)user;
    (void)state;
    if (!ask)
        return SQ_ERR_NOMEM;
    snprintf(ask->base, sizeof ask->base, "https://%.250s/fhir", host ? host : "localhost");
    if (!is_json(http_header(x, HTTP_ACCEPT)))
        respond(x, 406,
                fhir_outcome(SQ_ERR_UNSUPPORTED, "Only JSON is served: application/fhir+json.",
                             "仅提供 JSON 格式：application/fhir+json。"));
    else if (!read_path(http_path_rest(x), ask) || !is_served(ask->type))
        refuse(x, SQ_ERR_NOT_FOUND, "There is no such resource here; see /fhir/metadata.",
               "此处没有该资源，见 /fhir/metadata。");
    else if (!ask->id[0] && read_query(x, ask, en, zh) < 0)
        refuse(x, SQ_ERR_INVALID, en, zh);
    else
        carry_out(x, ask);
    free(ask);
    return 0;
}

static int metadata(struct exchange *x, void *user, void **state)
{
    char date[SERVICE_TIME_MAX];
    (void)user;
    (void)state;
    respond(x, 200, fhir_capability(fhir_type_names(), service_time_text(http_utc_us(x), date)));
    return 0;
}

static const struct http_ops read_ops = {.start = start};
static const struct http_ops metadata_ops = {.start = metadata};

static const struct http_route routes[] = {
    {.methods = HTTP_GET, .path = "/fhir/metadata", .flags = HTTP_OPEN, .ops = &metadata_ops},
    {.methods = HTTP_GET, .path = "/fhir/", .flags = HTTP_PREFIX, .ops = &read_ops},
};
const struct http_table fhir_http_table = {.routes = routes,
                                           .count = sizeof(routes) / sizeof(routes[0])};
