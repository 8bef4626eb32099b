/* SPDX-License-Identifier: Apache-2.0 */
/* Codes of the wire as a reader has them on paper, zh-CN and English together. A code without words
 * is printed as it is. Inside export only. */
#ifndef SIGNALING_EXPORT_WORDS_H
#define SIGNALING_EXPORT_WORDS_H

const char *words_of_case(const char *code);    /* kind, urgency, sex */
const char *words_of_consent(const char *code); /* way of signing, relation */
const char *words_of_verdict(const char *code); /* reason of struct opinion_verdict */
const char *words_of_level(int level);          /* "-" when it is none */

#endif
