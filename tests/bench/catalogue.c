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
	{ "kernel", "the kernel's own 4 KiB write fault, again", "M", 0,
	  MEASURE_TIME, BOTH },
	{ "magazine", "magazine, the kernel zeroes", "M", 1.0, MEASURE_TIME,
	  BOTH },
	{ "magazine-zeroed", "magazine, zeroed ahead", "M", 0.75, MEASURE_TIME,
	  BOTH },
	{ "around", "fault-around 16, the kernel zeroes", "M", 0, MEASURE_TIME,
	  BOTH },
	{ "around-zeroed", "fault-around 16, zeroed ahead", "M", 0.40,
	  MEASURE_TIME, BOTH },
	{ "large", "64 KiB folio, the kernel zeroes", "M", 0.33, MEASURE_TIME,
	  BOTH },
	{ "mthp", "the kernel's own 64 KiB folio (mTHP)", "M", 0, MEASURE_TIME,
	  BOTH },
	{ "large-to-mthp", "64 KiB folio", "mthp", 0, MEASURE_TIME, BOTH },
	{ "upcall-polling", "upcall, the worker polls", "M", 1.25, MEASURE_TIME,
	  TIME_ONLY },
	{ "upcall-asleep", "upcall, the worker sleeps", "M", 0, MEASURE_TIME,
	  BOTH },
	{ "upcall-instance", "upcall, usm-instance as it comes", "M", 0,
	  MEASURE_TIME, BOTH },
	{ "uffd-other", "userfaultfd, handler on the other CPU", "M", 0,
	  MEASURE_TIME, TIME_ONLY },
	{ "uffd-same", "userfaultfd, handler on the same CPU", "M", 0,
	  MEASURE_TIME, BOTH },
	{ "asleep-to-uffd", "upcall, the worker sleeps", "uffd-other", 0.5,
	  MEASURE_TIME, TIME_ONLY },
	{ "redis-lru-lz4", "a redis command at 2:1, lru and lz4", "fifo+file",
	  0, MEASURE_TIME, TIME_ONLY },
	{ "untagged", "untagged, the hooks are live", "no module", 1.03,
	  MEASURE_INSTRUCTIONS, BOTH },
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
