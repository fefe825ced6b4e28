/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "instance/worker/backoff.h"

Test(backoff, doubles_and_forgets)
{
	struct usm_backoff backoff;

	usm_backoff_init(&backoff, 10, 40);
	cr_assert(usm_backoff_due(&backoff, 0));
	usm_backoff_result(&backoff, 100, false);
	cr_assert_not(usm_backoff_due(&backoff, 109));
	cr_assert(usm_backoff_due(&backoff, 110));
	usm_backoff_result(&backoff, 110, false);
	cr_assert_eq(backoff.pause_ns, 20);
	usm_backoff_result(&backoff, 130, false);
	usm_backoff_result(&backoff, 170, false);
	cr_assert_eq(backoff.pause_ns, 40);
	usm_backoff_result(&backoff, 210, true);
	cr_assert(usm_backoff_due(&backoff, 210));
}
