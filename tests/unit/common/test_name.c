// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "common/name.h"

Test(name, accepts_what_the_rule_says)
{
	cr_assert(usm_name_valid("a"));
	cr_assert(usm_name_valid("redis-7"));
	cr_assert(usm_name_valid("-"));
	cr_assert(usm_name_valid("a2345678901234567890123456789012"));
}

Test(name, refuses_the_rest)
{
	cr_assert_not(usm_name_valid(""));
	cr_assert_not(usm_name_valid("A"));
	cr_assert_not(usm_name_valid("a b"));
	cr_assert_not(usm_name_valid("a/b"));
	cr_assert_not(usm_name_valid("a.b"));
	cr_assert_not(usm_name_valid("a_b"));
	cr_assert_not(usm_name_valid("\xc3\xa4"));
	cr_assert_not(usm_name_valid("a23456789012345678901234567890123"));
}
