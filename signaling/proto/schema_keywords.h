/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the schema check: what the two halves share. */
#ifndef SIGNALING_PROTO_SCHEMA_KEYWORDS_H
#define SIGNALING_PROTO_SCHEMA_KEYWORDS_H

#include "signaling/proto/schema.h"

#define SCHEMA_NESTING_MAX                                                                         \
    64 /* of references and values; values are bounded by the parser's depth 32 */

bool schema_keyword_known(const char *name);
/* "#/$defs/<name>" of the document, or "../defs.json#/$defs/<name>"; NULL: leads nowhere. */
const json_t *schema_resolve(const json_t *root, const json_t *ref);

#endif
