/* SPDX-License-Identifier: Apache-2.0 */
/* Glue between Criterion and the sanitizers. */
extern const int test_support_is_linked;
const int test_support_is_linked = 1;
