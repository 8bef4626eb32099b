/* SPDX-License-Identifier: Apache-2.0 */
/* See words.h. */
#include "signaling/export/words.h"
#include <stddef.h>
#include <string.h>

struct word {
    const char *code, *text;
};

static const struct word of_case[] = {
    {"live", "实时会诊 live"},
    {"emergency", "急救 emergency"},
    {"guidance", "在线指导 guidance"},
    {"reading", "阅片读图 reading"},
    {"mdt", "多学科会诊 multi-disciplinary"},
    {"joint_clinic", "联合门诊 joint clinic"},
    {"routine", "常规 routine"},
    {"urgent", "紧急 urgent"},
    {"male", "男 male"},
    {"female", "女 female"},
    {"unknown", "未知 unknown"},
};

static const struct word of_consent[] = {
    {"written", "书面签名 written"},
    {"electronic", "电子签名 electronic"},
    {"fingerprint", "按指印 fingerprint"},
    {"voice", "录音表示 voice"},
    {"self", "本人 self"},
    {"guardian", "监护人 guardian"},
    {"spouse", "配偶 spouse"},
    {"parent", "父母 parent"},
    {"child", "子女 child"},
    {"sibling", "兄弟姐妹 sibling"},
    {"relative", "近亲属 relative"},
    {"agent", "委托代理人 agent"},
};

static const struct word of_verdict[] = {
    {"hash_mismatch", "内容与存证哈希不符 content does not match its hash"},
    {"signature_invalid", "签名无效 the signature is not over this content"},
    {"certificate_invalid", "证书无效 the certificate is not valid"},
    {"content_differs", "内容与本次会诊或申请不符 content is not of this case"},
};

static const char *const levels[] = {"-",           "村级 village", "乡镇级 township",
                                     "县级 county", "市级 city",    "省级 province"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *word_of(const struct word *list, size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].code, code) == 0)
            return list[i].text;
    return code;
}

const char *words_of_case(const char *code)
{
    return word_of(of_case, COUNT(of_case), code);
}

const char *words_of_consent(const char *code)
{
    return word_of(of_consent, COUNT(of_consent), code);
}

const char *words_of_verdict(const char *code)
{
    return word_of(of_verdict, COUNT(of_verdict), code);
}

const char *words_of_level(int level)
{
    return levels[level > 0 && level < (int)COUNT(levels) ? level : 0];
}
