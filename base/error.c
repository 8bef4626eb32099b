/* SPDX-License-Identifier: Apache-2.0 */
/* The names and sentences of the error enum. A sentence says what happened and what the person can
 * do. */
#include "shanqiao/error.h"
#include <stddef.h>
#include <string.h>

struct error_entry {
    const char *name;
    const char *zh;
    const char *en;
};

#define ENTRY(code, zh_text, en_text) [-(code)] = {#code, zh_text, en_text}

static const struct error_entry ENTRIES[] = {
    ENTRY(SQ_OK, "操作成功。", "Done."),
    ENTRY(SQ_ERR_NOMEM, "内存或名额已用完。请关闭不用的会诊或程序后重试;反复出现请联系管理员。",
          "Memory or a fixed pool is used up. Close what you don't need and try again; if it comes "
          "back, tell "
          "the administrator."),
    ENTRY(SQ_ERR_INVALID, "填写的内容或收到的数据格式不对。请按提示检查后重新提交。",
          "Something that was entered or received is malformed. Check the field that is named and "
          "send it again."),
    ENTRY(SQ_ERR_STATE, "当前状态下不能这样做。请刷新页面,看清会诊进行到哪一步再操作。",
          "This can't be done in the present state. Refresh, see which step the consultation is "
          "at, then go on."),
    ENTRY(
        SQ_ERR_UNAUTHENTICATED, "尚未登录,或密码有误,或登录已过期。请重新登录。",
        "You are not signed in, the password is wrong, or the sign-in has expired. Sign in again."),
    ENTRY(SQ_ERR_DENIED, "您的账号没有这项权限。需要时请联系本机构管理员开通。",
          "Your account has no right to do this. If you need it, ask your institution's "
          "administrator."),
    ENTRY(SQ_ERR_NOT_FOUND, "没有找到,或您无权查看。请核对编号后重试。",
          "It was not found, or it is not yours to see. Check the number and try again."),
    ENTRY(SQ_ERR_CONFLICT, "已经存在,或别人先一步完成了操作。请刷新后查看最新情况。",
          "It exists already, or somebody else was first. Refresh to see how things stand now."),
    ENTRY(SQ_ERR_LIMIT, "超过了大小、数量或频率的上限。请减小内容,或稍等一分钟再试。",
          "A size, count or rate limit was passed. Send less, or wait a minute and try again."),
    ENTRY(SQ_ERR_TIMEOUT, "等待应答超时。请检查网络后重试;紧急情况请直接打电话。",
          "Nobody answered in time. Check the network and try again; in an emergency use the "
          "telephone."),
    ENTRY(SQ_ERR_UNREACHABLE, "暂时连不上对方或服务器。请检查网络;系统会自动重连,内容不会丢失。",
          "The other side or the server can't be reached now. Check the network; we keep trying "
          "and nothing that was "
          "saved is lost."),
    ENTRY(SQ_ERR_IO, "系统读写失败。请检查磁盘空间、设备连接和文件权限后重试。",
          "The operating system refused to read or write. Check disk space, devices and file "
          "permissions, then try "
          "again."),
    ENTRY(SQ_ERR_STORE, "数据库未能保存,内容没有任何改动。请稍后重试;反复出现请联系管理员。",
          "The database refused; nothing was changed. Try again shortly; if it comes back, tell "
          "the administrator."),
    ENTRY(SQ_ERR_FORGED, "安全校验未通过,数据可能被篡改,已拒绝。请不要继续,并联系管理员。",
          "A security check failed, so the data was refused: it may have been altered. Stop here "
          "and tell the "
          "administrator."),
    ENTRY(SQ_ERR_REPLAY, "这条消息已经收到过或已过时,没有再次执行。请刷新后查看结果。",
          "This message was seen before or is too old, and was not carried out again. Refresh to "
          "see the result."),
    ENTRY(SQ_ERR_UNSUPPORTED, "不支持这个版本、编码或选项。请升级软件,或换用其他选项。",
          "This version, codec or option is not supported. Update the software or choose another "
          "option."),
    ENTRY(SQ_ERR_CLOSED, "连接或会话已经关闭。请重新打开后再试。",
          "The connection or session was closed before. Open it again."),
    ENTRY(SQ_ERR_INTERNAL, "软件内部出错,详情已写入日志。请重试一次;仍不行请把时间告诉管理员。",
          "A defect of ours; the details are in the log. Try once more; if it fails again, tell "
          "the administrator the "
          "time it happened."),
};

static const struct error_entry UNKNOWN = {
    "SQ_ERR_UNKNOWN", "出现未知错误。请升级到最新版本;仍出现请联系管理员。",
    "An unknown error. Update to the newest version; if it stays, tell the administrator."};

static const struct error_entry *error_entry_of(int error)
{
    int count = (int)(sizeof ENTRIES / sizeof ENTRIES[0]);
    return error <= 0 && error > -count ? &ENTRIES[-error] : &UNKNOWN;
}

const char *sq_error_name(int error)
{
    return error_entry_of(error)->name;
}

const char *sq_error_text(int error, const char *language)
{
    const struct error_entry *e = error_entry_of(error);
    return language && strcmp(language, "en") == 0 ? e->en : e->zh;
}
