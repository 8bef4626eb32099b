/* SPDX-License-Identifier: Apache-2.0 */
/* The sheet: institutions, patient, request, opinion, signature. Texts of people are taken as they
 * were written; what was not written is said to be so. */
#include "signaling/export/print.h"
#include "shanqiao/error.h"
#include "signaling/export/fingerprint.h"
#include "signaling/export/pdf.h"
#include "signaling/opinion/x509.h"
#include "signaling/service.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT_SIZE  1024
#define NOT_STATED "（未填写 not stated）"
#define CHINA_S    (8 * 3600) /* one time zone in the whole country, UTC+8 */

struct word {
    const char *code, *text;
};

static const struct word words[] = {
    {"live", "实时会诊 live"},
    {"routine", "常规 routine"},
    {"urgent", "紧急 urgent"},
    {"emergency", "急救 emergency"},
    {"guidance", "在线指导 guidance"},
    {"reading", "阅片读图 reading"},
    {"mdt", "多学科会诊 multi-disciplinary"},
    {"joint_clinic", "联合门诊 joint clinic"},
    {"male", "男 male"},
    {"female", "女 female"},
    {"unknown", "未知 unknown"},
    {"self", "本人 self"},
};

static const char *const levels[] = {"",          "村级 village", "乡镇级 township", "县级 county",
                                     "市级 city", "省级 province"};

struct field {
    const char *name, *zh, *en;
};

static const struct field request_fields[] = {
    {"complaint", "主诉", "Complaint"},
    {"purpose", "会诊目的", "Purpose"},
    {"history", "病史", "History"},
    {"results", "检查结果", "Results"},
    {"diagnosis", "初步诊断", "Diagnosis so far"},
    {"treatment", "已行治疗", "Treatment so far"},
    {"allergy", "过敏史", "Allergy"},
};

static const struct field opinion_fields[] = {
    {"findings", "所见", "Findings"}, {"diagnosis", "诊断意见", "Diagnosis"},
    {"plan", "诊疗方案", "Plan"},     {"advice", "建议", "Advice"},
    {"referral", "转诊", "Referral"}, {"limits", "局限说明", "Limits of this opinion"},
};

static const struct word reasons[] = {
    {"hash_mismatch", "内容与存证哈希不符 content does not match its hash"},
    {"signature_invalid", "签名无效 the signature is not over this content"},
    {"certificate_invalid", "证书无效 the certificate is not valid"},
    {"content_differs", "内容与本次会诊或申请不符 content is not of this case"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *word_of(const struct word *list, size_t count, const char *code)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].code, code) == 0)
            return list[i].text;
    return code;
}

static const char *text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static bool blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

static void text_row(struct pdf *p, const struct field *f, const json_t *object)
{
    const char *text = text_at(object, f->name);
    pdf_row(p, f->zh, f->en, blank(text) ? NOT_STATED : text);
}

static void time_text(time_us utc_us, char out[TEXT_SIZE])
{
    char utc[SERVICE_TIME_MAX], local[24];
    time_t seconds = (time_t)(utc_us / TIME_US_PER_S) + CHINA_S;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(local, sizeof(local), "%Y-%m-%d %H:%M:%S", &tm);
    snprintf(out, TEXT_SIZE, "%s 北京时间 (UTC+8)\n%s", local, service_time_text(utc_us, utc));
}

static void party_row(struct pdf *p, const char *zh, const char *en, const json_t *person)
{
    char text[TEXT_SIZE];
    const json_t *institution = json_object_get(person, "institution");
    json_int_t level = json_integer_value(json_object_get(institution, "level"));
    bool known = level > 0 && level < (json_int_t)COUNT(levels);
    snprintf(text, sizeof(text), "%s（%s）\n%s", text_at(institution, "name"),
             known ? levels[level] : "-", text_at(person, "name"));
    pdf_row(p, zh, en, text);
}

static void print_parties(struct pdf *p, const struct dossier *d)
{
    pdf_heading(p, "会诊机构", "Institutions");
    party_row(p, "邀请方", "Inviting institution", json_object_get(d->consultation, "applicant"));
    party_row(p, "受邀方", "Consulted institution", json_object_get(d->document, "author"));
    pdf_row(p, "会诊组", "Panel", text_at(json_object_get(d->consultation, "panel"), "name"));
}

static void print_patient(struct pdf *p, const struct dossier *d)
{
    const json_t *patient = json_object_get(d->record.request, "patient");
    const char *number = text_at(patient, "idNumber");
    char text[TEXT_SIZE];
    pdf_heading(p, "患者（按申请记录）", "Patient, as recorded in the request");
    snprintf(text, sizeof(text), "%s    %s    %lld 岁 years", text_at(patient, "name"),
             word_of(words, COUNT(words), text_at(patient, "sex")),
             (long long)json_integer_value(json_object_get(patient, "ageYears")));
    pdf_row(p, "姓名、性别、年龄", "Name, sex, age", text);
    pdf_row(p, "证件号码", "Identity number", blank(number) ? NOT_STATED : number);
}

static void print_request(struct pdf *p, const struct dossier *d)
{
    const json_t *consent = json_object_get(d->record.request, "consent");
    char text[TEXT_SIZE];
    pdf_heading(p, "会诊申请摘要", "Request");
    snprintf(text, sizeof(text), "%s   %s", word_of(words, COUNT(words), d->record.kind),
             word_of(words, COUNT(words), d->record.urgency));
    pdf_row(p, "类型与紧急程度", "Kind and urgency", text);
    time_text(d->record.step.at.submitted_utc_us, text);
    pdf_row(p, "申请时间", "Submitted", text);
    for (size_t i = 0; i < COUNT(request_fields); i++)
        text_row(p, &request_fields[i], d->record.request);
    if (!consent)
        return;
    snprintf(text, sizeof(text), "%s（%s）", text_at(consent, "signer"),
             word_of(words, COUNT(words), text_at(consent, "relation")));
    pdf_row(p, "知情同意签署人", "Consent given by", text);
}

static void print_opinion(struct pdf *p, const struct dossier *d)
{
    const json_t *opinion = json_object_get(d->document, "opinion");
    pdf_heading(p, "会诊意见", "Opinion");
    for (size_t i = 0; i < COUNT(opinion_fields); i++)
        text_row(p, &opinion_fields[i], opinion);
}

/* Sixteen digits to a group, so that two people can compare it aloud. */
static void grouped(const char *hex, char out[TEXT_SIZE])
{
    size_t at = 0;
    for (size_t i = 0; hex[i] && at + 3 < TEXT_SIZE; i++) {
        if (i > 0 && i % 16 == 0)
            out[at++] = i % 32 == 0 ? '\n' : ' ';
        out[at++] = hex[i];
    }
    out[at] = '\0';
}

static void print_certificate(struct pdf *p, const struct dossier *d)
{
    X509 *certificate = x509_from_pem(d->opinion.signature.certificate);
    X509 *ca = x509_from_pem(d->ca);
    char subject[SUBJECT_SIZE] = "", hex[FINGERPRINT_SIZE] = "", text[TEXT_SIZE];
    if (certificate) {
        subject_of(certificate, subject);
        fingerprint_of(certificate, hex);
    }
    pdf_row(p, "证书主体", "Certificate subject", subject[0] ? subject : NOT_STATED);
    grouped(hex, text);
    pdf_row(p, "证书指纹", "Its SHA-256 fingerprint", text);
    if (ca) {
        fingerprint_of(ca, hex);
        grouped(hex, text);
        pdf_row(p, "根证书指纹", "CA's SHA-256 fingerprint", text);
    }
    X509_free(certificate);
    X509_free(ca);
}

static void print_verdict(struct pdf *p, const struct dossier *d, time_us utc_us)
{
    char now[SERVICE_TIME_MAX], zh[TEXT_SIZE], en[TEXT_SIZE];
    service_time_text(utc_us, now);
    if (d->verdict.verified) {
        snprintf(zh, sizeof(zh),
                 "校验通过：签名有效，证书由本平台根证书签发，内容与本次申请一致。");
        snprintf(en, sizeof(en),
                 "Verified at %s: the signature is valid, the certificate was issued by this "
                 "installation's CA, the content answers this request.",
                 now);
    } else {
        snprintf(zh, sizeof(zh), "校验不通过，不得作为会诊意见使用：%s",
                 word_of(reasons, COUNT(reasons), d->verdict.reason));
        snprintf(en, sizeof(en), "NOT VERIFIED at %s (%s): do not use this sheet as an opinion.",
                 now, d->verdict.reason);
    }
    pdf_box(p, zh, en, !d->verdict.verified);
}

static void print_signature(struct pdf *p, const struct dossier *d, time_us utc_us)
{
    char hex[2 * OPINION_HASH_BYTES + 1], text[TEXT_SIZE];
    pdf_heading(p, "签署与校验", "Signature and its check");
    pdf_row(p, "签署人", "Signed by", text_at(json_object_get(d->document, "author"), "name"));
    time_text(d->opinion.signed_utc_us, text);
    pdf_row(p, "签署时间", "Signed at", text);
    pdf_row(p, "签名算法", "Algorithm", d->opinion.algorithm);
    print_certificate(p, d);
    sodium_bin2hex(hex, sizeof(hex), d->opinion.hash, sizeof(d->opinion.hash));
    grouped(hex, text);
    pdf_row(p, "意见原文哈希", "SHA-256 of the opinion", text);
    print_verdict(p, d, utc_us);
    pdf_box(p, "会诊专家提供咨询意见，诊疗决定由邀请机构作出并负责。",
            "The expert advises; the inviting institution decides and is responsible.", false);
}

static int pass(const struct dossier *d, time_us utc_us, int *pages, struct export_bytes *out,
                struct export_problem *problem)
{
    char foot[TEXT_SIZE], numbers[TEXT_SIZE];
    struct pdf *p = NULL;
    snprintf(foot, sizeof(foot), "会诊 %s   意见 %s", d->record.id, d->opinion.id);
    snprintf(numbers, sizeof(numbers), "%s\n%s", d->record.id, d->opinion.id);
    int status = pdf_new(&p, foot, *pages, problem);
    if (status < 0)
        return status;
    pdf_title(p, "远程会诊意见书", "Remote Consultation Opinion");
    if (!d->verdict.verified)
        print_verdict(p, d, utc_us);
    pdf_row(p, "会诊与意见编号", "Consultation, opinion", numbers);
    print_parties(p, d);
    print_patient(p, d);
    print_request(p, d);
    print_opinion(p, d);
    print_signature(p, d, utc_us);
    *pages = pdf_pages(p);
    status = pdf_finish(p, "远程会诊意见书 Remote Consultation Opinion", utc_us, out, problem);
    pdf_free(p);
    return status;
}

int print_dossier(const struct dossier *d, time_us utc_us, struct export_bytes *out,
                  struct export_problem *problem)
{
    struct export_bytes counted = {0};
    int pages = 0;
    int status = pass(d, utc_us, &pages, &counted, problem);
    free(counted.data);
    return status < 0 ? status : pass(d, utc_us, &pages, out, problem);
}

int export_print(struct service *s, const char *consultation, time_us utc_us,
                 struct export_bytes *out, struct export_problem *problem)
{
    struct dossier d;
    *out = (struct export_bytes){0};
    int status = dossier_load(s, consultation, &d, problem);
    if (status == 0)
        status = print_dossier(&d, utc_us, out, problem);
    dossier_clear(&d);
    return status;
}
