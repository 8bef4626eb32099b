/* SPDX-License-Identifier: Apache-2.0 */
/* The case on paper: institutions, patient, request, consent. Texts of people are taken as they
 * were written; what was not written is said to be so. */
#include "signaling/consent/consent.h"
#include "signaling/export/sheet.h"
#include "signaling/export/words.h"
#include "signaling/service.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CHINA_S (8 * 3600) /* one time zone in the whole country, UTC+8 */

static const struct {
    const char *name, *zh, *en;
} request_fields[] = {
    {"complaint", "主诉", "Complaint"},
    {"purpose", "会诊目的", "Purpose"},
    {"history", "病史", "History"},
    {"results", "检查结果", "Results"},
    {"diagnosis", "初步诊断", "Diagnosis so far"},
    {"treatment", "已行治疗", "Treatment so far"},
    {"allergy", "过敏史", "Allergy"},
};

const char *sheet_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

bool sheet_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

static void china_time(time_us utc_us, char out[SHEET_CLOCK_SIZE])
{
    time_t seconds = (time_t)(utc_us / TIME_US_PER_S) + CHINA_S;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(out, SHEET_CLOCK_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
}

void sheet_time(time_us utc_us, char out[SHEET_TEXT_SIZE])
{
    char utc[SERVICE_TIME_MAX], local[SHEET_CLOCK_SIZE];
    china_time(utc_us, local);
    snprintf(out, SHEET_TEXT_SIZE, "%s 北京时间 (UTC+8)\n%s", local,
             service_time_text(utc_us, utc));
}

const char *sheet_clock(const char *rfc3339, char out[SHEET_CLOCK_SIZE])
{
    char local[SHEET_CLOCK_SIZE];
    time_us utc_us = 0;
    if (!service_time_parse(rfc3339, &utc_us))
        return rfc3339;
    china_time(utc_us, local);
    snprintf(out, SHEET_CLOCK_SIZE, "%.19s (UTC+8)", local);
    return out;
}

void sheet_person(const json_t *person, char out[SHEET_TEXT_SIZE])
{
    const json_t *institution = json_object_get(person, "institution");
    int level = (int)json_integer_value(json_object_get(institution, "level"));
    snprintf(out, SHEET_TEXT_SIZE, "%s（%s）\n%s", sheet_text(institution, "name"),
             words_of_level(level), sheet_text(person, "name"));
}

static void print_parties(const struct sheet *s)
{
    const json_t *consultation = s->dossier->consultation;
    char text[SHEET_TEXT_SIZE];
    pdf_heading(s->pdf, "会诊机构", "Institutions");
    sheet_person(json_object_get(consultation, "applicant"), text);
    pdf_row(s->pdf, "邀请方", "Inviting institution", text);
    sheet_person(json_object_get(s->document, "author"), text);
    pdf_row(s->pdf, "受邀方", "Consulted institution", text);
    pdf_row(s->pdf, "会诊组", "Panel", sheet_text(json_object_get(consultation, "panel"), "name"));
}

static void print_patient(const struct sheet *s)
{
    const json_t *patient = json_object_get(s->dossier->record.request, "patient");
    const json_t *age = json_object_get(patient, "ageYears");
    const char *number = sheet_text(patient, "idNumber");
    char text[SHEET_TEXT_SIZE], years[48] = "";
    pdf_heading(s->pdf, "患者（按申请记录）", "Patient, as recorded in the request");
    if (age)
        snprintf(years, sizeof(years), "%lld 岁 years", (long long)json_integer_value(age));
    snprintf(text, sizeof(text), "%s    %s    %s", sheet_text(patient, "name"),
             words_of_case(sheet_text(patient, "sex")), years);
    pdf_row(s->pdf, "姓名、性别、年龄", "Name, sex, age",
            sheet_blank(text) ? SHEET_NOT_STATED : text);
    pdf_row(s->pdf, "证件号码", "Identity number", sheet_blank(number) ? SHEET_NOT_STATED : number);
}

static void print_request(const struct sheet *s)
{
    const struct consult *c = &s->dossier->record.step;
    char text[SHEET_TEXT_SIZE];
    pdf_heading(s->pdf, "会诊申请摘要", "Request");
    snprintf(text, sizeof(text), "%s   %s", words_of_case(consult_kind_name(c->kind)),
             words_of_case(consult_urgency_name(c->urgency)));
    pdf_row(s->pdf, "类型与紧急程度", "Kind and urgency", text);
    sheet_time(c->at.submitted_utc_us, text);
    pdf_row(s->pdf, "申请时间", "Submitted", text);
    for (size_t i = 0; i < sizeof(request_fields) / sizeof(request_fields[0]); i++) {
        const char *said = sheet_text(s->dossier->record.request, request_fields[i].name);
        pdf_row(s->pdf, request_fields[i].zh, request_fields[i].en,
                sheet_blank(said) ? SHEET_NOT_STATED : said);
    }
}

void sheet_case(const struct sheet *s)
{
    print_parties(s);
    print_patient(s);
    print_request(s);
}

/* ---- consent ---- */

static const char *const purposes[CONSENT_PURPOSES + 1][2] = {
    [CONSENT_CARE] = {"远程会诊", "Consultation"},
    [CONSENT_SHARE] = {"共享病历资料", "Sharing of records"},
    [CONSENT_RECORDING] = {"录音录像", "Recording"},
    [CONSENT_TEACHING] = {"教学观摩", "Teaching"},
    [CONSENT_PURPOSES] = {"其他", "Other"},
};

struct line {
    char text[SHEET_TEXT_SIZE];
    size_t len;
};

static void __attribute__((format(printf, 2, 3))) add(struct line *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(l->text + l->len, sizeof(l->text) - l->len, format, args);
    va_end(args);
    if (len > 0)
        l->len +=
            (size_t)len < sizeof(l->text) - l->len ? (size_t)len : sizeof(l->text) - l->len - 1;
}

static void add_withdrawal(struct line *l, const json_t *withdrawn, bool refused)
{
    const json_t *by = json_object_get(withdrawn, "by");
    char at[SHEET_CLOCK_SIZE];
    add(l, "\n%s %s：%s（%s），%s", sheet_clock(sheet_text(withdrawn, "at"), at),
        refused ? "拒绝 refused" : "撤回 withdrawn", sheet_text(by, "name"),
        words_of_consent(sheet_text(by, "relation")), sheet_text(withdrawn, "reason"));
}

static void print_consent(const struct sheet *s, const json_t *consent)
{
    struct line l = {.len = 0};
    const json_t *signer = json_object_get(consent, "signer");
    const json_t *text = json_object_get(consent, "text");
    const json_t *withdrawn = json_object_get(consent, "withdrawn");
    const char *how = sheet_text(consent, "how"), *witness = sheet_text(consent, "witness");
    const char *late = sheet_text(consent, "lateReason");
    bool refused = json_is_true(json_object_get(consent, "refused"));
    char at[SHEET_CLOCK_SIZE];
    enum consent_purpose purpose = consent_purpose_parse(sheet_text(consent, "purpose"));
    if (!refused) {
        add(&l, "%s 同意 given：%s（%s）", sheet_clock(sheet_text(consent, "givenAt"), at),
            sheet_text(signer, "name"), words_of_consent(sheet_text(signer, "relation")));
        if (how[0])
            add(&l, "，%s", words_of_consent(how));
        if (witness[0])
            add(&l, "，见证人 witness %s", witness);
        if (text)
            add(&l, "\n文本 text %s %s，SHA-256 %.16s…", sheet_text(text, "version"),
                sheet_text(text, "language"), sheet_text(text, "sha256"));
        else
            add(&l, "\n未记录所出示的文本 which text was shown is not recorded");
        if (late[0])
            add(&l, "\n补签原因 late because：%s", late);
    }
    if (withdrawn)
        add_withdrawal(&l, withdrawn, refused);
    pdf_row(s->pdf, purposes[purpose][0], purposes[purpose][1], l.text + (l.text[0] == '\n'));
}

/* Consultations of before consents were kept one by one. */
static void print_requests_consent(const struct sheet *s)
{
    const json_t *consent = json_object_get(s->dossier->record.request, "consent");
    char text[SHEET_TEXT_SIZE];
    snprintf(text, sizeof(text), "%s（%s）", sheet_text(consent, "signer"),
             words_of_consent(sheet_text(consent, "relation")));
    pdf_row(s->pdf, "签署人", "Given by", consent ? text : SHEET_NOT_STATED);
}

void sheet_consent(const struct sheet *s)
{
    const json_t *consent = NULL;
    size_t i = 0;
    pdf_heading(s->pdf, "知情同意", "Consent");
    if (json_array_size(s->dossier->consents) == 0)
        print_requests_consent(s);
    json_array_foreach(s->dossier->consents, i, consent)
    {
        print_consent(s, consent);
    }
}
