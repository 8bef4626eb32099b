/* SPDX-License-Identifier: Apache-2.0 */
/* CHECK(cond): an invariant of our own, active in every build. A false one writes one log line with
 * file, line and expression, then aborts. Never for what a peer, a file or a person sends: that
 * gets an error with a code. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#define CHECK(cond)                                                                                \
    (__builtin_expect(!!(cond), 1) ? (void)0 : check_failed(__FILE__, __LINE__, #cond))

_Noreturn void check_failed(const char *file, int line, const char *expression);

#endif
