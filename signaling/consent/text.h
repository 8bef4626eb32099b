/* SPDX-License-Identifier: Apache-2.0 */
/* The words that a patient is shown, by version and language, compiled in from docs/consent. A
 * version is never edited once it was used: a new wording is a new version. */
#ifndef SIGNALING_CONSENT_TEXT_H
#define SIGNALING_CONSENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSENT_HASH_BYTES  32 /* SHA-256 */
#define CONSENT_VERSION_MAX 40 /* bytes with the final zero */

struct consent_text {
    const char *version, *language, *body; /* UTF-8 */
};
extern const struct consent_text consent_texts[]; /* versions in rising order */
extern const size_t consent_text_count;

/* NULL: there is no such text. */
const struct consent_text *consent_text_find(const char *version, const char *language);
/* Is it of the newest version? */
bool consent_text_current(const struct consent_text *t);
/* SHA-256 over the bytes of the body. */
void consent_text_hash(const struct consent_text *t, uint8_t out[CONSENT_HASH_BYTES]);

#endif
