/* SPDX-License-Identifier: MIT */
#include "instance/ahead/back.h"

/* Frames asked for by one call: 2 KiB of stack. */
#define BATCH 256U

/*
 * Those that were used meanwhile answer ESTALE, and stay where they are.  What
 * the kernel cannot look at now is still out.
 */
static uint32_t take_back(struct usm_ahead_worker *worker,
			  const uint32_t *frames, uint32_t nr)
{
	struct usm_ahead *ahead = worker->ahead;
	const struct usm_kernel *kernel = ahead->options.kernel;
	struct usm_free_entry entries[BATCH];
	uint32_t taken = 0, i;

	for (i = 0; i < nr; i++)
		entries[i] = (struct usm_free_entry){ .frame = frames[i] };
	if (!nr)
		return 0;
	if (kernel->free(kernel->ctx, entries, nr)) {
		for (i = 0; i < nr; i++)
			usm_given_set(&ahead->given, frames[i]);
		return 0;
	}
	for (i = 0; i < nr; i++) {
		if (entries[i].result)
			continue;
		usm_stock_give(worker->stock, entries[i].frame);
		taken++;
	}
	ahead->counts.taken_back += taken;
	return taken;
}

uint32_t usm_back_all(struct usm_ahead_worker *worker)
{
	struct usm_given *given = &worker->ahead->given;
	uint32_t frames[BATCH], from = 0, taken = 0, nr;

	while (from < given->nr_frames) {
		nr = usm_given_take(given, from, frames, BATCH, &from);
		taken += take_back(worker, frames, nr);
	}
	worker->ahead->ranges.nr = 0;
	usm_magazines_taken_back(&worker->ahead->magazines);
	return taken;
}

uint32_t usm_back_range(struct usm_ahead_worker *worker,
			const struct usm_range *range)
{
	struct usm_given *given = &worker->ahead->given;
	uint32_t frames[BATCH], taken = 0, nr = 0, i;

	for (i = 0; i < range->frames; i++) {
		if (usm_given_clear(given, range->first + i))
			frames[nr++] = range->first + i;
		if (nr == BATCH || i + 1 == range->frames) {
			taken += take_back(worker, frames, nr);
			nr = 0;
		}
	}
	return taken;
}
