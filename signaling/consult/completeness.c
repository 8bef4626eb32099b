/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the completeness gate. */
#include "signaling/consult/completeness.h"
#include "base/check.h"
#include <stdio.h>
#include <string.h>

#define F(field)  (UINT32_C(1) << CONSULT_FIELD_##field)
#define PATIENT   (F(PATIENT_NAME) | F(PATIENT_SEX) | F(PATIENT_AGE))
#define QUESTION  (F(COMPLAINT) | F(PURPOSE))
#define ADDRESSED (F(URGENCY) | F(PANEL))
#define RECORD                                                                                     \
    (F(HISTORY) | F(RESULTS) | F(DIAGNOSIS) | F(TREATMENT) | F(ALLERGY)) /* of the case so far */

/* What nobody can answer the request without. A village doctor asks for a call with few fields, an
 * emergency with one tap; what takes many people's time needs the whole record. */
static const uint32_t required[CONSULT_KIND_COUNT] = {
    [CONSULT_LIVE] = PATIENT | QUESTION | ADDRESSED | F(CONSENT),
    [CONSULT_EMERGENCY] = F(PANEL),
    [CONSULT_GUIDANCE] = F(COMPLAINT) | ADDRESSED | F(CONSENT),
    [CONSULT_READING] = PATIENT | QUESTION | ADDRESSED | F(MATERIAL) | F(CONSENT),
    [CONSULT_MDT] = PATIENT | QUESTION | RECORD | ADDRESSED | F(CANDIDATE_TIMES) | F(CONSENT),
    [CONSULT_JOINT_CLINIC] =
        PATIENT | QUESTION | F(HISTORY) | F(ALLERGY) | ADDRESSED | F(CANDIDATE_TIMES) | F(CONSENT),
};

static const struct field {
    const char *name, *en, *zh;
} fields[CONSULT_FIELD_COUNT] = {
    [CONSULT_FIELD_PATIENT_NAME] = {"patient.name", "patient's name", "患者姓名"},
    [CONSULT_FIELD_PATIENT_SEX] = {"patient.sex", "patient's sex", "患者性别"},
    [CONSULT_FIELD_PATIENT_AGE] = {"patient.ageYears", "patient's age", "患者年龄"},
    [CONSULT_FIELD_COMPLAINT] = {"complaint", "complaint", "主诉"},
    [CONSULT_FIELD_PURPOSE] = {"purpose", "purpose", "会诊目的"},
    [CONSULT_FIELD_HISTORY] = {"history", "history", "病史摘要"},
    [CONSULT_FIELD_RESULTS] = {"results", "test results", "检查检验结果"},
    [CONSULT_FIELD_DIAGNOSIS] = {"diagnosis", "diagnosis", "诊断"},
    [CONSULT_FIELD_TREATMENT] = {"treatment", "treatment so far", "已行治疗"},
    [CONSULT_FIELD_ALLERGY] = {"allergy", "allergies", "过敏史"},
    [CONSULT_FIELD_URGENCY] = {"urgency", "urgency", "紧急程度"},
    [CONSULT_FIELD_PANEL] = {"panelId", "panel", "专家组"},
    [CONSULT_FIELD_TITLE] = {"wantedTitle", "wanted title", "所需专家职称"},
    [CONSULT_FIELD_CANDIDATE_TIMES] = {"candidateTimes", "candidate times", "备选时间"},
    [CONSULT_FIELD_MATERIAL] = {"materials", "at least one material", "至少一份资料"},
    [CONSULT_FIELD_CONSENT] = {"consent.share", "consent of the patient or guardian",
                               "患者或监护人知情同意"},
};

uint32_t consult_missing(enum consult_kind kind, uint32_t needs, uint32_t filled)
{
    CHECK((unsigned)kind < CONSULT_KIND_COUNT);
    uint32_t wanted = required[kind];
    if (needs & CONSULT_NEEDS_SCHEDULE && kind != CONSULT_EMERGENCY)
        wanted |= F(CANDIDATE_TIMES);
    return wanted & ~filled;
}

const char *consult_field_name(enum consult_field field)
{
    CHECK((unsigned)field < CONSULT_FIELD_COUNT);
    return fields[field].name;
}

enum consult_field consult_field_parse(const char *name)
{
    unsigned i = 0;
    while (i < CONSULT_FIELD_COUNT && (!name || strcmp(fields[i].name, name) != 0))
        i++;
    return (enum consult_field)i;
}

const char *consult_field_en(enum consult_field field)
{
    CHECK((unsigned)field < CONSULT_FIELD_COUNT);
    return fields[field].en;
}

const char *consult_field_zh(enum consult_field field)
{
    CHECK((unsigned)field < CONSULT_FIELD_COUNT);
    return fields[field].zh;
}

static void append(char out[CONSULT_MISSING_MAX], const char *text)
{
    size_t len = strlen(out);
    int written = snprintf(out + len, CONSULT_MISSING_MAX - len, "%s", text);
    CHECK((size_t)written < CONSULT_MISSING_MAX - len);
}

void consult_missing_text(uint32_t missing, char en[CONSULT_MISSING_MAX],
                          char zh[CONSULT_MISSING_MAX])
{
    bool first = true;
    en[0] = zh[0] = '\0';
    for (int i = 0; i < CONSULT_FIELD_COUNT; i++) {
        if (!(missing & UINT32_C(1) << i))
            continue;
        append(en, first ? "Fill in first: " : ", ");
        append(zh, first ? "请先填写：" : "、");
        append(en, fields[i].en);
        append(zh, fields[i].zh);
        first = false;
    }
    if (first)
        return;
    append(en, ".");
    append(zh, "。");
}
