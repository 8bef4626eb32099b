/* SPDX-License-Identifier: Apache-2.0 */
/* Files and folders of a test, below TMPDIR, which scripts/test puts into memory. Who makes one
 * removes it. */
#ifndef TESTS_SUPPORT_TEMPORARY_H
#define TESTS_SUPPORT_TEMPORARY_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/** What mkdtemp and mkstemp want: "<TMPDIR>/shanqiao-<name>-XXXXXX" in path[size]. */
static inline char *temporary_template(char *path, size_t size, const char *name)
{
    const char *base = getenv("TMPDIR");
    const int n =
        snprintf(path, size, "%s/shanqiao-%s-XXXXXX", base && *base ? base : "/tmp", name);
    cr_assert(n > 0 && (size_t)n < size, "TMPDIR is too long for this test; choose a shorter one");
    return path;
}

/** Makes a folder of mode 0700 and writes its path into path[size]. */
static inline void temporary_folder(char *path, size_t size, const char *name)
{
    cr_assert_not_null(mkdtemp(temporary_template(path, size, name)));
}

/** Makes an empty file, writes its path into path[size]; returns it open for reading and writing.
 */
static inline int temporary_file(char *path, size_t size, const char *name)
{
    const int fd = mkstemp(temporary_template(path, size, name));
    cr_assert_geq(fd, 0);
    return fd;
}

#endif
