/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of the terminal as JSON objects with the member names of docs/protocol/signaling.md. */
#ifndef TERMINAL_FORM_H
#define TERMINAL_FORM_H

#include <jansson.h>
#include <shanqiao/client.h>

/* Asks a person on standard input for what a request needs. A new reference; NULL at the end of
 * input. */
json_t *form_ask_request(const char *language);
/* Texts are borrowed from `form` and stay valid while it lives. panel_id is the fallback when the
 * form names none. 0, or SQ_ERR_INVALID with the name of the missing member in *missing. */
int form_to_request(struct sq_consultation_request *out, json_t *form, const char *panel_id,
                    const char **missing);
void form_to_opinion(struct sq_opinion *out, json_t *form);
/* Prints the fields that have text; NULL: nothing. */
void form_print_opinion(json_t *text, const char *language);
/* "findings TEXT" -> sets the member. 0 or SQ_ERR_INVALID (no such field, no text). */
int form_set_opinion_field(json_t *form, char *field_and_text);

#endif
