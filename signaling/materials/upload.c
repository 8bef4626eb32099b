/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads as exchanges of tus: OPTIONS, POST, and the beginnings of HEAD, PATCH and DELETE. The
 * bytes themselves are patch.c's. */
#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/http/match.h"
#include "signaling/materials/room.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#define NUMBER_SIZE 24

static const struct http_field resumable = {"tus-resumable", TUS_VERSION};

/* ---- responses ---- */

void upload_refuse(struct exchange *x, const struct tus_refusal *no)
{
    const struct http_field fields[] = {
        resumable, {"tus-version", TUS_VERSION}, {"retry-after", "1"}};
    int error = no->status == 412   ? SQ_ERR_UNSUPPORTED
                : no->status == 415 ? SQ_ERR_UNSUPPORTED
                : no->status == 413 ? SQ_ERR_LIMIT
                : no->status == 507 ? SQ_ERR_LIMIT
                : no->status == 409 ? SQ_ERR_STATE
                : no->status == 423 ? SQ_ERR_STATE
                : no->status == 410 ? SQ_ERR_NOT_FOUND
                                    : SQ_ERR_INVALID;
    http_fail_status(x, no->status, fields, no->status == 423 ? 3 : 2, error, no->en, no->zh);
}

void upload_fail(struct exchange *x, int error, const char *en, const char *zh)
{
    if (error == SQ_ERR_LIMIT) {
        upload_refuse(x, &(struct tus_refusal){507, "The server's disk is full. Try again later.",
                                               "服务器磁盘空间不足，请稍后再试。"});
        return;
    }
    if (error == SQ_ERR_STATE && !(en && *en)) {
        en = "The consultation is over, so nothing can be added to it. Submit a new one.";
        zh = "会诊已结束，不能再添加资料；如有需要请重新提交会诊申请。";
    }
    http_fail_status(x, http_status_of(error), &resumable, 1, error, en, zh);
}

void upload_stand(struct exchange *x, unsigned status, const struct upload *u, uint64_t offset)
{
    char at[NUMBER_SIZE], length[NUMBER_SIZE], expires[HTTP_DATE_MAX];
    struct http_field fields[7] = {
        resumable,
        {"upload-offset", at},
        {"upload-length", length},
        {"upload-expires", http_date_text(u->expires_us, expires)},
        {"cache-control", "no-store"},
    };
    size_t count = 5;
    snprintf(at, sizeof at, "%llu", (unsigned long long)offset);
    snprintf(length, sizeof length, "%llu", (unsigned long long)u->bytes);
    if (u->material[0])
        fields[count++] = (struct http_field){"shanqiao-material", u->material};
    http_respond(x, status, fields, count, NULL, 0);
}

static struct tus_request request_of(const struct exchange *x)
{
    return (struct tus_request){.resumable = http_header(x, HTTP_TUS_RESUMABLE),
                                .upload_length = http_header(x, HTTP_UPLOAD_LENGTH),
                                .defer_length = http_header(x, HTTP_UPLOAD_DEFER_LENGTH),
                                .metadata = http_header(x, HTTP_UPLOAD_METADATA),
                                .upload_offset = http_header(x, HTTP_UPLOAD_OFFSET),
                                .checksum = http_header(x, HTTP_UPLOAD_CHECKSUM),
                                .content_type = http_header(x, HTTP_CONTENT_TYPE),
                                .body_bytes = http_body_bytes(x)};
}

/* ---- OPTIONS ---- */

static int start_options(struct exchange *x, void *user, void **state)
{
    char most[NUMBER_SIZE];
    struct materials *m = user;
    (void)state;
    snprintf(most, sizeof most, "%llu", (unsigned long long)m->routes[2].body_max_bytes);
    const struct http_field fields[] = {resumable,
                                        {"tus-version", TUS_VERSION},
                                        {"tus-extension", TUS_EXTENSIONS},
                                        {"tus-max-size", most},
                                        {"tus-checksum-algorithm", "sha256"}};
    http_respond(x, 204, fields, sizeof fields / sizeof fields[0], NULL, 0);
    return 0;
}

static void closed_simple(struct exchange *x, void *state, bool complete)
{
    (void)x;
    (void)state;
    (void)complete;
}

const struct http_ops upload_options_ops = {.start = start_options, .closed = closed_simple};

/* ---- POST: creation ---- */

struct creation {
    struct materials *m;
    struct tus_creation wanted;
    struct upload upload;
    struct tus_refusal no;
};

/* A WFDB signal names the material with its header, which must be here already. */
static int check_header(struct call *call, struct creation *c)
{
    struct material header;
    if (!c->wanted.header[0])
        return 0;
    int status = material_load(call->service, c->wanted.header, &header);
    bool fits = status == 0 && header.has_file && header.file.kind == KIND_WFDB_HEADER &&
                !strcmp(header.consultation, c->wanted.consultation);
    if (status == 0)
        material_clear(&header);
    if (fits || (status < 0 && status != SQ_ERR_NOT_FOUND))
        return fits ? 0 : status;
    c->no = (struct tus_refusal){
        400,
        "The metadata header must name the material with the WFDB header "
        "of this consultation; upload the .hea file first.",
        "元数据 header 必须是本次会诊中 WFDB 头文件的资料编号，请先上传 .hea 文件。"};
    return SQ_ERR_INVALID;
}

static int check_room(struct call *call, struct creation *c)
{
    struct material_usage usage;
    struct statvfs disk;
    int status =
        material_usage_of(call->service, c->wanted.consultation, call->caller->account, &usage);
    if (status < 0)
        return status;
    if (statvfs(c->m->directory, &disk))
        return SQ_ERR_IO;
    usage.disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
    usage.disk_reserve = (uint64_t)c->m->config.reserve_bytes;
    return material_admit(&c->wanted, &usage, &c->no) ? 0 : SQ_ERR_LIMIT;
}

static void fill_upload(const struct call *call, struct creation *c)
{
    struct upload *u = &c->upload;
    const struct tus_creation *w = &c->wanted;
    store_new_id(u->id, "upl");
    text_copy(u->consultation, sizeof u->consultation, w->consultation);
    text_copy(u->account, sizeof u->account, call->caller->account);
    text_copy(u->institution, sizeof u->institution, call->caller->institution);
    text_copy(u->type, sizeof u->type, w->type);
    text_copy(u->name, sizeof u->name, w->name);
    text_copy(u->header, sizeof u->header, w->header);
    u->bytes = w->bytes;
    u->preview = w->preview;
    u->expires_us = call->utc_us + UPLOAD_LIFE_US;
    memcpy(u->sha256, w->sha256, sizeof u->sha256);
    randombytes_buf(u->key, sizeof u->key);
}

static int create(struct call *call)
{
    struct creation *c = call->work;
    struct box box;
    text_copy(call->audit_object, sizeof call->audit_object, c->wanted.consultation);
    int status =
        materials_may_add(call->service, call->caller, c->wanted.consultation, call->utc_us);
    if (status == 0)
        status = check_header(call, c);
    if (status == 0)
        status = check_room(call, c);
    if (status < 0)
        return status;
    fill_upload(call, c);
    text_copy(call->audit_object, sizeof call->audit_object, c->upload.id);
    status = upload_insert(call->service, &c->upload);
    if (status == 0) /* left behind by a commit that fails, it is swept at the next start */
        status = box_create(&box, c->m->directory, c->upload.id, c->upload.key);
    if (status == 0)
        box_close(&box);
    return status;
}

static int start_creation(struct exchange *x, void *user, void **state)
{
    struct creation c = {.m = user};
    struct tus_request request = request_of(x);
    struct call call = {.work = &c};
    char location[ID_MAX + 16], expires[HTTP_DATE_MAX];
    (void)state;
    if (!tus_read_creation(&request, &c.wanted, &c.no)) {
        upload_refuse(x, &c.no);
        return 0;
    }
    int status = http_act(x, "material.upload", create, &call);
    if (c.no.status) {
        upload_refuse(x, &c.no);
    } else if (status < 0) {
        upload_fail(x, status, call.message_en, call.message_zh);
    } else {
        snprintf(location, sizeof location, "/materials/%s", c.upload.id);
        const struct http_field fields[] = {
            resumable,
            {"location", location},
            {"upload-expires", http_date_text(c.upload.expires_us, expires)}};
        http_respond(x, 201, fields, 3, NULL, 0);
    }
    sodium_memzero(c.upload.key, sizeof c.upload.key);
    return 0;
}

const struct http_ops upload_create_ops = {.start = start_creation, .closed = closed_simple};

/* ---- HEAD, PATCH, DELETE ---- */

static const struct tus_refusal busy = {423,
                                        "Another request works on this upload now. Try again in a "
                                        "second.",
                                        "该文件正由另一请求处理，请稍后再试。"};
static const struct tus_refusal expired = {410, "This upload expired. Start it again.",
                                           "该上传已过期，请重新上传。"};

/* One's own only: another's upload does not exist. */
static int load_own(struct exchange *x, struct materials *m, struct upload *u)
{
    const struct caller *caller = http_caller(x);
    int status = upload_load(m->service, http_path_rest(x), u);
    if (status == 0 && strcmp(u->account, caller->account) != 0)
        status = SQ_ERR_NOT_FOUND;
    return status < 0 ? status
                      : materials_may_add(m->service, caller, u->consultation, http_utc_us(x));
}

/* Leaves the row of an upload that was not to be touched. */
struct untouched {
    const char *id;
    int error;
};

static int leave_untouched(struct call *call)
{
    const struct untouched *u = call->work;
    text_copy(call->audit_object, sizeof call->audit_object, u->id);
    return u->error;
}

static void fail_untouched(struct exchange *x, int error)
{
    struct untouched u = {http_path_rest(x), error};
    struct call call = {.work = &u};
    upload_fail(x, http_act(x, "material.upload", leave_untouched, &call), NULL, NULL);
}

static int cancel(struct call *call)
{
    const struct upload *u = call->work;
    text_copy(call->audit_object, sizeof call->audit_object, u->id);
    return upload_delete(call->service, u->id);
}

static void start_cancel(struct exchange *x, struct upload *u)
{
    struct call call = {.work = u};
    int status = http_act(x, "material.cancel", cancel, &call);
    if (status < 0)
        upload_fail(x, status, NULL, NULL);
    else
        http_respond(x, 204, &resumable, 1, NULL, 0);
}

static void start_transfer(struct exchange *x, struct materials *m, const struct upload *u,
                           const struct tus_patch *patch, void **state)
{
    struct transfer *t = calloc(1, sizeof *t);
    uint8_t *buffers = calloc(2, TRANSFER_BUFFER);
    if (!t || !buffers) {
        free(t);
        free(buffers);
        upload_fail(x, SQ_ERR_NOMEM, NULL, NULL);
        return;
    }
    t->m = m;
    t->x = x;
    t->upload = *u;
    t->caller = *http_caller(x);
    t->method = http_request_method(x);
    t->patch = *patch;
    t->box.fd = -1;
    t->fill = buffers;
    t->writing = buffers + TRANSFER_BUFFER;
    t->moved_us = http_now_us(x);
    *state = t;
    transfer_begin(t);
}

static int start_upload(struct exchange *x, void *user, void **state)
{
    struct materials *m = user;
    struct upload u;
    struct tus_refusal no = {0};
    struct tus_patch patch = {0};
    struct tus_request request = request_of(x);
    enum http_method method = http_request_method(x);
    bool fits = method == HTTP_PATCH ? tus_read_patch(&request, &patch, &no)
                                     : tus_version_fits(&request, &no);
    int status = fits ? load_own(x, m, &u) : 0;
    if (fits && status == 0 && u.expires_us <= http_utc_us(x))
        no = expired;
    else if (fits && status == 0 && transfer_find(m, u.id, http_now_us(x)))
        no = busy;
    if (no.status)
        upload_refuse(x, &no);
    else if (status < 0)
        fail_untouched(x, status);
    else if (method == HTTP_DELETE)
        start_cancel(x, &u);
    else if (u.material[0] && method == HTTP_HEAD)
        upload_stand(x, 200, &u, u.bytes);
    else if (u.material[0])
        upload_refuse(x, &(struct tus_refusal){409, "This upload is complete already.",
                                               "该文件已上传完成。"});
    else
        start_transfer(x, m, &u, &patch, state);
    sodium_memzero(&u, sizeof u);
    return 0;
}

static void body(struct exchange *x, void *state, const void *bytes, size_t len_bytes)
{
    (void)x;
    transfer_body(state, bytes, len_bytes);
}

static void finish(struct exchange *x, void *state)
{
    (void)x;
    transfer_body_done(state);
}

static void closed(struct exchange *x, void *state, bool complete)
{
    struct transfer *t = state;
    (void)x;
    (void)complete;
    if (!t)
        return;
    t->x = NULL;
    if (!t->in_job)
        transfer_free(t);
}

const struct http_ops upload_ops = {start_upload, body, finish, closed};
