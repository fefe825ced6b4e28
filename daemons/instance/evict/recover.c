/* SPDX-License-Identifier: MIT */
#include "instance/evict/recover.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "instance/evict/placing.h"

/* Entries asked for by one call: 10 and 8 KiB of stack. */
#define BATCH 256U

static int adopt(struct usm_pager *pager, const struct usm_evicted_info *info,
		 bool fresh, struct usm_failure *failure)
{
	int err;

	if (!pager)
		return usm_fail(failure, USM_EXIT_USAGE, ENOENT,
				"swap: pages of the instance are out, and no "
				"swap is configured to bring them back");
	if (fresh && info->frame == USM_FRAME_NONE)
		return usm_fail(failure, USM_EXIT_FAILED, ENODATA,
				"swap: pages of the instance are out, and they "
				"are not in this swap file");
	err = usm_pager_adopt(pager, info);
	if (err == -ERANGE)
		return usm_fail(failure, USM_EXIT_USAGE, ERANGE,
				"swap.size: pages are out beyond this size");
	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"taking over evicted page %#llx: %s",
				(unsigned long long)info->cookie,
				strerror(-err));
	return 0;
}

static int recover_evicted(struct usm_pager *pager,
			   const struct usm_kernel *kernel, bool fresh,
			   struct usm_failure *failure)
{
	struct usm_evicted_info info[BATCH];
	uint64_t last = 0;
	uint32_t nr, i;
	int err;

	for (;;) {
		nr = BATCH;
		err = kernel->evicted(kernel->ctx, last, info, &nr);
		if (err)
			return usm_fail(failure, USM_EXIT_FAILED, -err,
					"listing evicted pages: %s",
					strerror(-err));
		if (!nr)
			return 0;
		for (i = 0; i < nr; i++) {
			err = adopt(pager, &info[i], fresh, failure);
			if (err)
				return err;
		}
		last = info[nr - 1].id;
	}
}

static int recover_placed(struct usm_pager *pager,
			  const struct usm_kernel *kernel,
			  const struct usm_extent *extent,
			  struct usm_failure *failure)
{
	uint32_t at = extent->first, end = extent->first + extent->frames;
	struct usm_frame_info info[BATCH];

	while (at < end) {
		uint32_t nr = end - at < BATCH ? end - at : BATCH, i;
		int err = kernel->frames(kernel->ctx, at, info, &nr);

		if (!err && !nr)
			err = -EIO;
		if (err)
			return usm_fail(failure, USM_EXIT_FAILED, -err,
					"reading the states of the frames: %s",
					strerror(-err));
		for (i = 0; i < nr; i++)
			if (info[i].state == USM_FRAME_MAPPED)
				usm_pager_placed(pager, at + i, info[i].member,
						 info[i].addr);
		at += nr;
	}
	return 0;
}

int usm_recover(struct usm_pager *pager, const struct usm_kernel *kernel,
		const struct usm_extent *extents, uint32_t nr_extents,
		bool fresh, struct usm_failure *failure)
{
	uint32_t i;
	int err = recover_evicted(pager, kernel, fresh, failure);

	if (pager && !err)
		usm_pager_adopted(pager);
	for (i = 0; pager && i < nr_extents && !err; i++)
		err = recover_placed(pager, kernel, &extents[i], failure);
	return err;
}
