/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges: from the lowest and highest that were survived to what devices can show; they catch slips
 * (380 for 38.0), not illness. */
#include "signaling/materials/vitals.h"

#include <string.h>

static const struct vital vitals[] = {
    {"heart_rate", "/min", 0, 350},
    {"respiratory_rate", "/min", 0, 120},
    {"systolic", "mm[Hg]", 0, 370},
    {"diastolic", "mm[Hg]", 0, 360},
    {"spo2", "%", 0, 100},
    {"temperature", "Cel", 10, 47},
    {"glucose", "mmol/L", 0, 150},
    {"weight", "kg", 0.2, 650},
    {"height", "cm", 20, 280},
    {"pain", "{score}", 0, 10},
    {"coma_scale", "{score}", 3, 15},
};
#define VITAL_COUNT (sizeof vitals / sizeof vitals[0])

const struct vital *vitals_check(const json_t *values, bool *twice)
{
    unsigned seen = 0;
    size_t i;
    const json_t *value;
    *twice = false;
    json_array_foreach(values, i, value)
    {
        const char *code = json_string_value(json_object_get(value, "code"));
        const char *unit = json_string_value(json_object_get(value, "unit"));
        double number = json_number_value(json_object_get(value, "value"));
        size_t k = 0;
        while (k < VITAL_COUNT && strcmp(vitals[k].code, code ? code : "") != 0)
            k++;
        if (k == VITAL_COUNT) /* the schema has let nothing else through */
            return &vitals[0];
        *twice = seen & 1u << k;
        if (*twice || !unit || strcmp(vitals[k].unit, unit) != 0 || number < vitals[k].least ||
            number > vitals[k].most)
            return &vitals[k];
        seen |= 1u << k;
    }
    return NULL;
}
