// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "supervisor/backoff.h"

Test(backoff, doubles_up_to_a_limit)
{
	struct usm_backoff backoff = { 0 };
	unsigned int last = 0;

	cr_assert_eq(usm_backoff_after(&backoff, 0), USM_BACKOFF_FIRST_MS);
	cr_assert_eq(usm_backoff_after(&backoff, 0), USM_BACKOFF_FIRST_MS * 2);
	cr_assert_eq(usm_backoff_after(&backoff, 0), USM_BACKOFF_FIRST_MS * 4);
	for (int i = 0; i < 100; i++) {
		unsigned int delay = usm_backoff_after(&backoff, 0);

		cr_assert_geq(delay, last);
		cr_assert_leq(delay, USM_BACKOFF_MAX_MS);
		last = delay;
	}
	cr_assert_eq(last, USM_BACKOFF_MAX_MS);
}

Test(backoff, forgives_a_daemon_that_ran_well)
{
	struct usm_backoff backoff = { 0 };

	for (int i = 0; i < 20; i++)
		usm_backoff_after(&backoff, 0);
	cr_assert_eq(usm_backoff_after(&backoff, USM_BACKOFF_HEALTHY_MS),
		     USM_BACKOFF_FIRST_MS);
	cr_assert_eq(usm_backoff_after(&backoff, 0), USM_BACKOFF_FIRST_MS * 2);
}
