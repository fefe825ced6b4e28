/* SPDX-License-Identifier: MIT */
#include "bench/catalogue.h"

#include <string.h>

#define BOTH               \
	{                  \
		true, true \
	}
/* Needs two processors. */
#define TIME_ONLY           \
	{                   \
		true, false \
	}

const struct catalogue_row catalogue[] = {
	{ "kernel", "the kernel's own 4 KiB write fault, again", "M", BOTH, 0,
	  MEASURE_TIME },
	{ "magazine", "magazine, the kernel zeroes", "M", BOTH, 1.0,
	  MEASURE_TIME },
	{ "magazine-zeroed", "magazine, zeroed ahead", "M", BOTH, 0.75,
	  MEASURE_TIME },
	{ "around", "fault-around 16, the kernel zeroes", "M", BOTH, 0,
	  MEASURE_TIME },
	{ "around-zeroed", "fault-around 16, zeroed ahead", "M", BOTH, 0.40,
	  MEASURE_TIME },
	{ "large", "64 KiB folio, the kernel zeroes", "M", BOTH, 0.33,
	  MEASURE_TIME },
	{ "mthp", "the kernel's own 64 KiB folio (mTHP)", "M", BOTH, 0,
	  MEASURE_TIME },
	{ "large-to-mthp", "64 KiB folio", "mthp", BOTH, 0, MEASURE_TIME },
	{ "upcall-polling", "upcall, the worker polls", "M", TIME_ONLY, 1.25,
	  MEASURE_TIME },
	{ "upcall-asleep", "upcall, the worker sleeps", "M", BOTH, 0,
	  MEASURE_TIME },
	{ "upcall-instance", "upcall, usm-instance as it comes", "M", BOTH, 0,
	  MEASURE_TIME },
	{ "uffd-other", "userfaultfd, handler on the other CPU", "M", TIME_ONLY,
	  0, MEASURE_TIME },
	{ "uffd-same", "userfaultfd, handler on the same CPU", "M", BOTH, 0,
	  MEASURE_TIME },
	{ "asleep-to-uffd", "upcall, the worker sleeps", "uffd-other",
	  TIME_ONLY, 0.5, MEASURE_TIME },
	{ "untagged", "untagged, the hooks are live", "no module", BOTH, 1.03,
	  MEASURE_INSTRUCTIONS },
};

const size_t catalogue_rows = sizeof(catalogue) / sizeof(catalogue[0]);

const struct catalogue_row *catalogue_find(const char *name)
{
	size_t i;

	for (i = 0; i < catalogue_rows; i++)
		if (!strcmp(catalogue[i].name, name))
			return &catalogue[i];
	return NULL;
}
