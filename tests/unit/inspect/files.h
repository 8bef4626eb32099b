/* SPDX-License-Identifier: Apache-2.0 */
/* The real files of tests/data/materials. */
#ifndef TESTS_UNIT_INSPECT_FILES_H
#define TESTS_UNIT_INSPECT_FILES_H

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FILES "tests/data/materials/"

static inline uint8_t *file_read(const char *name, size_t *len)
{
    char path[256];
    snprintf(path, sizeof path, FILES "%s", name);
    FILE *f = fopen(path, "rb");
    cr_assert(f, "%s", path);
    fseek(f, 0, SEEK_END);
    *len = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*len);
    cr_assert_eq(fread(bytes, 1, *len, f), *len);
    fclose(f);
    return bytes;
}

#endif
