/* SPDX-License-Identifier: Apache-2.0 */
/* The table of types, and the questions before and after the bytes came. */
#include "signaling/materials/types.h"
#include <string.h>

#define K(kind) (1u << KIND_##kind)

const struct material_type material_types[] = {
    {"photo", 20ull << 20, K(JPEG) | K(PNG)},
    {"pdf", 50ull << 20, K(PDF)},
    {"dicom", 256ull << 20, K(DICOM)},
    {"ecg", 32ull << 20, K(SCP) | K(AECG) | K(EDF) | K(WFDB_HEADER) | K(WFDB_SIGNAL) | K(DICOM)},
    {"audio", 20ull << 20, K(WAV) | K(OGG_OPUS)},
};
const unsigned material_type_count = sizeof material_types / sizeof material_types[0];

/* DESIGN section 3. */
const char *const material_order[] = {"text", "vitals", "ecg", "preview", "original", NULL};

const struct material_type *material_type_find(const char *name)
{
    for (unsigned i = 0; i < material_type_count; i++) {
        if (!strcmp(material_types[i].name, name))
            return &material_types[i];
    }
    return NULL;
}

static bool refuse(struct tus_refusal *no, unsigned status, const char *en, const char *zh)
{
    *no = (struct tus_refusal){status, en, zh};
    return false;
}

bool material_admit(const struct tus_creation *c, const struct material_usage *u,
                    struct tus_refusal *no)
{
    const struct material_type *type = material_type_find(c->type);
    if (!type)
        return refuse(no, 415, "The type must be photo, pdf, dicom, ecg or audio.",
                      "type 必须是 photo、pdf、dicom、ecg 或 audio。");
    if (c->bytes > type->bytes_max)
        return refuse(no, 413,
                      "The file is too large for its type; material.list says the limits. Send a "
                      "smaller one.",
                      "文件超过该类型的大小上限（见 material.list），请压缩或选择较小的文件。");
    if (u->consultation_count >= MATERIALS_COUNT_MAX ||
        u->consultation_bytes + c->bytes > MATERIALS_CONSULTATION_MAX)
        return refuse(no, 413,
                      "This consultation holds as many materials as it may. Remove some first.",
                      "本次会诊的资料已达上限，请先删除部分资料。");
    if (u->account_uploads >= MATERIALS_UPLOADS_MAX)
        return refuse(no, 413, "Too many of your uploads are under way. Finish or cancel some.",
                      "您未完成的上传过多，请先完成或取消部分上传。");
    if (u->account_bytes + c->bytes > MATERIALS_ACCOUNT_MAX)
        return refuse(
            no, 413,
            "Your account has stored as much as it may. Remove what is not needed, or ask "
            "your administrator.",
            "您的存储空间已用完，请删除不需要的资料或联系管理员。");
    if (u->disk_free < u->disk_reserve || u->disk_free - u->disk_reserve < 2 * c->bytes)
        return refuse(no, 507,
                      "The server's disk has no room for this file now. Try again later, and tell "
                      "the operator.",
                      "服务器磁盘空间不足，请稍后再试并通知运维人员。");
    return true;
}

static enum kind unknown(struct tus_refusal *no, const char *en, const char *zh)
{
    refuse(no, 415, en, zh);
    return KIND_UNKNOWN;
}

enum kind material_kind(const struct material_type *type, const uint8_t *bytes, size_t len_bytes,
                        uint64_t total_bytes, const struct wfdb_header *header,
                        struct tus_refusal *no)
{
    enum kind kind = kind_of(bytes, len_bytes, total_bytes);
    if (header && (type->kinds & K(WFDB_SIGNAL)))
        return wfdb_signal_bytes(header) == total_bytes
                   ? KIND_WFDB_SIGNAL
                   : unknown(no,
                             "The signal file is not as long as its header says. Send the pair "
                             "that belongs together.",
                             "信号文件长度与头文件不符，请上传配套的文件。");
    /* A data set without its mark is kept, and told unread. */
    if (kind == KIND_UNKNOWN && (type->kinds == K(DICOM)) && kind_is_binary(bytes, len_bytes))
        return KIND_DICOM;
    if (kind != KIND_UNKNOWN && (type->kinds & 1u << kind))
        return kind;
    if (kind == KIND_HEIC)
        return unknown(
            no,
            "HEIC photos can't be shown by most machines. Set the camera to \"Most "
            "Compatible\", or convert the photo to JPEG.",
            "多数设备无法显示 HEIC 照片，请在相机设置中选择“兼容性最佳”，或转换为 JPEG 后上传。");
    return unknown(
        no,
        "The file's content is not of the type that was named. Choose the right type, or "
        "a file in one of its formats.",
        "文件内容与所选类型不符，请选择正确的类型或格式。");
}
