/* SPDX-License-Identifier: MIT */
/* What cannot be pushed or taken back, and taking back what can. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common/client.h"
#include "grants/grants.h"
#include "grants/member.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"

#define FRAMES 2048
#define PAGES 64

static int raw_push(struct raw_daemon *daemon, struct usm_push *push)
{
	return ioctl(daemon->dev, USM_IOC_PUSH, push) ? -errno : 0;
}

static void check_arguments(struct raw_daemon *daemon)
{
	struct usm_push push;

	push = (struct usm_push){ .flags = 2 };
	check_eq(raw_push(daemon, &push), -EINVAL, "push: unknown flags");
	push = (struct usm_push){ .reserved = { 1 } };
	check_eq(raw_push(daemon, &push), -EINVAL, "push: reserved fields");
	push = (struct usm_push){ .nr = USM_BATCH_MAX + 1 };
	check_eq(raw_push(daemon, &push), -EINVAL, "push: too many");
	push = (struct usm_push){ .low = USM_MAGAZINE_MAX + 1 };
	check_eq(raw_push(daemon, &push), -EINVAL, "push: a mark too high");
	push = (struct usm_push){ .nr = 1, .ptr = 8 };
	check_eq(raw_push(daemon, &push), -EFAULT, "push: a bad pointer");
}

void test_push_refused(int dev)
{
	struct usm_instance_info info;
	struct raw_daemon daemon;
	struct member member;
	struct usm_info pool;
	uint32_t first;
	int stranger;

	stranger = device_open();
	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	member_start(&member, &daemon, PAGES);
	check_arguments(&daemon);
	check_eq(grants_free(&daemon, first), -ESTALE,
		 "free: not a frame that is free already");
	check_eq(grants_push(&daemon, member.id, first, 1, 0, 0), 1,
		 "push: a free frame is taken");
	check_eq(grants_push(&daemon, member.id, first, 1, 0, 0), -EBUSY,
		 "push: not twice");
	check_eq(grants_push(&daemon, 0, first, 1, 0, 0), -EBUSY,
		 "push: nor into another magazine");
	usm_client_info(dev, &pool);
	check_eq(grants_push(&daemon, member.id, pool.pool_frames, 1, 0, 0),
		 -EPERM, "push: no frame outside of the pool");
	check_eq(grants_push(&daemon, member.id, first + FRAMES, 1, 0, 0),
		 -EPERM, "push: no frame of the pool's");
	check_eq(grants_push(&daemon, member.id + 1000, first + 1, 1, 0, 0),
		 -ESRCH, "push: no such member");
	check_eq(raw_daemon_frame(&daemon, first + 1), USM_FRAME_FREE,
		 "push: what was refused is free");
	instance_info(dev, daemon.claim.instance, &info);
	check_eq(info.bad_commands, 4, "push: bad ones are counted");
	check_eq(grants_push(&daemon, 0, first + 1, USM_MAGAZINE_MAX, 0, 0),
		 USM_MAGAZINE_MAX, "push: a magazine fills");
	check_eq(grants_push(&daemon, 0, first + 1 + USM_MAGAZINE_MAX, 1, 0, 0),
		 -ENOSPC, "push: and is full");
	daemon.dev ^= stranger, stranger ^= daemon.dev, daemon.dev ^= stranger;
	check_eq(grants_push(&daemon, 0, first + 1, 1, 0, 0), -EPERM,
		 "push: not without a claim");
	daemon.dev ^= stranger, stranger ^= daemon.dev, daemon.dev ^= stranger;
	member_end(&member);
	raw_daemon_close(&daemon);
}

void test_free(int dev)
{
	struct usm_notice notice;
	struct raw_daemon daemon;
	struct member member;
	uint32_t first, i, bad = 0, used = 0;

	(void)dev;
	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	member_start(&member, &daemon, PAGES);
	grants_push(&daemon, member.id, first, PAGES, 0, 0);
	/* Every third one out of the middle, both ends included. */
	for (i = 0; i < PAGES; i += 3)
		bad += grants_free(&daemon, first + i) != 0 ||
		       raw_daemon_frame(&daemon, first + i) != USM_FRAME_FREE;
	check_eq(bad, 0, "free: unused frames are free again");
	check_eq(grants_free(&daemon, first), -ESTALE, "free: not twice");
	member_do(&member, ORDER_FILL, 0, PAGES - (PAGES + 2) / 3);
	for (i = 0, bad = 0; grants_notice(&daemon, USM_NOTICE_USED, &notice);
	     i++) {
		i += i % 3 == 0;
		bad += notice.frame != first + i;
		used++;
	}
	check_eq(bad, 0, "free: the others are used, in order");
	check_eq(used, PAGES - (PAGES + 2) / 3, "free: all of them");
	check_eq(grants_free(&daemon, first + 1), -ESTALE,
		 "free: not a frame in use");
	check_eq(grants_free(&daemon, first + FRAMES), -EPERM,
		 "free: not a frame of another's");
	check_eq(member_do(&member, ORDER_BAD, 0, PAGES - (PAGES + 2) / 3), 0,
		 "free: the data is right");
	member_end(&member);
	grants_all_home(&daemon, "free");
	raw_daemon_close(&daemon);
}
