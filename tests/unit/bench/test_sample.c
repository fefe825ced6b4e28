/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "bench/sample.h"

Test(sample, a_measurement)
{
	struct sample sample;

	cr_assert_eq(sample_parse("sample\tmagazine\t5100.5\t5000\n", &sample),
		     0);
	cr_assert_eq(sample.kind, SAMPLE_VALUE);
	cr_assert_str_eq(sample.name, "magazine");
	cr_assert_float_eq(sample.value, 5100.5, 1e-9);
	cr_assert_float_eq(sample.base, 5000, 1e-9);
}

Test(sample, a_reason)
{
	struct sample sample;

	cr_assert_eq(sample_parse("invalid\tlarge\tno such thing", &sample), 0);
	cr_assert_eq(sample.kind, SAMPLE_INVALID);
	cr_assert_str_eq(sample.text, "no such thing");
	cr_assert_eq(sample_parse("spoiled\tlarge\tbusy\n", &sample), 0);
	cr_assert_eq(sample.kind, SAMPLE_SPOILED);
	cr_assert_eq(sample_parse("info\tkernel\t6.12\n", &sample), 0);
	cr_assert_eq(sample.kind, SAMPLE_INFO);
}

Test(sample, what_is_none)
{
	static const char *const lines[] = {
		"",
		"\n",
		"sample",
		"sample\tm\n",
		"sample\tm\t1\n",
		"sample\tm\t1\t0\n",
		"sample\tm\t-1\t1\n",
		"sample\tm\t1x\t1\n",
		"sample\tm\tnan\t1\n",
		"sample\tm\t1\t2\t3\n",
		"sample\tm\t1\t\n",
		"sample\ta-name-that-is-longer-than-any-row-has\t1\t2\n",
		"samples\tm\t1\t2\n",
		"invalid\tm\n",
		"ok something else entirely\n",
	};
	struct sample sample = { .value = 7 };
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_assert_eq(sample_parse(lines[i], &sample), -EINVAL, "\"%s\"",
			     lines[i]);
	cr_assert_float_eq(sample.value, 7, 0);
}
