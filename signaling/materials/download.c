/* SPDX-License-Identifier: Apache-2.0 */
/* GET /materials/<id>: whole or one range, decrypted record by record on a pool thread. Never shown
 * by a browser under our origin: attachment, its own type, no sniffing. Each download is an audit
 * row. */
#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/materials/range.h"
#include "signaling/materials/room.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETAG_SIZE (2 * TUS_HASH_BYTES + 3)

struct download {
    struct materials *m;
    struct stored file;
    char name[TUS_NAME_MAX];
    char etag[ETAG_SIZE];
    uint64_t at, left; /* what is still to be sent */
    uint8_t *record;   /* BOX_RECORD_MAX bytes, decrypted */
    uint64_t record_at;
    size_t record_bytes;
    bool in_job, closed;
    int error;
};

static void download_free(struct download *d)
{
    if (d->record)
        sodium_memzero(d->record, BOX_RECORD_MAX);
    free(d->record);
    sodium_memzero(d, sizeof *d);
    free(d);
}

static int open_file(struct call *call)
{
    struct download *d = call->work;
    const char *id = json_string_value(call->params);
    struct material m;
    text_copy(call->audit_object, sizeof call->audit_object, id); /* a refusal's row names it too */
    int status = material_open(call, id, ACT_SEE_MATERIAL, &m, NULL);
    if (status < 0)
        return status;
    d->file = m.file;
    text_copy(d->name, sizeof d->name, m.name);
    bool has_file = m.has_file;
    material_clear(&m);
    return has_file ? 0 : SQ_ERR_NOT_FOUND;
}

/* ---- the stream ---- */

static void read_run(void *job)
{
    struct download *d = job;
    struct box_place place = {d->m->directory, d->file.id, d->file.key, d->file.bytes};
    d->error = box_read_at(&place, d->at, d->record, &d->record_at, &d->record_bytes);
}

static void read_done(struct exchange *x, void *state, void *job, bool refused)
{
    struct download *d = job;
    (void)state;
    d->in_job = false;
    if (refused)
        d->error = SQ_ERR_NOMEM;
    if (d->closed)
        download_free(d);
    else if (x)
        http_more(x);
}

static ssize_t pull(struct exchange *x, void *state, uint8_t *out, size_t max)
{
    struct download *d = state;
    if (d->error < 0)
        return -1;
    if (d->at < d->record_at || d->at >= d->record_at + d->record_bytes) {
        if (!d->in_job) {
            d->in_job = true;
            http_run(x, read_run, read_done, d);
        }
        return 0;
    }
    uint64_t n = d->record_at + d->record_bytes - d->at;
    n = n < d->left ? n : d->left;
    n = n < max ? n : max;
    memcpy(out, d->record + (d->at - d->record_at), (size_t)n);
    d->at += n;
    d->left -= n;
    return (ssize_t)n;
}

static void closed(struct exchange *x, void *state, bool complete)
{
    struct download *d = state;
    (void)x;
    (void)complete;
    if (!d)
        return;
    d->closed = true;
    if (!d->in_job)
        download_free(d);
}

/* ---- the head ---- */

/* RFC 6266 with RFC 8187: every byte that is no letter or digit is written as %XX. */
static void write_disposition(char *out, size_t size, const char *name)
{
    size_t n = (size_t)snprintf(out, size, "attachment; filename*=UTF-8''");
    for (const unsigned char *p = (const unsigned char *)(*name ? name : "material");
         *p && n + 4 < size; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || *p == '.' || *p == '-' || *p == '_';
        n += (size_t)snprintf(out + n, size - n, plain ? "%c" : "%%%02X", *p);
    }
}

static void respond(struct exchange *x, struct download *d)
{
    char disposition[3 * TUS_NAME_MAX + 64], place[80];
    struct range range;
    struct http_field fields[8] = {
        {"content-type", kind_media_type(d->file.kind)},
        {"content-disposition", disposition},
        {"etag", d->etag},
        {"accept-ranges", "bytes"},
        {"cache-control", "private, no-store"},
    };
    size_t count = 5;
    unsigned long long total = d->file.bytes;
    write_disposition(disposition, sizeof disposition, d->name);
    enum range_verdict verdict = range_read(
        http_header(x, HTTP_RANGE), http_header(x, HTTP_IF_RANGE), d->etag, d->file.bytes, &range);
    if (verdict == RANGE_OUTSIDE) {
        snprintf(place, sizeof place, "bytes */%llu", total);
        const struct http_field outside = {"content-range", place};
        http_fail_status(x, 416, &outside, 1, SQ_ERR_INVALID, "Ask for one range within the file.",
                         "请求的范围无效，请只请求文件内的一段。");
        return;
    }
    if (verdict == RANGE_PART) {
        snprintf(place, sizeof place, "bytes %llu-%llu/%llu", (unsigned long long)range.first,
                 (unsigned long long)(range.first + range.count - 1), total);
        fields[count++] = (struct http_field){"content-range", place};
    }
    d->at = range.first;
    d->left = range.count;
    http_respond_stream(x, verdict == RANGE_PART ? 206 : 200, fields, count, range.count, pull);
}

static int start(struct exchange *x, void *user, void **state)
{
    struct download *d = calloc(1, sizeof *d);
    uint8_t *record = malloc(BOX_RECORD_MAX);
    struct call call = {.work = d};
    json_t *id = json_string(http_path_rest(x));
    if (!d || !record || !id) {
        free(d);
        free(record);
        json_decref(id);
        return SQ_ERR_NOMEM;
    }
    d->m = user;
    d->record = record;
    call.params = id;
    int status = http_act(x, "material.download", open_file, &call);
    json_decref(id);
    if (status < 0) {
        download_free(d);
        http_fail(x, status, call.message_en, call.message_zh);
        return 0;
    }
    d->etag[0] = '"';
    sodium_bin2hex(d->etag + 1, ETAG_SIZE - 1, d->file.stored_sha256, TUS_HASH_BYTES);
    text_copy(d->etag + ETAG_SIZE - 2, 2, "\"");
    *state = d;
    const char *known = http_header(x, HTTP_IF_NONE_MATCH);
    if (known && !strcmp(known, d->etag))
        http_respond(x, 304, &(struct http_field){"etag", d->etag}, 1, NULL, 0);
    else
        respond(x, d);
    return 0;
}

const struct http_ops download_ops = {.start = start, .closed = closed};
