/* SPDX-License-Identifier: Apache-2.0 */
/* Steps and texts. What is submitted is as long as what a doctor writes. */
#include "loadtest/signaling/flow.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define TAG_PREFIX "胸闷两小时，活动后加重 #"

static const struct flow_step consultation[FLOW_STEPS_MAX] = {
    {"consultation.submit", false, FLOW_SUBMIT},
    {"consultation.accept", true, FLOW_BY_ID},
    {"consultation.enter", false, FLOW_BY_ID},
    {"consultation.enter", true, FLOW_BY_ID},
    {"consultation.end", true, FLOW_BY_ID},
    {"opinion.save", true, FLOW_OPINION},
    {"opinion.sign", true, FLOW_SIGN},
    {"consultation.acknowledge", false, FLOW_BY_ID},
    {"consultation.outcome", false, FLOW_OUTCOME},
    {"consultation.archive", false, FLOW_BY_ID},
};
static const struct flow_step ring[] = {
    {"consultation.submit", false, FLOW_SUBMIT},
    {"consultation.refuse", true, FLOW_REASON},
};

const struct flow_step *flow_steps(enum flow_kind kind, size_t *count)
{
    *count = kind == FLOW_RING ? sizeof ring / sizeof ring[0] : FLOW_STEPS_MAX;
    return kind == FLOW_RING ? ring : consultation;
}

bool flow_parse(enum flow_kind *out, const char *name)
{
    bool is_ring = strcmp(name, "ring") == 0;
    *out = is_ring ? FLOW_RING : FLOW_CONSULTATION;
    return is_ring || strcmp(name, "consultation") == 0;
}

static json_t *submit_params(const struct flow_request *r)
{
    char complaint[80];
    snprintf(complaint, sizeof complaint, TAG_PREFIX "%" PRIu64, r->tag);
    return json_pack(
        "{s:s, s:s, s:s, s:{s:s, s:s, s:i}, s:s, s:s, s:s, s:s, s:{s:b, s:s, s:s}}", "kind", "live",
        "panelId", r->panel, "urgency", "urgent", "patient", "name", "压力测试", "sex", "male",
        "ageYears", 62, "complaint", complaint, "purpose", "请协助判断是否需要立即转诊", "history",
        "高血压十年，规律服药；两年前因胸痛住院，冠脉造影示前降支狭窄百分之四十，出院后"
        "服用阿司匹林与他汀，近一月血压控制在一百四十上下。",
        "allergy", "青霉素", "consent", "share", 1, "signer", "压力测试", "relation", "self");
}

static json_t *opinion_params(const struct flow_request *r)
{
    return json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s}}", "consultationId", r->consultation,
                     "opinion", "findings", "血压一百五十八，心率九十二，心电图ST段未见抬高。",
                     "diagnosis", "不稳定型心绞痛待排。", "plan", "舌下含服硝酸甘油，复查心电图。",
                     "advice", "卧床，监测血压与心率，每十五分钟一次。", "referral",
                     "两小时内转县医院。", "limits", "未见肌钙蛋白结果。");
}

static json_t *params_of(const struct flow_request *r)
{
    switch (r->step->params) {
    case FLOW_SUBMIT:
        return submit_params(r);
    case FLOW_REASON:
        return json_pack("{s:s, s:s}", "id", r->consultation, "reason", "正在手术");
    case FLOW_OPINION:
        return opinion_params(r);
    case FLOW_SIGN:
        return json_pack("{s:s}", "consultationId", r->consultation);
    case FLOW_OUTCOME:
        return json_pack("{s:s, s:s, s:s, s:b}", "id", r->consultation, "outcome",
                         "当日转县医院，五天后好转出院。", "concordance", "agrees",
                         "avoidedTransfer", 0);
    default:
        return json_pack("{s:s}", "id", r->consultation);
    }
}

char *flow_text(const struct flow_request *r)
{
    json_t *params = params_of(r);
    json_t *root = params ? json_pack("{s:s, s:s, s:s, s:o}", "jsonrpc", "2.0", "id", r->request_id,
                                      "method", r->step->method, "params", params)
                          : NULL;
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

bool flow_tag(const char *complaint, uint64_t *tag)
{
    size_t prefix = sizeof TAG_PREFIX - 1;
    char end;
    return strncmp(complaint, TAG_PREFIX, prefix) == 0 && complaint[prefix] >= '0' &&
           complaint[prefix] <= '9' && sscanf(complaint + prefix, "%" SCNu64 "%c", tag, &end) == 1;
}
