/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapped allocators. State is per thread, so that a loop thread does not eat the count of the
 * test. */
#include "tests/support/oom.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static _Thread_local size_t armed; /* fails when count reaches it; 0: never */
static _Thread_local size_t count;
static _Thread_local bool happened;

void oom_fail_at(size_t n)
{
    armed = n;
    count = 0;
    happened = false;
}

bool oom_happened(void)
{
    return happened;
}

size_t oom_count(void)
{
    return count;
}

bool oom_round(size_t n)
{
    bool more = n == 1 || happened;
    oom_fail_at(more ? n : 0);
    return more;
}

static bool fails_now(void)
{
    count++;
    if (armed == 0 || count != armed)
        return false;
    happened = true;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t items, size_t size)
{
    return fails_now() ? NULL : __real_calloc(items, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails_now() ? NULL : __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails_now() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = fails_now() ? NULL : __real_malloc(len + 1);
    if (copy) {
        memcpy(copy, s, len);
        copy[len] = '\0';
    }
    return copy;
}

char *__wrap_strdup(const char *s)
{
    return __wrap_strndup(s, strlen(s));
}
