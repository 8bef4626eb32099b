/* SPDX-License-Identifier: Apache-2.0 */
/* Texts from terminals: any bytes end in a request that keeps its promises or in one of four codes;
 * a request of a known method is put to its schema, and RtpParameters that fit go through ORTC. */
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/media/ortc.h"
#include "signaling/proto/jsonrpc.h"
#include "signaling/proto/schema.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_ortc(json_t *params)
{
    const char *kind = json_string_value(json_object_get(params, "kind"));
    json_t *rtp = json_object_get(params, "rtpParameters");
    const char *why;
    json_t *out = NULL;
    struct ortc_consumer with = {"0", "c", 1, 2};
    if (!kind || !rtp || ortc_check_producer(kind, rtp, &why))
        return;
    json_t *consumable = ortc_consumable(kind, rtp), *caps = ortc_router_capabilities();
    CHECK(consumable && caps);
    CHECK(ortc_consumer_parameters(kind, consumable, caps, &with, &out) == 0);
    json_decref(consumable);
    json_decref(caps);
    json_decref(out);
}

static void try_schema(const struct jsonrpc_request *request)
{
    static struct schema_set *set;
    struct schema_reason reason;
    if (!set)
        CHECK(schema_set_new(&set, &reason) == 0);
    const json_t *root = schema_set_method(set, request->method);
    if (!root)
        return;
    int error = schema_check(root, json_object_get(root, "params"), request->params, &reason);
    CHECK(error == 0 || (error == SQ_ERR_INVALID && reason.text[0]));
    if (!error && !strcmp(request->method, "media.produce"))
        try_ortc(request->params);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jsonrpc_request request;
    const char *detail = NULL;
    size_t len;
    int error = jsonrpc_parse((const char *)data, size, &request, &detail);
    CHECK((error == 0) == (request.params != NULL));
    CHECK(strlen(request.key) <= JSONRPC_KEY_MAX && detail);
    if (error) {
        char *text = jsonrpc_error(request.key, error, detail, NULL, &len);
        CHECK(text);
        free(text);
        return 0;
    }
    CHECK(json_is_object(request.params) && strlen(request.key) >= JSONRPC_KEY_MIN);
    try_schema(&request);
    json_decref(request.params);
    return 0;
}
