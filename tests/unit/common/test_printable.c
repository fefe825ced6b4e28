/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "common/printable.h"

Test(printable, shows_what_can_be_shown)
{
	const char wild[16] = "a\n\033[2Jusm: \xc3\xa4~\x7f";
	const char full[4] = { 'f', 'u', 'l', 'l' };
	char text[17];

	usm_printable(text, "usmWorker0", 16);
	cr_assert_str_eq(text, "usmWorker0");
	usm_printable(text, wild, sizeof(wild));
	cr_assert_str_eq(text, "a??[2Jusm: ??~?");
	usm_printable(text, full, sizeof(full));
	cr_assert_str_eq(text, "full");
}
