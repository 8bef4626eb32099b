/* SPDX-License-Identifier: Apache-2.0 */
/* Institutions with their level, panels, and people as others see them. Reads only; they are
 * imported by shanqiaoctl. */
#ifndef SIGNALING_DIRECTORY_DIRECTORY_H
#define SIGNALING_DIRECTORY_DIRECTORY_H

#include "signaling/proto/method.h"

extern const struct method_table directory_method_table; /* directory.institutions, .panels */

/* New references {id, name, level} and {id, name, institution {...}}. *out NULL on error:
 * SQ_ERR_NOT_FOUND, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int directory_institution(struct service *s, const char *institution, json_t **out);
int directory_person(struct service *s, const char *account, json_t **out);

#endif
