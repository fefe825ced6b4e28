// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "common/size.h"

static void reads(const char *text, uint64_t bytes)
{
	uint64_t got = 7;

	cr_assert_eq(usm_size_parse(text, &got), 0, "%s", text);
	cr_assert_eq(got, bytes, "%s", text);
}

static void refuses(const char *text, int error)
{
	uint64_t got = 7;

	cr_assert_eq(usm_size_parse(text, &got), error, "%s", text);
	cr_assert_eq(got, 7, "%s touched the output", text);
}

Test(size, reads_numbers_and_suffixes)
{
	reads("0", 0);
	reads("4096", 4096);
	reads("1K", 1024);
	reads("1k", 1024);
	reads("128M", 128ULL << 20);
	reads("3g", 3ULL << 30);
	reads("2T", 2ULL << 40);
	reads("18446744073709551615", UINT64_MAX);
}

Test(size, refuses_everything_else)
{
	static const char *const wrong[] = { "",     " 1",   "1 ",  "-1",
					     "+1",   "M",    "1Q",  "1MB",
					     "1.5G", "0x10", "1e3", "1M1" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refuses(wrong[i], -EINVAL);
}

Test(size, refuses_what_does_not_fit)
{
	refuses("18446744073709551616", -ERANGE);
	refuses("99999999999999999999999", -ERANGE);
	refuses("16777216T", -ERANGE);
	reads("16777215T", 16777215ULL << 40);
}

static void writes(uint64_t bytes, const char *text)
{
	char buf[USM_SIZE_TEXT];
	uint64_t back;

	usm_size_format(bytes, buf, sizeof(buf));
	cr_assert_str_eq(buf, text);
	cr_assert_eq(usm_size_parse(buf, &back), 0);
	cr_assert_eq(back, bytes);
}

Test(size, writes_the_shortest_exact_form)
{
	writes(0, "0");
	writes(1, "1");
	writes(4096, "4K");
	writes(4097, "4097");
	writes(128ULL << 20, "128M");
	writes(1536ULL << 20, "1536M");
	writes(1ULL << 40, "1T");
	writes(UINT64_MAX, "18446744073709551615");
}

Test(size, never_overruns_a_small_buffer)
{
	char buf[4] = "xxx";

	usm_size_format(UINT64_MAX, buf, sizeof(buf));
	cr_assert_eq(strlen(buf), 3);
}
