/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups among the texts, and the pure part of purposes. */
#include "signaling/consent/text.h"
#include "signaling/consent/consent.h"
#include <sodium.h>
#include <string.h>

static const char *const purposes[CONSENT_PURPOSES] = {[CONSENT_CARE] = "care",
                                                       [CONSENT_SHARE] = "share",
                                                       [CONSENT_RECORDING] = "recording",
                                                       [CONSENT_TEACHING] = "teaching"};

const char *consent_purpose_name(enum consent_purpose purpose)
{
    return purposes[purpose];
}

enum consent_purpose consent_purpose_parse(const char *name)
{
    int purpose = 0;
    while (purpose < CONSENT_PURPOSES && (!name || strcmp(purposes[purpose], name) != 0))
        purpose++;
    return (enum consent_purpose)purpose;
}

bool consent_allows(uint32_t given, enum consent_purpose purpose)
{
    return (given & CONSENT_BIT(purpose)) != 0;
}

bool consent_may_sign(const json_t *request, const char *relation)
{
    const json_t *age = json_object_get(json_object_get(request, "patient"), "ageYears");
    bool child = age && json_integer_value(age) < CONSENT_OWN_AGE;
    return !child || strcmp(relation, "self") != 0;
}

uint32_t consent_of_submit(const json_t *consent)
{
    uint32_t given = 0;
    for (int i = 0; i < CONSENT_PURPOSES; i++)
        if (json_is_true(json_object_get(consent, purposes[i])))
            given |= CONSENT_BIT(i);
    /* Who consents that the record goes to the specialist consents to the consultation: the request
     * has one tick for both. */
    return consent_allows(given, CONSENT_SHARE) ? given | CONSENT_BIT(CONSENT_CARE) : given;
}

const struct consent_text *consent_text_find(const char *version, const char *language)
{
    for (size_t i = 0; i < consent_text_count; i++)
        if (strcmp(consent_texts[i].version, version) == 0 &&
            strcmp(consent_texts[i].language, language) == 0)
            return &consent_texts[i];
    return NULL;
}

bool consent_text_current(const struct consent_text *t)
{
    return strcmp(t->version, consent_texts[consent_text_count - 1].version) == 0;
}

void consent_text_hash(const struct consent_text *t, uint8_t out[CONSENT_HASH_BYTES])
{
    crypto_hash_sha256(out, (const uint8_t *)t->body, strlen(t->body));
}
