/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: any bytes end in a filled struct or in a refusal that names the file. */
#include "base/check.h"
#include "base/config.h"
#include "shanqiao/error.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct sample {
    char text[CONFIG_TEXT_MAX];
    char choice[CONFIG_TEXT_MAX];
    int64_t number;
    bool flag;
    struct config_list list;
};

#define KEY(key_name, key_type, field)                                                             \
    .name = key_name, .type = key_type, .offset = offsetof(struct sample, field)

static const struct config_key KEYS[] = {
    {KEY("a.text", CONFIG_TEXT, text), .fallback = NULL, .says = "text"},
    {KEY("a.choice", CONFIG_CHOICE, choice), .fallback = "x", .choices = "x|y", .says = "choice"},
    {KEY("b.number", CONFIG_INT, number), .fallback = "0", .min = -5, .max = 5, .says = "number"},
    {KEY("b.flag", CONFIG_BOOL, flag), .fallback = "true", .says = "flag"},
    {KEY("b.list", CONFIG_LIST, list), .fallback = "", .says = "list"},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sample out;
    char error[CONFIG_ERROR_MAX];
    char path[64];
    int fd = memfd_create("config", 0);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int r = config_load(&out, KEYS, sizeof KEYS / sizeof KEYS[0], path, error);
    close(fd);
    if (r == 0) {
        CHECK(error[0] == '\0' && out.number >= -5 && out.number <= 5);
        CHECK(strlen(out.text) < CONFIG_TEXT_MAX && out.list.count <= CONFIG_LIST_MAX);
    } else {
        CHECK(r == SQ_ERR_INVALID || r == SQ_ERR_IO);
        CHECK(strncmp(error, path, strlen(path)) == 0);
    }
    return 0;
}
