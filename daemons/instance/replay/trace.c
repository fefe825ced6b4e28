/* SPDX-License-Identifier: MIT */
#include "instance/replay/trace.h"

#include <stdlib.h>
#include <string.h>

#include "usm_policy.h"

void usm_trace_fini(struct usm_trace *trace)
{
	free(trace->runs);
	free(trace->accesses);
	memset(trace, 0, sizeof(*trace));
}

uint64_t usm_trace_page_id(const struct usm_trace *trace, uint32_t page)
{
	uint32_t low = 0, high = trace->nr_runs;
	const struct usm_trace_run *run;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (trace->runs[middle].base <= page)
			low = middle;
		else
			high = middle;
	}
	run = &trace->runs[low];
	return usm_page_id(run->member,
			   (run->first + page - run->base) * trace->page_bytes);
}
