/* SPDX-License-Identifier: Apache-2.0 */
/* JSON objects of the signalling wire as the public structures, and back. Texts are borrowed from
 * the JSON: keep it alive. What is absent or of a wrong type reads as "", 0 or false. Refuses to
 * know: requests, connections. */
#ifndef CLIENT_LIB_SIGNAL_OBJECTS_H
#define CLIENT_LIB_SIGNAL_OBJECTS_H

#include <jansson.h>
#include <shanqiao/client.h>

/* `dumped` (borrowed) is what goes into .json. */
void objects_consultation(struct sq_consultation *out, const json_t *object, const char *dumped);
void objects_person(struct sq_person *out, const json_t *object);
void objects_panel(struct sq_panel *out, const json_t *object);
const char *objects_text(const json_t *object, const char *key);

/* Params of consultation.submit. NULL with *err SQ_ERR_INVALID (something needed is missing) or
 * SQ_ERR_NOMEM. */
json_t *objects_submit(const struct sq_consultation_request *request, int *err);
/* The opinion member; NULL without memory or for text that is not UTF-8. */
json_t *objects_opinion(const struct sq_opinion *opinion);

#endif
