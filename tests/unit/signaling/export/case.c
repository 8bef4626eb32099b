/* SPDX-License-Identifier: Apache-2.0 */
/* See case.h. */
#include "case.h"
#include "../opinion/mdt.h"
#include "signaling/store/store.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct people p;
char id[ID_MAX];
char said[16384];
const char *case_complaint, *case_advice;
static char folder[64];

static void rename_all(void)
{
    static const char *const sql[] = {
        "UPDATE institution SET name = '云岭乡石板村卫生室' WHERE id = 'village'",
        "UPDATE institution SET name = '云岭县人民医院' WHERE id = 'county'",
        "UPDATE account SET name = '演示村医甲' WHERE id = '" VILLAGER "'",
        "UPDATE account SET name = '演示专家乙' WHERE id = '" EXPERT_1 "'",
        "UPDATE account SET name = '演示专家丙' WHERE id = '" EXPERT_2 "'",
        "UPDATE account SET name = '演示专家丁' WHERE id = '" EXPERT_3 "'",
        "UPDATE panel SET name = '心内科会诊组' WHERE id = '" PANEL "'",
    };
    for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++)
        cr_assert_eq(store_run(p.service.store, sql[i], NULL, 0), 1);
}

static void begin(void)
{
    setenv("LC_ALL", "C", 1);
    people_init(&p);
    rename_all();
    temporary_folder(folder, sizeof folder, "export");
    case_fonts("<dir>/usr/share/fonts/truetype/wqy</dir>");
}

static json_t *request(void)
{
    json_t *r = people_request();
    json_object_set_new(
        r, "complaint",
        json_string(case_complaint ? case_complaint : "胸闷、胸痛两小时，活动后加重，伴出汗"));
    json_object_set_new(r, "purpose", json_string("是否需要溶栓，是否立即转诊"));
    json_object_set_new(r, "history", json_string("高血压十年，规律服药；否认糖尿病"));
    json_object_set_new(r, "results",
                        json_string("心电图：II、III、aVF 导联 ST 段抬高 0.2 mV\n"
                                    "血压 152/94 mmHg，心率 88 次/分，SpO2 96 %"));
    json_object_set_new(r, "allergy", json_string("青霉素"));
    json_object_set_new(json_object_get(r, "patient"), "name", json_string("演示患者"));
    json_t *consent = json_object_get(r, "consent");
    json_object_set_new(consent, "signer", json_string("演示患者"));
    json_object_set_new(consent, "textVersion", json_string("2026-1"));
    json_object_set_new(consent, "language", json_string("zh-CN"));
    json_object_set_new(consent, "how", json_string("fingerprint"));
    json_object_set_new(consent, "witness", json_string("演示护士"));
    return r;
}

static json_t *opinion(void)
{
    return json_pack(
        "{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s}}", "consultationId", id, "opinion", "findings",
        "急性病容，皮肤湿冷；心电图下壁导联 ST 段抬高。", "diagnosis",
        "急性下壁 ST 段抬高型心肌梗死（Killip I 级）", "plan",
        "立即嚼服阿司匹林 300 mg，口服氯吡格雷 300 mg；评估溶栓禁忌。", "advice",
        case_advice ? case_advice : "绝对卧床，持续心电监护，备除颤仪。", "referral",
        "立即联系 120 转诊县人民医院胸痛中心，已通知导管室。", "limits",
        "画面质量降低时查看（seen at reduced quality）：网络较弱，口唇颜色不能准确判断。");
}

void case_up_unsigned(void)
{
    begin();
    cr_assert_eq(people_call(&p, EXPERT_1, "duty.set",
                             json_pack("{s:s, s:b}", "panelId", PANEL, "onDuty", 1)),
                 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.submit", request()), 0);
    snprintf(id, sizeof(id), "%s", people_result(&p, "id"));
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.accept", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.end", people_id(id)), 0);
}

void case_sign(void)
{
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", opinion()), 0);
    /* Rows as the dispatcher writes them; people_call stands below it. */
    cr_assert_eq(case_ctl("opinion print --db DB --keys KEYS CON @first.pdf"), CTL_OK, "%s", said);
}

void case_supersede(const char *advice, const char *reason)
{
    char former[ID_MAX];
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.get", json_pack("{s:s}", "consultationId", id)),
                 0);
    snprintf(former, sizeof(former), "%s",
             json_string_value(json_object_get(json_object_get(p.call.result, "opinion"), "id")));
    json_t *params = opinion();
    json_object_set_new(json_object_get(params, "opinion"), "advice", json_string(advice));
    json_object_set_new(params, "opinionId", json_string(former));
    json_object_set_new(params, "reason", json_string(reason));
    p.utc_us += 60 * TIME_US_PER_S;
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.supersede", params), 0, "%s",
                 p.call.message_en);
}

void case_up(void)
{
    case_up_unsigned();
    case_sign();
}

void case_up_mdt(void)
{
    char second[ID_MAX], third[ID_MAX];
    begin();
    mdt_init(&p, id);
    mdt_sign(&p, id, EXPERT_2, "主张立即手术，缩短缺血时间。", second);
    mdt_sign(&p, id, EXPERT_3, "主张保守观察四十八小时。", third);
    json_t *params = opinion();
    json_object_set_new(
        params, "dissent",
        json_pack("[{s:s, s:s}]", "author", EXPERT_2, "text", "仍认为应当立即手术"));
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.conclude", params), 0, "%s", p.call.message_en);
    p.utc_us += 60 * TIME_US_PER_S;
    cr_assert_eq(people_call(&p, EXPERT_3, "opinion.supersede",
                             json_pack("{s:s, s:s, s:s, s:{s:s}}", "consultationId", id,
                                       "opinionId", third, "reason", "复查结果已回", "opinion",
                                       "advice", "复查好转，继续观察。")),
                 0, "%s", p.call.message_en);
}

void case_down(void)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
    people_fini(&p);
}

void case_path(const char *name, char out[256])
{
    snprintf(out, 256, "%s/%s", folder, name);
}

int case_ctl(const char *line)
{
    char copy[512], paths[8][256];
    char *argv[40] = {(char *)"shanqiaoctl"};
    int argc = 1, used = 0;
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        if (word[0] == '@')
            case_path(word + 1, paths[used]);
        argv[argc++] = word[0] == '@'              ? paths[used++]
                       : strcmp(word, "DB") == 0   ? p.database
                       : strcmp(word, "KEYS") == 0 ? p.dir
                       : strcmp(word, "CON") == 0  ? id
                                                   : word;
    }
    FILE *in = fmemopen((void *)"\n", 1, "r");
    memset(said, 0, sizeof(said));
    FILE *out = fmemopen(said, sizeof(said), "w");
    int status = ctl_run(argc, argv, in, out, out, p.utc_us);
    fclose(in);
    fclose(out);
    return status;
}

struct export_bytes case_read(const char *name)
{
    char path[256];
    struct export_bytes b = {0};
    case_path(name, path);
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f, "%s", path);
    fseek(f, 0, SEEK_END);
    b.len_bytes = (size_t)ftell(f);
    rewind(f);
    b.data = malloc(b.len_bytes + 1);
    cr_assert_eq(fread(b.data, 1, b.len_bytes, f), b.len_bytes);
    b.data[b.len_bytes] = '\0';
    fclose(f);
    return b;
}

void case_write(const char *name, const void *data, size_t len_bytes)
{
    char path[256];
    case_path(name, path);
    FILE *f = fopen(path, "wb");
    cr_assert_not_null(f);
    cr_assert_eq(fwrite(data, 1, len_bytes, f), len_bytes);
    fclose(f);
}

void case_fonts(const char *configuration)
{
    char path[256], cache[256], all[1024];
    case_path("fonts.conf", path);
    case_path("cache", cache);
    snprintf(all, sizeof(all),
             "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig>"
             "<cachedir>%s</cachedir>%s</fontconfig>",
             cache, configuration);
    case_write("fonts.conf", all, strlen(all));
    setenv("FONTCONFIG_FILE", path, 1);
}
