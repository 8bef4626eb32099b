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
    cr_assert_eq(
        store_run(p.service.store, "UPDATE opinion SET signature = X'3006020101020101'", NULL, 0),
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

Test(print, a_character_without_a_font_is_named)
{
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign",
                             json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion", "advice",
                                       "休息 \xf0\x93\x80\x80")), /* an Egyptian hieroglyph */
                 0);
    case_fonts("<dir>/usr/share/fonts/truetype/wqy</dir>");
    cr_expect_eq(case_ctl("opinion print --db DB --keys KEYS CON @a.pdf"), CTL_FAILED, "%s", said);
    cr_expect_not_null(strstr(said, "U+13000"), "%s", said);
}
