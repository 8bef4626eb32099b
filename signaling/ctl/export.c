/* SPDX-License-Identifier: Apache-2.0 */
/* Printed opinions and evidence packages: written once, noted in the audit log with the SHA-256 of
 * what was written; and the check of a package, which needs no database. */
#include "signaling/export/export.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/ctl/ctl.h"
#include "signaling/store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_BYTES 32
#define HEX_SIZE   (2 * HASH_BYTES + 1)
#define CA_MAX     (64 * 1024) /* bytes of a file of certificates */

typedef int (*export_function)(struct service *s, const struct export_of *what,
                               struct export_bytes *out, struct export_problem *problem);

static void hash_text(const struct export_bytes *b, char hex[HEX_SIZE])
{
    uint8_t hash[HASH_BYTES];
    crypto_hash_sha256(hash, b->data, b->len_bytes);
    sodium_bin2hex(hex, HEX_SIZE, hash, sizeof(hash));
}

static int say_problem(const struct ctl *c, const struct service *s, int status,
                       const struct export_problem *p)
{
    switch (p->fault) {
    case EXPORT_NOT_SIGNED:
        return ctl_fail(c, "the opinion of %s is not signed yet", "会诊 %s 的意见尚未签署",
                        c->arguments[0]);
    case EXPORT_NOT_VERIFIED:
        return ctl_fail(c, "the opinion fails its check (%s); see `opinion verify`",
                        "意见校验不通过（%s），请看 opinion verify", p->detail);
    case EXPORT_NO_FONT:
        return ctl_fail(c,
                        "no font with Chinese characters is installed; install one, for instance "
                        "the package fonts-wqy-zenhei or fonts-noto-cjk",
                        "系统没有中文字体，请安装，例如软件包 fonts-wqy-zenhei 或 fonts-noto-cjk");
    case EXPORT_TOO_LONG:
        return ctl_fail(c, "%s would be larger than a package may hold", "%s 超过证据包允许的大小",
                        p->detail);
    default:
        break;
    }
    if (status == SQ_ERR_NOT_FOUND)
        return c->opinion
                   ? ctl_fail(c, "consultation %s has no opinion %s", "会诊 %s 没有意见 %s",
                              c->arguments[0], c->opinion)
                   : ctl_fail(c, "there is no consultation %s", "没有会诊 %s", c->arguments[0]);
    if (status == SQ_ERR_FORGED)
        return ctl_fail(c,
                        "the stored record does not open: it was changed, or sealed with another "
                        "master key; see `opinion verify` and restore a backup",
                        "存储的记录无法解封：内容被改动，或由其他主密钥加密；请看 opinion verify "
                        "并恢复备份");
    return ctl_fail(c, "%s: %s", "%s：%s", sq_error_name(status), store_error(s->store));
}

static bool write_all(int fd, const struct export_bytes *b)
{
    size_t done = 0;
    while (done < b->len_bytes) {
        ssize_t wrote = write(fd, b->data + done, b->len_bytes - done);
        if (wrote < 0 && errno != EINTR)
            return false;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return fsync(fd) == 0;
}

/* A new file for its owner alone: it holds a patient's record. */
static int write_file(const struct ctl *c, const char *path, const struct export_bytes *b)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return ctl_fail(c, "%s: %s; nothing is ever overwritten", "%s：%s；不会覆盖已有文件", path,
                        strerror(errno));
    bool good = write_all(fd, b);
    int error = errno;
    good = close(fd) == 0 && good;
    if (good)
        return CTL_OK;
    unlink(path);
    return ctl_fail(c, "%s: %s", "%s：%s", path, strerror(error));
}

/* The audit row comes first: nothing leaves without one. */
static int note(const struct ctl *c, struct service *s, const char *act, const char *hex)
{
    char detail[sizeof("sha256:") + HEX_SIZE];
    snprintf(detail, sizeof(detail), "sha256:%s", hex);
    struct audit_act row = {
        .utc_us = c->utc_us, .act = act, .object = c->arguments[0], .detail = detail};
    int status = audit_append(s->store, &row);
    return status < 0 ? status : store_commit(s->store);
}

static int export_to(struct ctl *c, const char *act, export_function make)
{
    struct service s;
    struct export_bytes bytes = {0};
    struct export_problem problem = {0};
    struct export_of what = {
        .consultation = c->arguments[0], .opinion = c->opinion, .utc_us = c->utc_us};
    char hex[HEX_SIZE];
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = store_begin(s.store);
    if (error == 0)
        error = make(&s, &what, &bytes, &problem);
    if (error == 0) {
        hash_text(&bytes, hex);
        error = note(c, &s, act, hex);
    }
    if (error < 0)
        status = say_problem(c, &s, error, &problem);
    else if ((status = write_file(c, c->arguments[1], &bytes)) == CTL_OK)
        fprintf(c->out, "%s  %s\n", hex, c->arguments[1]);
    if (error == 0 && status == CTL_OK && problem.fault == EXPORT_NOT_VERIFIED) {
        say_problem(c, &s, 0, &problem);
        status = CTL_BAD;
    }
    store_rollback(s.store);
    free(bytes.data);
    service_close(&s);
    return status;
}

int ctl_opinion_print(struct ctl *c)
{
    return export_to(c, "opinion.print", export_print);
}

int ctl_opinion_evidence(struct ctl *c)
{
    return export_to(c, "opinion.evidence", export_evidence);
}

/* A regular file of at most `bound` bytes, with a zero behind. CTL_OK or CTL_FAILED. */
static int read_file(const struct ctl *c, const char *path, size_t bound, struct export_bytes *out)
{
    struct stat st;
    FILE *f = fopen(path, "rbe");
    *out = (struct export_bytes){0};
    if (!f || fstat(fileno(f), &st) != 0) {
        int error = errno;
        if (f)
            fclose(f);
        return ctl_fail(c, "%s: %s", "%s：%s", path, strerror(error));
    }
    bool fits = S_ISREG(st.st_mode) && st.st_size >= 0 && (size_t)st.st_size <= bound;
    size_t size = fits ? (size_t)st.st_size : 0;
    if (fits)
        out->data = calloc(1, size + 1);
    if (out->data)
        out->len_bytes = fread(out->data, 1, size, f);
    fclose(f);
    if (!fits)
        return ctl_fail(c, "%s is no file of at most %zu bytes", "%s 不是不超过 %zu 字节的文件",
                        path, bound);
    return out->data ? CTL_OK : ctl_fail(c, "there is not enough memory", "内存不足");
}

static const struct {
    const char *code, *en, *zh;
} codes[] = {
    {"truncated", "the package ends too early", "证据包不完整"},
    {"container", "the zip is not as shanqiaoctl writes it", "压缩包结构被改动或并非由本工具生成"},
    {"size", "the file is larger than it may be", "文件超过允许的大小"},
    {"crc", "the file was changed (checksum)", "文件被改动（校验和不符）"},
    {"hash", "the file is not the one of the manifest", "文件与清单哈希不符"},
    {"manifest", "the manifest was changed", "清单被改动"},
    {"unreadable", "the file can't be read", "文件无法解析"},
    {"not_canonical", "the file is not in canonical form", "文件不是规范格式"},
    {"unknown_format", "the file is of a format that this program does not know", "文件格式未知"},
    {"signature", "the signature is not over this file", "签名与文件不符"},
    {"other_signer", "the certificate is not of the one who should have signed",
     "证书不属于应签署者"},
    {"chain", "the certificate was not issued by the CA in the package, or not valid at signing",
     "证书不是由包内根证书签发，或签署时无效"},
    {"other_ca", "the certificate was not issued by the CA of --ca",
     "证书不是由 --ca 的根证书签发"},
    {"other_case", "the file is of another case", "文件属于另一会诊"},
    {"other_version", "it names a version that is not in the package, or is there twice",
     "所引用的意见版本不在包内，或重复出现"},
    {"other_text", "a consent names a text that is not in the package, or was changed",
     "知情同意所用文本不在包内，或被改动"},
    {"other_request", "the request is not the one that was answered", "申请内容与签署时不符"},
    {"audit_row", "an audit row was changed", "审计行被改动"},
    {"audit_sequence", "audit rows do not follow each other", "审计行顺序不符"},
};

static int say_refused(const struct ctl *c, const struct export_verdict *v)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(codes[i].code, v->code) == 0)
            fprintf(c->out, "%s: %s: %s (%s", ctl_text(c, "REFUSED", "校验不通过"), v->file,
                    ctl_text(c, codes[i].en, codes[i].zh), v->code);
    if (v->offset > 0)
        fprintf(c->out, " %zu", v->offset);
    fputs(")\n", c->out);
    return CTL_BAD;
}

static int say_good(const struct ctl *c, const struct export_verdict *v, const char *hex)
{
    fprintf(c->out,
            ctl_text(c,
                     "verified: consultation %s, signed by %s at %s\n%zu signed version(s)\n"
                     "CA SHA-256 %s\n",
                     "校验通过：会诊 %s，%s 签署于 %s\n共 %zu 份已签署版本\n根证书 SHA-256 %s\n"),
            v->consultation, v->signer, v->signed_at, v->opinions, v->ca_fingerprint);
    fputs(ctl_text(c,
                   "The time is by the installation's clock; no time stamp authority vouches for "
                   "it.\n",
                   "时间取自签发平台的时钟，没有可信时间戳机构为其作证。\n"),
          c->out);
    if (v->own_ca)
        fputs(ctl_text(c,
                       "The CA is the one inside the package: compare its SHA-256 with the "
                       "installation's, or give --ca FILE.\n",
                       "根证书取自证据包本身：请与签发平台公布的 SHA-256 核对，或使用 --ca "
                       "FILE。\n"),
              c->out);
    fprintf(c->out, ctl_text(c, "package SHA-256 %s\n", "证据包 SHA-256 %s\n"), hex);
    return CTL_OK;
}

static int check(const struct ctl *c, const struct export_bytes *zip, const char *ca)
{
    struct export_verdict verdict;
    char hex[HEX_SIZE];
    hash_text(zip, hex);
    int error = export_verify(zip->data, zip->len_bytes, ca, &verdict);
    if (error == SQ_ERR_INVALID)
        return ctl_fail(c, "%s holds no certificate (PEM, at most 8)",
                        "%s 中没有证书（PEM，最多 8 个）", c->ca);
    if (error < 0)
        return ctl_fail(c, "there is not enough memory", "内存不足");
    if (!verdict.good)
        return say_refused(c, &verdict);
    if (c->expect && strcmp(c->expect, hex) != 0) {
        fprintf(c->out,
                ctl_text(c, "REFUSED: this is not the package of --expect: it has SHA-256 %s\n",
                         "校验不通过：不是 --expect 所指的证据包，其 SHA-256 为 %s\n"),
                hex);
        return CTL_BAD;
    }
    return say_good(c, &verdict, hex);
}

int ctl_verify(struct ctl *c)
{
    struct export_bytes zip = {0}, ca = {0};
    int status = read_file(c, c->arguments[0], EXPORT_PACKAGE_MAX, &zip);
    if (status == CTL_OK && c->ca)
        status = read_file(c, c->ca, CA_MAX, &ca);
    if (status == CTL_OK)
        status = check(c, &zip, (const char *)ca.data);
    free(zip.data);
    free(ca.data);
    return status;
}
