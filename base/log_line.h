/* SPDX-License-Identifier: Apache-2.0 */
/* One log line as bounded JSON, whatever is in the fields: control characters are escaped, broken
 * UTF-8 is replaced, what does not fit is left out and said so. Knows no lock, no level, no limit.
 */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include "base/log.h"
#include "base/time.h"
#include <unistd.h>

#define LOG_LINE_MAX                                                                               \
    4096 /* bytes, newline and final zero included; below PIPE_BUF, so lines never mix */
#define LOG_TEXT_MAX 1024 /* bytes of one text value that are kept */

struct log_line {
    size_t len;
    char text[LOG_LINE_MAX];
};

/* `fields` ends with {0}. suppressed 0 is not printed. */
void log_line_format(struct log_line *line, time_us utc_us, enum log_level level,
                     const char *program, const char *key, const struct log_field *fields,
                     uint64_t suppressed, bool show_private);

/* Writes the line to a file descriptor; what can't be written is lost, for there is nobody left to
 * tell. */
void log_line_emit(const struct log_line *line, int fd);

#endif
