/* SPDX-License-Identifier: Apache-2.0 */
/* SCP-ECG, HL7 aECG and EDF through libbiosig. */
#include "inspect/readers.h"
#include <biosig.h>
#include <string.h>
#include <time.h>

#define HALF_SECOND ((gdf_time)((1ull << 32) / 86400 / 2)) /* gdf_time counts 2^-32 days */

static const struct {
    enum kind kind;
    enum FileFormat format;
} formats[] = {{KIND_SCP, SCP_ECG}, {KIND_AECG, HL7aECG}, {KIND_EDF, EDF}};

static bool is_as_told(const struct input *in, const HDRTYPE *h)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (formats[i].kind == in->kind)
            return formats[i].format == h->TYPE;
    }
    return false;
}

static void report_start(const HDRTYPE *h, struct report *r)
{
    struct tm tm;
    char text[24];
    memset(&tm, 0, sizeof tm);
    if (h->T0 > 0 && gdf_time2tm_time_r(h->T0 + HALF_SECOND, &tm) == 0 &&
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) > 0)
        report_text(r, "startedAt", text, 24);
}

static void report_header(const HDRTYPE *h, struct report *r)
{
    double samples = (double)h->SPR * (double)h->NRec;
    for (int i = 0; i < h->NS; i++) {
        char label[MAX_LENGTH_LABEL + 1];
        memcpy(label, h->CHANNEL[i].Label, sizeof label - 1);
        label[sizeof label - 1] = '\0';
        report_lead(r, label);
    }
    report_real(r, "sampleRateHz", h->SampleRate);
    report_int(r, "samples", (int64_t)samples);
    report_int(r, "durationMs", (int64_t)(samples * 1000 / h->SampleRate));
    report_start(h, r);
    report_identity(r, "patientName", h->Patient.Name, 256);
    report_identity(r, "patientId", h->Patient.Id, 64);
}

void read_ecg(const struct input *in, struct report *r)
{
    HDRTYPE *h = sopen(in->path, "r", NULL);
    if (!h || serror2(h))
        report_fail(r, "damaged", NULL);
    else if (!is_as_told(in, h))
        report_fail(r, "other_format", NULL);
    else if (h->NS < 1 || h->NS > REPORT_LEADS_MAX || !(h->SampleRate > 0) || h->NRec < 1 ||
             !h->CHANNEL)
        report_fail(r, "damaged", NULL);
    else
        report_header(h, r);
    if (h)
        destructHDR(h);
}
