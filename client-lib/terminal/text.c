/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal's catalogue of texts. */
#include "client-lib/terminal/terminal.h"
#include <string.h>

static const struct {
    const char *zh, *en;
} TEXTS[TEXT_COUNT] = {
    [TEXT_SIGNED_IN] = {"已登录", "Signed in"},
    [TEXT_REASON] = {"原因", "Reason"},
    [TEXT_NOTHING_RINGS] = {"现在没有呼叫可接听", "Nothing rings that could be accepted"},
    [TEXT_NOT_IN_TALK] = {"现在没有进行中的通话", "There is no talk to enter now"},
    [TEXT_CANNOT_REACH] = {"暂时连不上服务器，正在重试",
                           "The server can't be reached, trying again"},
    [TEXT_OFFLINE] = {"与服务器的连接中断，正在自动重连；通话不受影响",
                      "Connection to the server lost, reconnecting by itself; the call goes on"},
    [TEXT_BACK_ONLINE] = {"已重新连上服务器", "Connected to the server again"},
    [TEXT_SESSION_ENDED] = {"登录已结束，请重新登录", "This session is over; sign in again"},
    [TEXT_WAITING_FOR_RING] = {"值班中，等待会诊呼叫", "On duty, waiting for a call"},
    [TEXT_RINGING] = {"会诊呼叫，请输入 accept 接听，或 refuse 理由 拒绝",
                      "A consultation rings: type accept, or refuse REASON"},
    [TEXT_RING_STOPPED] = {"呼叫已停止", "It stopped ringing"},
    [TEXT_TAKEN_OUT] = {"您已被移出该会诊，不再参加通话",
                        "You were taken out of this consultation and take no part in its talk"},
    [TEXT_SUBMITTED] = {"申请已提交，正在呼叫专家",
                        "Request submitted, specialists are being rung"},
    [TEXT_STATE] = {"会诊状态", "Consultation"},
    [TEXT_CALL_CONNECTED] = {"音视频通道已建立", "Sound and picture are connected"},
    [TEXT_CALL_INTERRUPTED] = {"网络中断，正在自动恢复，请不要挂断",
                               "The link is down and comes back by itself; do not hang up"},
    [TEXT_CALL_RECOVERED] = {"网络已恢复", "The link is back"},
    [TEXT_CALL_FAILED] = {"无法建立音视频通道", "Sound and picture can't be connected"},
    [TEXT_CAME] = {"对方已加入", "The other side is here"},
    [TEXT_WENT] = {"对方已离开，会诊仍在进行", "The other side left; the consultation goes on"},
    [TEXT_REFUSED_BY_SERVER] = {"未能完成", "Not done"},
    [TEXT_WRITE_OPINION] = {"请填写会诊意见：输入 opinion findings 文字（还有 "
                            "diagnosis、plan、advice、referral、limits），再输入 sign 签名",
                            "Write your opinion: type opinion findings TEXT (also diagnosis, plan, "
                            "advice, referral, limits), then sign"},
    [TEXT_OPINION_VERIFIED] = {"会诊意见签名有效", "The opinion's signature is valid"},
    [TEXT_OPINION_NOT_VERIFIED] =
        {"会诊意见签名无效，请勿采用，并联系会诊中心",
         "The opinion's signature is NOT valid: do not use it, call the consultation centre"},
    [TEXT_DONE] = {"会诊已完成", "The consultation is complete"},
    [TEXT_UNKNOWN_COMMAND] =
        {"不认识的命令；可用：accept、refuse 理由、cancel "
         "理由、mute、unmute、leave、enter、end、opinion 栏目 "
         "文字、sign、acknowledge、outcome agrees|agrees_in_part|differs|unknown "
         "转归、archive、attach 文件、quit",
         "Unknown command; there are: accept, refuse REASON, cancel REASON, "
         "mute, unmute, leave, enter, end, "
         "opinion FIELD TEXT, sign, acknowledge, outcome "
         "agrees|agrees_in_part|differs|unknown TEXT, archive, attach FILE, quit"},
    [TEXT_QUALITY] = {"网络质量", "Link quality"},
    [TEXT_RESUMED] = {"已回到进行中的会诊", "Back in the running consultation"},
    [TEXT_ATTACH_HOW] =
        {"请写：attach 文件，或 attach 类型 文件（类型：photo、pdf、dicom、ecg、audio）",
         "Write: attach FILE, or attach TYPE FILE (photo, pdf, dicom, ecg, audio)"},
    [TEXT_ATTACH_SENDING] = {"正在上传", "Sending"},
    [TEXT_ATTACH_DARK] = {"网络中断，恢复后自动继续上传", "No link; it goes on by itself later"},
    [TEXT_ATTACHED] = {"已上传", "Sent"},
    [TEXT_ATTACH_FAILED] = {"文件未能上传", "The file was not sent"},
};

static const struct {
    const char *state, *zh, *en;
} STATES[] = {
    {"submitted", "已提交", "submitted"},
    {"routed", "正在呼叫专家", "specialists are being rung"},
    {"accepted", "专家已接受", "accepted by a specialist"},
    {"refused", "已被拒绝", "refused"},
    {"in_progress", "会诊进行中", "in progress"},
    {"interrupted", "会诊中断，等待恢复", "interrupted, waiting for the other side"},
    {"opinion_drafted", "通话已结束，专家正在书写意见",
     "the talk is over, the opinion is being written"},
    {"opinion_signed", "意见已签名", "opinion signed"},
    {"delivered", "意见已送达", "opinion delivered"},
    {"acknowledged", "意见已确认收到", "opinion acknowledged"},
    {"follow_up_due", "请登记患者转归", "the outcome is asked for"},
    {"outcome_recorded", "已登记患者转归", "outcome recorded"},
    {"archived", "已归档", "archived"},
    {"cancelled", "已取消", "cancelled"},
    {"no_show", "专家与申请方未能见面", "the two sides never met"},
    {"expired", "无人应答，已过期", "nobody answered, expired"},
};

static bool english(const struct terminal *t)
{
    return strcmp(t->options->language, "en") == 0;
}

const char *text_of(const struct terminal *t, enum text_id id)
{
    return english(t) ? TEXTS[id].en : TEXTS[id].zh;
}

const char *text_state(const struct terminal *t, const char *state)
{
    for (size_t i = 0; i < sizeof STATES / sizeof STATES[0]; i++)
        if (strcmp(state, STATES[i].state) == 0)
            return english(t) ? STATES[i].en : STATES[i].zh;
    return state;
}

const char *text_reason(const struct terminal *t, const char *reason)
{
    static const struct {
        const char *code, *zh, *en;
    } REASONS[] = {
        {"nobody_on_duty", "该专家组现在无人值班，请另选专家组或稍后再试",
         "nobody of this panel is on duty; choose another or try later"},
        {"no_answer", "无人应答，请另选专家组或稍后再试",
         "nobody answered; choose another panel or try later"},
        {"all_refused", "值班专家均已拒绝，请另选专家组",
         "everybody on duty refused; choose another panel"},
        {"not_started", "双方未能见面，会诊没有开始",
         "the two sides never met, the talk did not start"},
        {"cancelled", "申请方已取消", "cancelled by the applicant"},
        {"abandoned", "通话中断过久，已自动结束", "interrupted for too long, ended by itself"},
        {"accepted_by_other", "已由其他专家接听", "another specialist accepted"},
        {"expired", "无人应答", "nobody answered"},
        {"refused", "已拒绝", "refused"},
        {"rerouted", "已转给其他专家组", "given to another panel"},
        {"removed", "已被移出该会诊", "taken out of this consultation"},
    };
    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++)
        if (strcmp(reason, REASONS[i].code) == 0)
            return english(t) ? REASONS[i].en : REASONS[i].zh;
    return reason;
}

const char *text_sex(const struct terminal *t, const char *sex)
{
    static const struct {
        const char *sex, *zh;
    } SEXES[] = {{"male", "男"}, {"female", "女"}, {"unknown", "性别未知"}};
    for (size_t i = 0; !english(t) && i < sizeof SEXES / sizeof SEXES[0]; i++)
        if (strcmp(sex, SEXES[i].sex) == 0)
            return SEXES[i].zh;
    return sex;
}

/* Bytes of the control character or direction override that begins at `at`; 0: it is neither. */
static size_t control_length(const unsigned char *at)
{
    if (*at < 0x20 || *at == 0x7f)
        return 1;
    if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
        return 2; /* C1 controls, U+0080 to U+009F */
    if (at[0] == 0xe2 && at[1] == 0x80 && ((at[2] >= 0xa8 && at[2] <= 0xae)))
        return 3; /* line separators and overrides, U+2028 to U+202E */
    if (at[0] == 0xe2 && at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9)
        return 3; /* isolates, U+2066 to U+2069 */
    return 0;
}

const char *text_clean(char out[TEXT_CLEAN_MAX], const char *text)
{
    size_t len = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at && len + 1 < TEXT_CLEAN_MAX;) {
        const size_t control = control_length(at);
        out[len++] = control ? ' ' : (char)*at;
        at += control ? control : 1;
    }
    out[len] = 0;
    return out;
}

void say(const struct terminal *t, enum text_id id, const char *detail)
{
    char clean[TEXT_CLEAN_MAX];
    const bool more = detail && *detail;
    printf("%s%s%s\n", text_of(t, id),
           !more        ? ""
           : english(t) ? ": "
                        : "：",
           more ? text_clean(clean, detail) : "");
    fflush(stdout);
}
