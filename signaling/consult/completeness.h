/* SPDX-License-Identifier: Apache-2.0 */
/* The completeness gate: which fields a request of each kind has to carry before it is submitted
 * (DOMAIN: what an invitation carries). Pure, over one table. Knows field names only, not what is a
 * valid value (the schemas do) and nothing of JSON: the caller says which fields are filled in. */
#ifndef SIGNALING_CONSULT_COMPLETENESS_H
#define SIGNALING_CONSULT_COMPLETENESS_H

#include "signaling/consult/step.h"

/* A field counts as filled in when it is there and not empty (white space only is empty). */
enum consult_field {
    CONSULT_FIELD_PATIENT_NAME,
    CONSULT_FIELD_PATIENT_SEX,
    CONSULT_FIELD_PATIENT_AGE,
    CONSULT_FIELD_COMPLAINT, /* the reason for asking */
    CONSULT_FIELD_PURPOSE,
    CONSULT_FIELD_HISTORY, /* record summary */
    CONSULT_FIELD_RESULTS,
    CONSULT_FIELD_DIAGNOSIS,
    CONSULT_FIELD_TREATMENT, /* so far */
    CONSULT_FIELD_ALLERGY,
    CONSULT_FIELD_URGENCY,
    CONSULT_FIELD_PANEL, /* stands for the wanted specialty */
    CONSULT_FIELD_TITLE, /* the wanted rank of the specialist */
    CONSULT_FIELD_CANDIDATE_TIMES,
    CONSULT_FIELD_MATERIAL, /* at least one image, record or document */
    CONSULT_FIELD_CONSENT,  /* `share` of the patient or guardian */
    CONSULT_FIELD_COUNT
};

/* A set of fields: bit n is field n. */
static inline uint32_t consult_field_bit(enum consult_field field)
{
    return UINT32_C(1) << field;
}

/* Required fields of `kind` that are not in `filled`; 0: complete. Candidate times are also
 * required of a kind that has CONSULT_NEEDS_SCHEDULE in `needs`. */
uint32_t consult_missing(enum consult_kind kind, uint32_t needs, uint32_t filled);

/* Path in the request: "patient.name", "complaint". Static. */
const char *consult_field_name(enum consult_field field);
enum consult_field consult_field_parse(const char *name); /* CONSULT_FIELD_COUNT when unknown */
/* As a person reads it: "patient's name", "患者姓名". Static. */
const char *consult_field_en(enum consult_field field);
const char *consult_field_zh(enum consult_field field);

#define CONSULT_MISSING_MAX 512
/* "Fill in first: complaint, purpose." and "请先填写：主诉、会诊目的。" into buffers of
 * CONSULT_MISSING_MAX bytes; empty when `missing` is 0. Always fits. */
void consult_missing_text(uint32_t missing, char en[CONSULT_MISSING_MAX],
                          char zh[CONSULT_MISSING_MAX]);

#endif
