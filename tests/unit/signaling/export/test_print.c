/* SPDX-License-Identifier: Apache-2.0 */
/* The printed opinion, read back by poppler's pdftotext: all that must stand on it, over pages;
 * fonts that are not there. */
#include "case.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char text[256 * 1024];

static void read_pdf(const char *name)
{
    char path[256], command[320];
    case_path(name, path);
    snprintf(command, sizeof(command), "pdftotext -raw '%s' -", path);
    FILE *f = popen(command, "r");
    cr_assert_not_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    cr_assert_eq(pclose(f), 0, "pdftotext of poppler-utils is needed");
}

/* Text without blanks and line ends: a line may be broken anywhere. */
static void squeeze(const char *from, char *to, size_t size)
{
    size_t at = 0;
    for (; *from && at + 1 < size; from++)
        if (!strchr(" \n\f\r", *from))
            to[at++] = *from;
    to[at] = '\0';
}

static void has(const char *wanted)
{
    static char all[256 * 1024];
    char part[1024];
    squeeze(text, all, sizeof(all));
    squeeze(wanted, part, sizeof(part));
    cr_expect_not_null(strstr(all, part), "the sheet lacks: %s", wanted);
}

TestSuite(print, .init = case_up_unsigned, .fini = case_down);

Test(print, says_all_that_binds)
{
    static const char *const wanted[] = {"远程会诊意见书",
                                         "云岭乡石板村卫生室（村级 village）",
                                         "演示村医甲",
                                         "云岭县人民医院（县级 county）",
                                         "演示专家乙",
                                         "演示患者",
                                         "女 female",
                                         "61 岁",
                                         "510000196501010000",
                                         "胸闷、胸痛两小时，活动后加重，伴出汗",
                                         "是否需要溶栓，是否立即转诊",
                                         "青霉素",
                                         "急性病容，皮肤湿冷",
                                         "急性下壁 ST 段抬高型心肌梗死（Killip I 级）",
                                         "立即嚼服阿司匹林 300 mg",
                                         "绝对卧床，持续心电监护，备除颤仪。",
                                         "立即联系 120 转诊县人民医院胸痛中心",
                                         "seen at reduced quality",
                                         "ECDSA-P256-SHA256",
                                         "CN = 演示专家乙",
                                         "校验通过",
                                         "2026-05-29 04:26:40 北京时间",
                                         "2026-05-28T20:26:40.000Z",
                                         "诊疗决定由邀请机构作出",
                                         "the inviting institution decides",
                                         "（未填写 not stated）",
                                         "第 1 页，共 2 页"};
    case_sign();
    read_pdf("first.pdf");
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        has(wanted[i]);
    has(id);
}

Test(print, long_texts_flow_over_pages_without_loss)
{
    static char advice[16 * 1024];
    char mark[64];
    size_t at = 0;
    for (int i = 0; i < 400; i++)
        at += (size_t)snprintf(advice + at, sizeof(advice) - at, "第%d条：注意保暖。\n", i);
    case_advice = advice;
    case_sign();
    read_pdf("first.pdf");
    for (int i = 0; i < 400; i++) {
        snprintf(mark, sizeof(mark), "第%d条：注意保暖。", i);
        has(mark);
    }
    int pages = 0;
    for (const char *c = text; *c; c++)
        pages += *c == '\f';
    cr_expect_gt(pages, 8);
    snprintf(mark, sizeof(mark), "第 %d 页，共 %d 页", pages, pages);
    has(mark);
}

Test(print, markup_and_one_endless_word_are_plain_text)
{
    static char advice[4001];
    memset(advice, '#', 4000);
    memcpy(advice, "<b>&amp;%s", 10);
    case_advice = advice;
    case_sign();
    read_pdf("first.pdf");
    has("<b>&amp;%s");
    size_t count = 0;
    for (const char *c = text; *c; c++)
        count += *c == '#';
    cr_expect_eq(count, 3990, "%zu", count);
}

Test(print, refuses_what_is_not_there_or_not_signed_and_overwrites_nothing)
{
    struct stat st;
    char path[256];
    cr_expect_eq(case_ctl("opinion print --db DB --keys KEYS con_x @a.pdf"), CTL_FAILED);
    cr_expect_not_null(strstr(said, "there is no consultation con_x"), "%s", said);
    cr_expect_eq(case_ctl("opinion print --db DB --keys KEYS CON @a.pdf"), CTL_FAILED);
    cr_expect_not_null(strstr(said, "not signed yet"), "%s", said);
    cr_expect_eq(case_ctl("opinion evidence --db DB --keys KEYS CON @a.zip"), CTL_FAILED);
    case_sign();
    cr_expect_eq(case_ctl("opinion print --db DB --keys KEYS CON @first.pdf"), CTL_FAILED);
    cr_expect_not_null(strstr(said, "nothing is ever overwritten"), "%s", said);
    case_path("first.pdf", path);
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0600);
}

Test(print, a_changed_opinion_is_printed_as_not_verified_and_is_no_evidence)
{
    case_sign();
    static const uint8_t no_signature[] = {0x30, 6, 2, 1, 1, 2, 1, 1}; /* well-formed DER */
    cr_assert_eq(STORE_RUN(p.service.store, "UPDATE opinion SET signature = $1",
                           sv_bytes(no_signature, sizeof(no_signature))),
                 1);
    cr_expect_eq(case_ctl("opinion print --db DB --keys KEYS CON @b.pdf"), CTL_BAD, "%s", said);
    read_pdf("b.pdf");
    has("校验不通过");
    has("NOT VERIFIED");
    cr_expect_null(strstr(text, "校验通过"));
    cr_expect_eq(case_ctl("opinion evidence --db DB --keys KEYS CON @b.zip"), CTL_FAILED);
    cr_expect_not_null(strstr(said, "signature_invalid"), "%s", said);
}

Test(print, a_record_that_does_not_open_is_said_to_be_changed)
{
    case_sign();
    cr_assert_eq(
        store_run(p.service.store, "UPDATE opinion SET sealed_canonical = sealed_draft", NULL, 0),
        1);
    cr_expect_eq(case_ctl("opinion print --db DB --keys KEYS CON @c.pdf"), CTL_FAILED);
    cr_expect_not_null(strstr(said, "does not open: it was changed"), "%s", said);
}

Test(print, leaves_a_row_with_the_hash_in_the_audit_log)
{
    struct store_query q;
    case_sign();
    cr_assert_eq(case_ctl("opinion evidence --db DB --keys KEYS CON @a.zip"), CTL_OK, "%s", said);
    STORE_QUERY(p.service.store, &q,
                "SELECT detail FROM audit WHERE act = 'opinion.evidence' AND object = $1",
                sv_text(id));
    cr_assert(store_next(&q));
    cr_expect_eq(strncmp(store_text(&q, 0) + strlen("sha256:"), said, 64), 0);
    store_query_end(&q);
}

Test(print, without_a_chinese_font_it_says_what_to_install)
{
    cr_assert_eq(
        people_call(&p, EXPERT_1, "opinion.sign",
                    json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion", "advice", "休息")),
        0);
    case_fonts("");
    cr_expect_eq(case_ctl("opinion print --db DB --keys KEYS CON @a.pdf"), CTL_FAILED);
    cr_expect_not_null(strstr(said, "install one, for instance"), "%s", said);
}

#define HIEROGLYPH "\xf0\x93\x80\x80"
#define RARE_HAN   "\xf0\xac\xaf\xa9" /* U+2CBE9 */

static void sign_advice(const char *advice)
{
    cr_assert_eq(
        people_call(&p, EXPERT_1, "opinion.sign",
                    json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion", "advice", advice)),
        0);
}

/* It binds, whatever fonts there are: a box stands for what can't be shown, the foot names it. */
Test(print, a_character_without_a_font_is_named_and_blocks_nothing)
{
    sign_advice("休息 " HIEROGLYPH " 王" RARE_HAN " \xef\xbf\xbe \xee\x80\x80");
    cr_expect_eq(case_ctl("opinion print --db DB --keys KEYS CON @a.pdf"), CTL_OK, "%s", said);
    read_pdf("a.pdf");
    has("字形缺失");
    has("U+13000");
    has("U+2CBE9");
    has("□(U+FFFE"); /* from before it was refused at the door */
    has("U+E000");
    cr_assert_eq(case_ctl("opinion evidence --db DB --keys KEYS CON @a.zip"), CTL_OK, "%s", said);
    cr_expect_eq(case_ctl("verify @a.zip"), CTL_OK, "%s", said);
    struct export_bytes zip = case_read("a.zip");
    cr_expect_not_null(memmem(zip.data, zip.len_bytes, RARE_HAN, 4), "signed as it was written");
    cr_expect_not_null(memmem(zip.data, zip.len_bytes, HIEROGLYPH, 4));
    free(zip.data);
}

/* Of a text that goes on, each page names its own. */
Test(print, a_missing_character_is_named_on_its_page)
{
    static char advice[8 * 1024];
    size_t at = 0;
    for (int i = 0; i < 150; i++)
        at += (size_t)snprintf(advice + at, sizeof(advice) - at, "第%d条：注意保暖。\n", i);
    snprintf(advice + at, sizeof(advice) - at, HIEROGLYPH);
    sign_advice(advice);
    cr_assert_eq(case_ctl("opinion print --db DB --keys KEYS CON @a.pdf"), CTL_OK, "%s", said);
    read_pdf("a.pdf");
    const char *named = strstr(text, "U+13000");
    cr_assert_not_null(named);
    cr_expect_null(strstr(named + 1, "U+13000"));
    cr_expect_gt(named, strstr(text, "第149条"));
}

/* With the fonts of scripts/setup. */
Test(print, rare_han_tibetan_yi_and_emoji_have_fonts)
{
    case_fonts("<dir>/usr/share/fonts</dir>");
    sign_advice("王" RARE_HAN "、𠀀、𪜀、㐂；བཀྲ་ཤིས；ꀉꂿꃅ；😀");
    cr_assert_eq(case_ctl("opinion print --db DB --keys KEYS CON @r.pdf"), CTL_OK, "%s", said);
    read_pdf("r.pdf");
    has(RARE_HAN);
    cr_expect_null(strstr(text, "字形缺失"), "scripts/setup test installs the fonts");
}

/* ---- consent, versions, MDT ---- */

Test(print, says_what_was_consented_to)
{
    case_sign();
    cr_assert_eq(people_call(&p, VILLAGER, "consent.withdraw",
                             json_pack("{s:s, s:[s], s:{s:s, s:s}, s:s}", "consultationId", id,
                                       "purposes", "teaching", "by", "name", "演示患者", "relation",
                                       "self", "reason", "不愿被观摩")),
                 0);
    cr_assert_eq(case_ctl("opinion print --db DB --keys KEYS CON @c.pdf"), CTL_OK, "%s", said);
    read_pdf("c.pdf");
    has("知情同意");
    has("远程会诊 Consultation 2026-05-29 04:26:40 (UTC+8)");
    has("同意 given：演示患者（本人 self），按指印 fingerprint，见证人 witness 演示护士");
    has("文本 text 2026-1 zh-CN，SHA-256 ");
    has("拒绝 refused：演示患者（本人 self），不愿被观摩");
}

Test(print, structured_members_stand_on_paper_when_they_were_stated)
{
    json_t *opinion =
        json_pack("{s:s, s:[{s:s, s:s, s:s}], s:b, s:i, s:s}", "advice", "休息", "diagnosisCodes",
                  "system", "ICD-10", "code", "I21.1", "name", "急性下壁心肌梗死", "reducedQuality",
                  1, "followUpDays", 14, "criticalReported", "已电话告知村医");
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign",
                             json_pack("{s:s, s:o}", "consultationId", id, "opinion", opinion)),
                 0);
    cr_assert_eq(case_ctl("opinion print --db DB --keys KEYS CON @s.pdf"), CTL_OK, "%s", said);
    read_pdf("s.pdf");
    has("ICD-10 I21.1 急性下壁心肌梗死");
    has("seen at reduced quality");
    has("14 天后反馈结果");
    has("已电话告知村医");
    cr_expect_null(strstr(text, "quality was sufficient"));
}

Test(print, a_replaced_version_is_marked_and_names_its_successor)
{
    char former[ID_MAX], line[256];
    case_sign();
    cr_expect_null(strstr(text, "历次版本"));
    case_supersede("立即转诊，不再等待。", "复核心电图后修正");
    const json_t *o = json_object_get(p.call.result, "opinion");
    json_t *document = json_loads(json_string_value(json_object_get(o, "canonical")), 0, NULL);
    snprintf(former, sizeof(former), "%s",
             json_string_value(json_object_get(json_object_get(document, "supersedes"), "id")));
    json_decref(document);
    cr_assert_eq(case_ctl("opinion print --db DB --keys KEYS CON @new.pdf"), CTL_OK, "%s", said);
    read_pdf("new.pdf");
    has("立即转诊，不再等待。");
    has("第 2 版 version");
    has("历次版本");
    has(former);
    has("修改原因 reason：复核心电图后修正");
    cr_expect_null(strstr(text, "SUPERSEDED"));
    snprintf(line, sizeof(line), "opinion print --opinion %s --db DB --keys KEYS CON @old.pdf",
             former);
    cr_assert_eq(case_ctl(line), CTL_OK, "%s", said);
    read_pdf("old.pdf");
    has("已作废：本版本已被第 2 版");
    has("SUPERSEDED by version 2");
    has("已作废 SUPERSEDED 会诊"); /* on each page's foot */
    has("绝对卧床，持续心电监护，备除颤仪。");
    cr_expect_eq(case_ctl("opinion print --opinion opn_x --db DB --keys KEYS CON @x.pdf"),
                 CTL_FAILED);
    cr_expect_not_null(strstr(said, "has no opinion opn_x"), "%s", said);
}

/* From an import, not from the wire: names that hide or turn what stands beside them. */
Test(print, what_hides_or_turns_text_is_printed_as_a_box)
{
    cr_assert_eq(STORE_RUN(p.service.store, "UPDATE account SET name = $1 WHERE id = $2",
                           sv_text("<b>甲</b>\xe2\x80\xae"
                                   "cod.exe\x07"),
                           sv_text(VILLAGER)),
                 1);
    case_sign();
    read_pdf("first.pdf");
    has("<b>甲</b>□cod.exe□");
    cr_expect_null(strstr(text, "\xe2\x80\xae"), "no override in the sheet");
}

TestSuite(print_mdt, .init = case_up_mdt, .fini = case_down);

Test(print_mdt, has_the_conclusion_and_each_opinion_with_its_signature)
{
    static const char *const wanted[] = {"多学科远程会诊意见书",
                                         "会诊结论",
                                         "绝对卧床，持续心电监护，备除颤仪。",
                                         "参加专家",
                                         "演示专家丙",
                                         "不同意见 dissents：仍认为应当立即手术",
                                         "同意结论 agrees",
                                         "专家意见 1：演示专家丙",
                                         "主张立即手术，缩短缺血时间。",
                                         "专家意见 2：演示专家丁",
                                         "主张保守观察四十八小时。",
                                         "CN = 演示专家丁",
                                         "CN = 演示专家乙",
                                         "本意见已有新版本"};
    cr_assert_eq(case_ctl("opinion print --db DB --keys KEYS CON @m.pdf"), CTL_OK, "%s", said);
    read_pdf("m.pdf");
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        has(wanted[i]);
    cr_expect_null(strstr(text, "复查好转"), "the conclusion was drawn from the former version");
    cr_assert_eq(case_ctl("opinion evidence --db DB --keys KEYS CON @m.zip"), CTL_OK, "%s", said);
    cr_assert_eq(case_ctl("verify @m.zip"), CTL_OK, "%s", said);
    cr_expect_not_null(strstr(said, "4 signed version(s)"), "%s", said);
    cr_expect_not_null(strstr(said, "signed by 演示专家乙"), "%s", said);
}

/* What was written in its course goes with the case: the way there and the way back. */
Test(print, a_referral_is_in_the_evidence)
{
    case_sign();
    cr_assert_eq(
        people_call(&p, VILLAGER, "referral.propose",
                    json_pack("{s:s, s:s, s:s, s:s}", "consultationId", id, "direction", "up",
                              "toInstitution", "county", "plan", "转往胸痛中心，途中心电监护")),
        0, "%s", p.call.message_en);
    cr_assert_eq(case_ctl("opinion evidence --db DB --keys KEYS CON @r.zip"), CTL_OK, "%s", said);
    cr_assert_eq(case_ctl("verify @r.zip"), CTL_OK, "%s", said);
    struct export_bytes zip = case_read("r.zip");
    cr_expect_not_null(memmem(zip.data, zip.len_bytes, "途中心电监护", strlen("途中心电监护")));
    free(zip.data);
}
