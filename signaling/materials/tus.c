/* SPDX-License-Identifier: Apache-2.0 */
/* Header texts to values; each refusal says what to do. */
#include "signaling/materials/tus.h"
#include "base/text.h"
#include "signaling/proto/text.h"
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#define VALUE_MAX 512 /* bytes of one metadata value, decoded */

static bool refuse(struct tus_refusal *no, unsigned status, const char *en, const char *zh)
{
    *no = (struct tus_refusal){status, en, zh};
    return false;
}

bool tus_version_fits(const struct tus_request *r, struct tus_refusal *no)
{
    if (r->resumable && !strcmp(r->resumable, TUS_VERSION))
        return true;
    return refuse(no, 412, "Send the header Tus-Resumable: 1.0.0; no other version is known here.",
                  "请在请求头中发送 Tus-Resumable: 1.0.0，本服务器不支持其他版本。");
}

static bool read_number(const char *text, uint64_t *out)
{
    uint64_t v = 0;
    if (!text || !*text || strlen(text) > 15)
        return false;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9')
            return false;
        v = v * 10 + (uint64_t)(*p - '0');
    }
    *out = v;
    return v <= TUS_BYTES_MAX;
}

/* Strict base64 of RFC 4648 section 4 with its padding. */
static bool decode(const char *text, size_t len, char *out, size_t max, size_t *out_len)
{
    const char *end = NULL;
    return sodium_base642bin((unsigned char *)out, max, text, len, NULL, out_len, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           end == text + len;
}

/* ---- metadata: "key base64,key base64,key" ---- */

static bool is_word(const char *text)
{
    for (const char *p = text; *p; p++) {
        bool ok = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                  (*p >= '0' && *p <= '9') || *p == '_' || *p == '-';
        if (!ok)
            return false;
    }
    return text[0] != '\0';
}

static bool copy(const char *value, char *out, size_t max)
{
    if (strlen(value) >= max)
        return false;
    text_copy(out, max, value);
    return true;
}

/* A name that is shown to others and given to a browser to store under. */
static bool copy_name(const char *value, char *out, size_t max)
{
    struct schema_reason reason;
    json_t *text = json_string(value); /* NULL: no UTF-8 */
    bool ok = text && text_check(text, &reason) == 0 && !strpbrk(value, "/\\\n\t");
    json_decref(text);
    return ok && copy(value, out, max);
}

static bool copy_word(const char *value, char *out, size_t max)
{
    return is_word(value) && copy(value, out, max);
}

static bool set_member(struct tus_creation *out, const char *key, const char *value)
{
    size_t len = 0;
    if (!strcmp(key, "filename"))
        return copy_name(value, out->name, sizeof out->name);
    if (!strcmp(key, "type"))
        return copy_word(value, out->type, sizeof out->type);
    if (!strcmp(key, "consultation"))
        return copy_word(value, out->consultation, sizeof out->consultation);
    if (!strcmp(key, "header"))
        return copy_word(value, out->header, sizeof out->header);
    if (!strcmp(key, "preview"))
        out->preview = !strcmp(value, "1");
    if (!strcmp(key, "sha256"))
        return sodium_hex2bin(out->sha256, sizeof out->sha256, value, strlen(value), NULL, &len,
                              NULL) == 0 &&
               len == TUS_HASH_BYTES && strlen(value) == 2 * TUS_HASH_BYTES;
    return true; /* what others may need is no matter of ours */
}

/* One pair. *seen counts the members that must be there. */
static bool read_pair(const char *pair, size_t len, struct tus_creation *out, unsigned *seen)
{
    static const char *const needed[] = {"type", "consultation", "sha256"};
    char key[32], value[VALUE_MAX + 1];
    size_t value_len = 0;
    const char *blank = memchr(pair, ' ', len);
    size_t key_len = blank ? (size_t)(blank - pair) : len;
    if (key_len == 0 || key_len >= sizeof key)
        return false;
    memcpy(key, pair, key_len);
    key[key_len] = '\0';
    if (blank && !decode(blank + 1, len - key_len - 1, value, VALUE_MAX, &value_len))
        return false;
    value[value_len] = '\0';
    for (unsigned i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (strcmp(key, needed[i]) != 0)
            continue;
        if (*seen & 1u << i)
            return false; /* twice */
        *seen |= 1u << i;
    }
    return strlen(value) == value_len && set_member(out, key, value);
}

static bool read_metadata(const char *text, struct tus_creation *out)
{
    unsigned seen = 0;
    while (text && *text) {
        size_t len = strcspn(text, ",");
        const char *pair = text;
        text += len + (text[len] == ',' ? 1 : 0);
        while (len > 0 && *pair == ' ') {
            pair++;
            len--;
        }
        if (!read_pair(pair, len, out, &seen))
            return false;
    }
    return seen == 7;
}

bool tus_read_creation(const struct tus_request *r, struct tus_creation *out,
                       struct tus_refusal *no)
{
    memset(out, 0, sizeof *out);
    if (!tus_version_fits(r, no))
        return false;
    if (r->defer_length)
        return refuse(no, 400, "Say the length at once (Upload-Length); it can't be deferred here.",
                      "请直接给出文件长度（Upload-Length），本服务器不支持稍后给出。");
    if (!read_number(r->upload_length, &out->bytes) || out->bytes == 0)
        return refuse(no, 400, "Upload-Length must be the number of bytes, 1 or more.",
                      "Upload-Length 必须是文件的字节数，且大于 0。");
    if (r->body_bytes > 0)
        return refuse(no, 400, "Create the upload without a body, then send the bytes by PATCH.",
                      "创建上传时请勿附带内容，请随后用 PATCH 发送。");
    if (!read_metadata(r->metadata, out))
        return refuse(
            no, 400,
            "Upload-Metadata must hold type, consultation and sha256 (64 hex digits), "
            "each in base64, and may hold filename (UTF-8, at most 200 bytes, no / or \\), preview "
            "and header.",
            "Upload-Metadata 必须包含 type、consultation 和 sha256（64 位十六进制），均用 "
            "base64 编码；可附 filename（UTF-8，最长 200 字节，不含 / 和 \\）、preview、header。");
    return true;
}

/* ---- PATCH ---- */

static bool read_checksum(const char *text, struct tus_patch *out, struct tus_refusal *no)
{
    size_t len = 0;
    if (strncmp(text, "sha256 ", 7) != 0)
        return refuse(no, 400, "Only sha256 is known as the algorithm of Upload-Checksum.",
                      "Upload-Checksum 仅支持 sha256 算法。");
    out->checked = decode(text + 7, strlen(text + 7), (char *)out->sha256, TUS_HASH_BYTES, &len) &&
                   len == TUS_HASH_BYTES;
    return out->checked || refuse(no, 400, "Upload-Checksum must be \"sha256 \" and base64.",
                                  "Upload-Checksum 的格式应为 “sha256 ” 加 base64。");
}

bool tus_read_patch(const struct tus_request *r, struct tus_patch *out, struct tus_refusal *no)
{
    *out = (struct tus_patch){.bytes = r->body_bytes};
    if (!tus_version_fits(r, no))
        return false;
    if (!r->content_type || strcmp(r->content_type, "application/offset+octet-stream") != 0)
        return refuse(no, 415, "Send the bytes as application/offset+octet-stream.",
                      "请以 application/offset+octet-stream 类型发送内容。");
    if (!read_number(r->upload_offset, &out->offset))
        return refuse(no, 400, "Upload-Offset must be the number of bytes sent so far.",
                      "Upload-Offset 必须是已发送的字节数。");
    return !r->checksum || read_checksum(r->checksum, out, no);
}

bool tus_fits(const struct tus_patch *p, const struct tus_upload *u, struct tus_refusal *no)
{
    if (u->busy)
        return refuse(no, 423, "Another request sends to this upload now. Try again in a second.",
                      "该文件正由另一请求上传，请稍后再试。");
    if (p->offset != u->offset)
        return refuse(no, 409, "Upload-Offset is not where this upload stands. Ask by HEAD.",
                      "Upload-Offset 与服务器已收到的字节数不符，请先用 HEAD 查询。");
    if (p->bytes > u->bytes - u->offset)
        return refuse(no, 413, "This is more than the length that the upload was created with.",
                      "发送的内容超过创建上传时给出的长度。");
    return true;
}
