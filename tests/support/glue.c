/* SPDX-License-Identifier: Apache-2.0 */
/* Glue between Criterion and the sanitizers. Criterion looks at how a test process ends only while
 * the test's body runs, and its arena lands where ThreadSanitizer allows no mapping; without this
 * file a finding passes unseen. tests/unit/sanitizers proves that each kind of finding fails a
 * test. */
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#include <sanitizer/common_interface_defs.h>

/* Every report ends in SIGILL: a signal fails a Criterion test in each phase, and no test of ours
 * expects this one. */
static void die_by_signal(void)
{
    __builtin_trap();
}

__attribute__((constructor)) static void glue_start(void)
{
    __sanitizer_set_death_callback(die_by_signal);
}
#endif

void __real_criterion_internal_test_teardown(void);
void __wrap_criterion_internal_test_teardown(void);

/* The last thing in the process of one test (linked by --wrap): what is unreachable now has leaked.
 */
void __wrap_criterion_internal_test_teardown(void)
{
    __real_criterion_internal_test_teardown();
#if defined(__SANITIZE_ADDRESS__)
    if (__lsan_do_recoverable_leak_check()) {
        fprintf(stderr, "the test leaks memory\n");
        die_by_signal();
    }
#endif
}

#if defined(__SANITIZE_THREAD__)
/* BoxFort maps its arena at 0x200000000000 + (rand_r() << 24). ThreadSanitizer on x86-64 lets
 * programs map 0x550000000000 to 0x567fffffffff; staying below 0x554000000000 keeps clear of the
 * program itself, which starts at 0x555555554000 at the lowest. */
int rand_r(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return (int)(0x350000u + (*seed >> 16 & 0x3ffu));
}

const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
    return "halt_on_error=1:second_deadlock_stack=1";
}
#endif
