/* SPDX-License-Identifier: Apache-2.0 */
/* operator.* over the wire. */
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/operator/inside.h"
#include <stdio.h>
#include <string.h>

static const char *text_of(const struct call *call, const char *name)
{
    const char *text = json_string_value(json_object_get(call->params, name));
    return text ? text : "";
}

static int may(struct call *call)
{
    if (!rights_allow(call->caller->roles, RELATION_NONE, ACT_MANAGE_NODES))
        return call_fail(call, SQ_ERR_DENIED, "Only operators keep nodes and relays.",
                         "只有运维人员可以管理节点和中继。");
    if (!call->service->watch)
        return call_fail(call, SQ_ERR_STATE, "This program holds no relays.", "本程序不管理中继。");
    return 0;
}

static int overview(struct call *call)
{
    int status = may(call);
    return status < 0 ? status : watch_overview(call->service, call->utc_us, &call->result);
}

static bool find_relay(const struct call *call, const char *id, struct relays_info *out)
{
    for (size_t i = 0; watch_info(call->service, i, out); i++) {
        if (!strcmp(out->node, id))
            return true;
    }
    return false;
}

static int no_relay(struct call *call)
{
    return call_fail(call, SQ_ERR_NOT_FOUND, "There is no relay of this id.",
                     "没有这个编号的中继。");
}

static int history(struct call *call)
{
    const char *id = text_of(call, "relayId");
    const json_t *minutes = json_object_get(call->params, "minutes");
    struct relays_info info;
    int status = may(call);
    if (status < 0)
        return status;
    if (!find_relay(call, id, &info))
        return no_relay(call);
    int64_t span_min = minutes ? json_integer_value(minutes) : 240;
    struct watch_span span = {.first = call->utc_us / (60 * TIME_US_PER_S) - span_min,
                              .step = span_min > WATCH_POINTS_MAX ? WATCH_STEP_MIN : 1};
    json_t *points = NULL;
    status = watch_history(call->service, id, &span, &points);
    if (status < 0)
        return status;
    call->result = json_pack("{s:s, s:I, s:o}", "relayId", id, "stepMinutes", (json_int_t)span.step,
                             "points", points);
    return call->result ? 0 : SQ_ERR_NOMEM;
}

static int drain(struct call *call)
{
    const char *id = text_of(call, "relayId");
    struct relays_info info;
    int status = may(call);
    if (status < 0)
        return status;
    if (!find_relay(call, id, &info))
        return no_relay(call);
    snprintf(call->audit_object, sizeof call->audit_object, "%s", id);
    return watch_store_drain(call->service, id,
                             json_is_true(json_object_get(call->params, "drain")), call->utc_us);
}

static bool port_valid(const char *address)
{
    const char *colon = strrchr(address, ':'); /* the schema has seen the rest */
    int port = 0;
    return colon && sscanf(colon + 1, "%5d", &port) == 1 && port >= 1 && port <= 65535;
}

static int add_relay(struct call *call)
{
    struct cluster_peer peer = {0};
    struct relays_info info;
    int status = may(call);
    if (status < 0)
        return status;
    snprintf(peer.node, sizeof peer.node, "%s", text_of(call, "id"));
    snprintf(peer.commands, sizeof peer.commands, "%s", text_of(call, "commands"));
    snprintf(peer.heartbeats, sizeof peer.heartbeats, "%s", text_of(call, "heartbeats"));
    if (!port_valid(peer.commands) || !port_valid(peer.heartbeats))
        return call_fail(call, SQ_ERR_INVALID, "Ports are 1 to 65535.", "端口为 1 到 65535。");
    if (find_relay(call, peer.node, &info) && !info.added)
        return call_fail(call, SQ_ERR_CONFLICT,
                         "The configuration file names a relay of this id; choose another.",
                         "配置文件中已有此编号的中继，请换一个编号。");
    snprintf(call->audit_object, sizeof call->audit_object, "%s", peer.node);
    return watch_store_relay(call->service, &peer, text_of(call, "level"), call->utc_us);
}

/* A call must not lose its relay by a click. */
static int remove_relay(struct call *call)
{
    const char *id = text_of(call, "relayId");
    struct relays_info info;
    int status = may(call);
    if (status < 0)
        return status;
    if (!find_relay(call, id, &info))
        return no_relay(call);
    if (!info.added)
        return call_fail(call, SQ_ERR_STATE,
                         "This relay is named in the configuration file; take it out there.",
                         "此中继写在配置文件中，请在配置文件中删除。");
    if (info.alive && info.rooms > 0)
        return call_fail(call, SQ_ERR_STATE,
                         "Calls still go over this relay. Drain it and wait until it has none.",
                         "此中继上还有通话。请先停止接收新通话，等通话结束后再删除。");
    snprintf(call->audit_object, sizeof call->audit_object, "%s", id);
    return watch_forget_relay(call->service, id);
}

static const struct method methods[] = {
    {.name = "operator.overview", .flags = METHOD_READS, .handle = overview},
    {.name = "operator.history", .flags = METHOD_READS, .handle = history},
    {.name = "operator.drain", .flags = METHOD_WRITES, .handle = drain},
    {.name = "operator.addRelay", .flags = METHOD_WRITES, .handle = add_relay},
    {.name = "operator.removeRelay", .flags = METHOD_WRITES, .handle = remove_relay},
};
const struct method_table operator_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
