/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "bench/stats.h"

static void expect(const struct spread *spread, double q1, double median,
		   double q3)
{
	cr_assert_float_eq(spread->q1, q1, 1e-9);
	cr_assert_float_eq(spread->median, median, 1e-9);
	cr_assert_float_eq(spread->q3, q3, 1e-9);
}

Test(stats, nothing_has_no_median)
{
	struct spread spread = { .median = 7 };

	cr_assert_eq(spread_of(NULL, 0, &spread), -EINVAL);
	cr_assert_float_eq(spread.median, 7, 0);
}

Test(stats, one_value_is_its_own_spread)
{
	double value[] = { 3 };
	struct spread spread;

	cr_assert_eq(spread_of(value, 1, &spread), 0);
	expect(&spread, 3, 3, 3);
	cr_assert_eq(spread.nr, 1);
}

Test(stats, the_order_does_not_matter)
{
	double values[] = { 5, 1, 4, 2, 3 };
	struct spread spread;

	cr_assert_eq(spread_of(values, 5, &spread), 0);
	expect(&spread, 2, 3, 4);
	cr_assert_eq(spread.nr, 5);
}

Test(stats, between_two_values_it_is_in_the_middle)
{
	double values[] = { 4, 1, 3, 2 };
	struct spread spread;

	cr_assert_eq(spread_of(values, 4, &spread), 0);
	expect(&spread, 1.75, 2.5, 3.25);
}

Test(stats, one_wild_value_moves_no_median)
{
	double values[] = { 1, 1, 1, 1, 1, 1, 1000 };
	struct spread spread;

	cr_assert_eq(spread_of(values, 7, &spread), 0);
	expect(&spread, 1, 1, 1);
}
