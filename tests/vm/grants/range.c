/* SPDX-License-Identifier: MIT */
/* Range grants: each page gets its own frame, whatever the order of touching. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common/client.h"
#include "grants/grants.h"
#include "grants/member.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"

#define FRAMES 4096
#define PAGES 256

/* Pages [from, to) that do not have frame first + index. */
static uint32_t misplaced(const struct member *member,
			  const struct raw_daemon *daemon, uint32_t first,
			  uint32_t from, uint32_t to)
{
	uint32_t i, wrong = 0;

	for (i = from; i < to; i++)
		wrong += member_frame(member, daemon, i) != first + i;
	return wrong;
}

void test_range(int dev)
{
	struct usm_grant_entry entry = { .frames = PAGES };
	struct usm_instance_info info;
	struct raw_daemon daemon;
	struct member member;
	uint32_t first, i;
	pid_t pid;

	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	member_start(&member, &daemon, 2 * PAGES);
	grants_soil(&daemon, first, PAGES);
	entry.addr = member_page(&member, 0);
	entry.member = member.id;
	entry.first = first;
	check_eq(grants_range(&daemon, &entry), 0, "range: granted");
	grants_push(&daemon, member.id, first + PAGES, PAGES, 0, 0);

	/* Backwards, then every other one, then the rest. */
	for (i = 16; i-- > 0;)
		member_do(&member, ORDER_FILL, i, 1);
	for (i = 16; i < PAGES; i += 2)
		member_do(&member, ORDER_FILL, i, 1);
	member_do(&member, ORDER_FILL, 16, PAGES - 16);
	check_eq(misplaced(&member, &daemon, first, 0, PAGES), 0,
		 "range: every page has its frame");
	check_eq(member_do(&member, ORDER_BAD, 0, PAGES), 0,
		 "range: the data is right");
	instance_info(dev, daemon.claim.instance, &info);
	check_eq(info.range, PAGES, "range: faults by range count");

	member_do(&member, ORDER_FILL, PAGES, 1);
	check_eq(member_frame(&member, &daemon, PAGES), first + PAGES,
		 "range: past its end the magazine serves");
	member_do(&member, ORDER_DONTNEED, 0, 1);
	member_do(&member, ORDER_FILL, 0, 1);
	check_eq(member_frame(&member, &daemon, 0), first + PAGES + 1,
		 "range: a page is granted once");

	member.seed = 2;
	pid = (pid_t)member_do(&member, ORDER_FORK, 0, PAGES);
	member.seed = 1;
	check_eq(frame_at(pid, member_page(&member, 5), &daemon),
		 USM_FRAME_NONE, "range: a child of fork has none of it");
	check_eq(member_do(&member, ORDER_BAD, 0, PAGES), 0,
		 "range: its parent's data is untouched");
	member_do(&member, ORDER_REAP, (size_t)pid, 0);
	member_end(&member);
	grants_all_home(&daemon, "range");
	raw_daemon_close(&daemon);
}

void test_range_refused(int dev)
{
	struct usm_grant_entry good = { .frames = 16 }, bad;
	struct usm_instance_info info;
	struct raw_daemon daemon;
	struct member member;
	struct usm_info pool;
	uint32_t first;

	grants_open(&daemon, FRAMES);
	usm_client_info(daemon.dev, &pool);
	first = grants_first(&daemon);
	member_start(&member, &daemon, PAGES);
	good.addr = member_page(&member, 0);
	good.member = member.id;
	good.first = first;

#define REFUSED(error, change, what)                               \
	do {                                                       \
		bad = good;                                        \
		bad.change;                                        \
		check_eq(grants_range(&daemon, &bad), error, "%s", \
			 "grant: " what);                          \
	} while (0)
	REFUSED(-EINVAL, addr += 1, "not on a page");
	REFUSED(-EINVAL, frames = 0, "no frames");
	REFUSED(-EINVAL, frames = USM_GRANT_MAX + 1, "too many frames");
	REFUSED(-EINVAL, addr = 1ULL << 57, "beyond user space");
	REFUSED(-EINVAL, around = USM_AROUND_MAX + 1, "too many neighbours");
	REFUSED(-EINVAL, order = USM_ORDER_MAX + 1, "too large an order");
	REFUSED(-EINVAL, flags = 2, "unknown flags");
	REFUSED(-EINVAL, reserved = 1, "reserved fields");
	bad = good;
	bad.order = 4;
	bad.addr += PAGE_BYTES;
	if ((pool.base_pfn + first - bad.addr / PAGE_BYTES) % 16 == 0)
		bad.addr += PAGE_BYTES;
	check_eq(grants_range(&daemon, &bad), -EINVAL,
		 "grant: a large page out of line");
	REFUSED(-ESRCH, member += 1000, "no such member");
	REFUSED(-EPERM, first = pool.pool_frames, "outside of the pool");
	REFUSED(-EPERM, first = UINT32_MAX - 4, "a run that wraps around");
	REFUSED(-EPERM, first = first + FRAMES - 8, "half of it the pool's");
	check_eq(raw_daemon_frame(&daemon, first + FRAMES - 8), USM_FRAME_FREE,
		 "grant: none is taken of a run that cannot be had");
	grants_push(&daemon, 0, first + 8, 1, 0, 0);
	REFUSED(-EBUSY, first = first, "one frame pushed before");
	check_eq(raw_daemon_frame(&daemon, first), USM_FRAME_FREE,
		 "grant: and none is taken");
	grants_free(&daemon, first + 8);
	check_eq(grants_range(&daemon, &good), 0, "grant: taken at last");
	REFUSED(-EEXIST, first += 16, "the same pages again");
	REFUSED(-EBUSY, addr += 16 * PAGE_BYTES, "the same frames again");
	bad = good;
	bad.first += 16;
	bad.addr += 15 * PAGE_BYTES;
	check_eq(grants_range(&daemon, &bad), -EEXIST, "grant: one page again");
	bad.addr += PAGE_BYTES;
	check_eq(grants_range(&daemon, &bad), 0, "grant: the pages next to it");
#undef REFUSED
	instance_info(dev, daemon.claim.instance, &info);
	check_compare(info.bad_commands, >=, 14, "grant: bad ones are counted");
	member_end(&member);
	grants_all_home(&daemon, "grant");
	raw_daemon_close(&daemon);
}

void test_range_free(int dev)
{
	struct usm_grant_entry entry = { .frames = PAGES };
	struct raw_daemon daemon;
	struct member member;
	uint32_t first, i, bad = 0;

	(void)dev;
	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	member_start(&member, &daemon, 2 * PAGES);
	entry.addr = member_page(&member, 0);
	entry.member = member.id;
	entry.first = first;
	entry.around = 15;
	grants_range(&daemon, &entry);
	for (i = 0; i < PAGES; i += 2)
		bad += grants_free(&daemon, first + i) != 0;
	check_eq(bad, 0, "range: unused frames are free again");
	/* Frames that went back must not be found through the old grant. */
	grants_push(&daemon, member.id, first, 1, 0, 0);
	entry.addr = member_page(&member, PAGES);
	entry.first = first + 2;
	entry.frames = 1;
	check_eq(grants_range(&daemon, &entry), 0,
		 "range: such a frame is granted elsewhere");
	member_do(&member, ORDER_FILL, 2, 1);
	check_eq(member_frame(&member, &daemon, 2), first,
		 "range: the magazine serves the page it was for");
	member_do(&member, ORDER_FILL, 4, 1);
	check_eq(member_frame(&member, &daemon, 4), USM_FRAME_NONE,
		 "range: or nobody");
	member_do(&member, ORDER_FILL, PAGES, 1);
	check_eq(member_frame(&member, &daemon, PAGES), first + 2,
		 "range: it serves where it was granted last");
	member_do(&member, ORDER_FILL, 0, PAGES);
	for (i = 1, bad = 0; i < PAGES; i += 2)
		bad += member_frame(&member, &daemon, i) != first + i;
	check_eq(bad, 0, "range: the rest is as granted");
	entry.addr = member_page(&member, 0);
	check_eq(grants_range(&daemon, &entry), -EBUSY,
		 "range: a frame in use is not granted");
	entry.first = first + 4;
	entry.frames = 1;
	check_eq(grants_range(&daemon, &entry), 0,
		 "range: a grant that is used up stands in nobody's way");
	check_eq(member_do(&member, ORDER_BAD, 0, PAGES), 0,
		 "range: the data is right");
	member_end(&member);
	grants_all_home(&daemon, "range");
	raw_daemon_close(&daemon);
}
