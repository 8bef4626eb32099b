/* SPDX-License-Identifier: Apache-2.0 */
/* The opinion on paper: its texts, those of an MDT's members, versions, signature. */
#include "signaling/export/fingerprint.h"
#include "signaling/export/sheet.h"
#include "signaling/export/trust.h"
#include "signaling/export/words.h"
#include "signaling/service.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define HEX_SIZE (2 * OPINION_HASH_BYTES + 1)

static const struct {
    const char *name, *zh, *en;
} fields[] = {
    {"findings", "所见", "Findings"}, {"diagnosis", "诊断意见", "Diagnosis"},
    {"plan", "诊疗方案", "Plan"},     {"advice", "建议", "Advice"},
    {"referral", "转诊", "Referral"}, {"limits", "局限说明", "Limits of this opinion"},
};

/* ---- texts ---- */

static void print_codes(const struct sheet *s, const json_t *codes)
{
    char text[SHEET_TEXT_SIZE] = "";
    size_t len = 0, i = 0;
    const json_t *code = NULL;
    json_array_foreach(codes, i, code)
    {
        int more = snprintf(text + len, sizeof(text) - len, "%s%s %s %s", i ? "\n" : "",
                            sheet_text(code, "system"), sheet_text(code, "code"),
                            sheet_text(code, "name"));
        if (more > 0 && (size_t)more < sizeof(text) - len)
            len += (size_t)more;
    }
    if (len)
        pdf_row(s->pdf, "诊断编码", "Diagnosis codes", text);
}

/* Only what the author stated. */
static void print_structured(const struct sheet *s, const json_t *opinion)
{
    const json_t *reduced = json_object_get(opinion, "reducedQuality");
    const json_t *days = json_object_get(opinion, "followUpDays");
    const char *critical = sheet_text(opinion, "criticalReported");
    char text[64];
    if (reduced)
        pdf_row(s->pdf, "画面声音质量", "Quality seen",
                json_is_true(reduced) ? "在降低的画面或声音质量下查看 seen at reduced quality"
                                      : "质量满足判断需要 quality was sufficient");
    if (days) {
        snprintf(text, sizeof(text), "%lld 天后反馈结果 outcome asked for after %lld days",
                 (long long)json_integer_value(days), (long long)json_integer_value(days));
        pdf_row(s->pdf, "随访", "Follow-up", json_integer_value(days) ? text : "不需要 none");
    }
    if (critical[0])
        pdf_row(s->pdf, "危急值报告", "Critical value", critical);
}

static void print_texts(const struct sheet *s, const json_t *opinion)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char *text = sheet_text(opinion, fields[i].name);
        pdf_row(s->pdf, fields[i].zh, fields[i].en, sheet_blank(text) ? SHEET_NOT_STATED : text);
        if (strcmp(fields[i].name, "diagnosis") == 0)
            print_codes(s, json_object_get(opinion, "diagnosisCodes"));
    }
    print_structured(s, opinion);
}

/* ---- signature ---- */

void sheet_grouped(const char *hex, char out[SHEET_TEXT_SIZE])
{
    size_t at = 0;
    for (size_t i = 0; hex[i] && at + 3 < SHEET_TEXT_SIZE; i++) {
        if (i > 0 && i % 16 == 0)
            out[at++] = i % 32 == 0 ? '\n' : ' ';
        out[at++] = hex[i];
    }
    out[at] = '\0';
}

static void print_ca(const struct sheet *s, X509 *certificate, time_us signed_utc_us)
{
    struct trust trust = {0};
    char hex[FINGERPRINT_SIZE], text[SHEET_TEXT_SIZE];
    X509 *ca = trust_read(&trust, s->dossier->ca) == 0
                   ? trust_issuer(&trust, certificate, signed_utc_us)
                   : NULL;
    if (ca) {
        fingerprint_of(ca, hex);
        sheet_grouped(hex, text);
        pdf_row(s->pdf, "根证书指纹", "CA's SHA-256 fingerprint", text);
    }
    trust_clear(&trust);
}

static void print_certificate(const struct sheet *s, const struct opinion_record *o, bool with_ca)
{
    X509 *certificate = x509_from_pem(o->signature.certificate);
    char subject[SUBJECT_SIZE] = "", hex[FINGERPRINT_SIZE] = "", text[SHEET_TEXT_SIZE];
    if (certificate) {
        subject_of(certificate, subject);
        fingerprint_of(certificate, hex);
    }
    pdf_row(s->pdf, "证书主体", "Certificate subject", subject[0] ? subject : SHEET_NOT_STATED);
    sheet_grouped(hex, text);
    pdf_row(s->pdf, "证书指纹", "Its SHA-256 fingerprint", text);
    if (certificate && with_ca)
        print_ca(s, certificate, o->signed_utc_us);
    X509_free(certificate);
}

static void print_signed(const struct sheet *s, const struct opinion_record *o,
                         const json_t *document, bool with_ca)
{
    char hex[HEX_SIZE], text[SHEET_TEXT_SIZE];
    pdf_row(s->pdf, "签署人", "Signed by", sheet_text(json_object_get(document, "author"), "name"));
    sheet_time(o->signed_utc_us, text);
    size_t len = strlen(text);
    snprintf(text + len, sizeof(text) - len,
             "\n平台服务器时钟，非时间戳机构 server's clock, no time stamp authority");
    pdf_row(s->pdf, "签署时间", "Signed at", text);
    pdf_row(s->pdf, "签名算法", "Algorithm", o->algorithm);
    print_certificate(s, o, with_ca);
    sodium_bin2hex(hex, sizeof(hex), o->hash, sizeof(o->hash));
    sheet_grouped(hex, text);
    pdf_row(s->pdf, "意见原文哈希", "SHA-256 of the opinion", text);
}

void sheet_verdict(const struct sheet *s, const struct opinion_record *o)
{
    const struct opinion_verdict *v = dossier_verdict(s->dossier, o);
    char now[SERVICE_TIME_MAX], zh[SHEET_TEXT_SIZE], en[SHEET_TEXT_SIZE];
    service_time_text(s->utc_us, now);
    if (v->verified) {
        snprintf(zh, sizeof(zh),
                 "校验通过：签名有效，证书由本平台根证书签发，内容与本次申请一致。");
        snprintf(en, sizeof(en),
                 "Verified at %s: the signature is valid, the certificate was issued by this "
                 "installation's CA, the content answers this request.",
                 now);
    } else {
        snprintf(zh, sizeof(zh), "校验不通过，不得作为会诊意见使用：%s",
                 words_of_verdict(v->reason));
        snprintf(en, sizeof(en), "NOT VERIFIED at %s (%s): do not use this sheet as an opinion.",
                 now, v->reason);
    }
    pdf_box(s->pdf, zh, en, !v->verified);
}

void sheet_signature(const struct sheet *s)
{
    const struct opinion_record *o = s->dossier->shown;
    pdf_heading(s->pdf, "签署与校验", "Signature and its check");
    print_signed(s, o, s->document, true);
    pdf_row(s->pdf, "核验方法", "How to check",
            "向签发平台索取本次会诊的证据包，运行 shanqiaoctl verify --ca 根证书 证据包；"
            "根证书指纹以平台公布的为准。\n"
            "Ask the issuer for the evidence package of this consultation and run shanqiaoctl "
            "verify --ca CA.pem PACKAGE.zip; compare the CA's fingerprint with the published one.");
    sheet_verdict(s, o);
    pdf_box(s->pdf, "会诊专家提供咨询意见，诊疗决定由邀请机构作出并负责。",
            "The expert advises; the inviting institution decides and is responsible.", false);
}

/* ---- an MDT's members ---- */

static void print_member(const struct sheet *s, const json_t *member, size_t number)
{
    const char *id = sheet_text(member, "id"), *dissent = sheet_text(member, "dissent");
    char text[SHEET_TEXT_SIZE], label[32];
    snprintf(label, sizeof(label), "专家 %zu", number);
    sheet_person(json_object_get(member, "author"), text);
    size_t len = strlen(text);
    snprintf(text + len, sizeof(text) - len, "\n意见 opinion %s，第 %lld 版 version，%s%s", id,
             (long long)json_integer_value(json_object_get(member, "version")),
             dissent[0] ? "不同意见 dissents：" : "同意结论 agrees", dissent);
    pdf_row(s->pdf, label, "Expert", text);
}

static void print_excused(const struct sheet *s, const json_t *excused)
{
    char text[SHEET_TEXT_SIZE];
    sheet_person(json_object_get(excused, "author"), text);
    size_t len = strlen(text);
    snprintf(text + len, sizeof(text) - len, "\n%s", sheet_text(excused, "reason"));
    pdf_row(s->pdf, "免予签署", "Excused", text);
}

static void print_members(const struct sheet *s)
{
    const json_t *one = NULL;
    size_t i = 0;
    pdf_heading(s->pdf, "参加专家", "Experts who took part");
    json_array_foreach(json_object_get(s->document, "members"), i, one)
    {
        print_member(s, one, i + 1);
    }
    json_array_foreach(json_object_get(s->document, "excused"), i, one)
    {
        print_excused(s, one);
    }
}

static void print_member_opinion(const struct sheet *s, const json_t *member, size_t number)
{
    const struct opinion_record *o =
        opinion_list_by_id(&s->dossier->opinions, sheet_text(member, "id"));
    json_t *document = o && o->canonical ? json_loads(o->canonical, 0, NULL) : NULL;
    const struct opinion_record *after =
        o ? opinion_list_successor(&s->dossier->opinions, o) : NULL;
    char title[SHEET_TEXT_SIZE], text[SHEET_TEXT_SIZE];
    if (!document)
        return;
    snprintf(title, sizeof(title), "专家意见 %zu：%s", number,
             sheet_text(json_object_get(document, "author"), "name"));
    pdf_heading(s->pdf, title, "Opinion of one expert");
    if (after) {
        snprintf(text, sizeof(text), "结论签署后，本意见已有新版本 %s。", after->id);
        pdf_box(s->pdf, text, "Replaced by a later version after the conclusion was signed.", true);
    }
    print_texts(s, json_object_get(document, "opinion"));
    print_signed(s, o, document, false);
    sheet_verdict(s, o);
    json_decref(document);
}

void sheet_opinion(const struct sheet *s)
{
    bool conclusion = s->dossier->shown->kind == OPINION_CONCLUSION;
    const json_t *member = NULL;
    size_t i = 0;
    pdf_heading(s->pdf, conclusion ? "会诊结论" : "会诊意见",
                conclusion ? "Conclusion of the chair" : "Opinion");
    print_texts(s, json_object_get(s->document, "opinion"));
    if (!conclusion)
        return;
    print_members(s);
    json_array_foreach(json_object_get(s->document, "members"), i, member)
    {
        print_member_opinion(s, member, i + 1);
    }
}

/* ---- versions ---- */

static void reason_of(const struct opinion_record *o, char out[SHEET_TEXT_SIZE])
{
    json_t *document = json_loads(o->canonical, 0, NULL);
    snprintf(out, SHEET_TEXT_SIZE, "%s",
             sheet_text(json_object_get(document, "supersedes"), "reason"));
    json_decref(document);
}

void sheet_superseded(const struct sheet *s)
{
    const struct opinion_record *o =
        opinion_list_successor(&s->dossier->opinions, s->dossier->shown);
    char zh[2 * SHEET_TEXT_SIZE], en[256], reason[SHEET_TEXT_SIZE], at[SERVICE_TIME_MAX],
        clock[SHEET_CLOCK_SIZE];
    if (!o)
        return;
    reason_of(o, reason);
    service_time_text(o->signed_utc_us, at);
    snprintf(zh, sizeof(zh), "已作废：本版本已被第 %lld 版 %s 替代（%s）。原因：%s",
             (long long)o->version, o->id, sheet_clock(at, clock), reason);
    snprintf(en, sizeof(en),
             "SUPERSEDED by version %lld, %s, signed at %s. Do not act on this version.",
             (long long)o->version, o->id, at);
    pdf_box(s->pdf, zh, en, true);
}

static void print_version(const struct sheet *s, const struct opinion_record *o)
{
    char label[48], text[2 * SHEET_TEXT_SIZE], reason[SHEET_TEXT_SIZE], hex[HEX_SIZE],
        at[SERVICE_TIME_MAX], clock[SHEET_CLOCK_SIZE];
    bool shown = o == s->dossier->shown;
    reason_of(o, reason);
    sodium_bin2hex(hex, sizeof(hex), o->hash, sizeof(o->hash));
    snprintf(label, sizeof(label), "第 %lld 版%s", (long long)o->version, shown ? "（本页）" : "");
    snprintf(text, sizeof(text), "%s   %s\nSHA-256 %.32s…%s%s", o->id,
             sheet_clock(service_time_text(o->signed_utc_us, at), clock), hex,
             reason[0] ? "\n修改原因 reason：" : "", reason);
    pdf_row(s->pdf, label, shown ? "this version" : "", text);
}

void sheet_versions(const struct sheet *s)
{
    const struct opinion_list *l = &s->dossier->opinions;
    const struct opinion_record *shown = s->dossier->shown;
    if (!shown->supersedes[0] && !opinion_list_successor(l, shown))
        return;
    pdf_heading(s->pdf, "历次版本", "Versions; former ones stay readable and verifiable");
    for (size_t i = 0; i < l->count; i++) {
        const struct opinion_record *o = &l->items[i];
        if (o->signed_utc_us && o->kind == shown->kind && strcmp(o->author, shown->author) == 0)
            print_version(s, o);
    }
}
