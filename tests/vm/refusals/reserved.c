/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/instance.h"
#include "lib/raw_daemon.h"
#include "refusals/refusals.h"

/*
 * Every ioctl with one bit in one field that must be zero.  All other fields
 * hold something valid, so that nothing else can be the reason.
 */
#define REFUSED(fd, command, structure, ...)                               \
	do {                                                               \
		struct structure arg_ = { __VA_ARGS__ };                   \
		int got_ = ioctl(fd, command, &arg_) < 0 ? -errno : 0;     \
		check_eq(got_, -EINVAL, #structure " with " #__VA_ARGS__); \
	} while (0)

static void for_everybody(int dev)
{
	REFUSED(dev, USM_IOC_INFO, usm_info, .abi = USM_ABI_VERSION,
		.flags = 1);
	REFUSED(dev, USM_IOC_LIST, usm_list, .reserved = { 1 });
	REFUSED(dev, USM_IOC_LIST, usm_list, .reserved = { 0, 1 });
	REFUSED(dev, USM_IOC_MEMBERS, usm_members, .instance = 1,
		.reserved0 = 1);
	REFUSED(dev, USM_IOC_MEMBERS, usm_members, .instance = 1,
		.reserved = { 0, 1 });
	REFUSED(dev, USM_IOC_BIND, usm_bind, .instance = 1, .flags = 1);
	REFUSED(dev, USM_IOC_BIND, usm_bind, .instance = 1, .reserved0 = 1);
	REFUSED(dev, USM_IOC_BIND, usm_bind, .instance = 1, .reserved = { 1 });
	REFUSED(dev, USM_IOC_UNBIND, usm_unbind, .instance = 1,
		.reserved = { 0, 1 });
	REFUSED(dev, USM_IOC_DESTROY, usm_destroy, .instance = 1, .flags = 1);
	REFUSED(dev, USM_IOC_DESTROY, usm_destroy, .instance = 1,
		.reserved = { 1 });
	REFUSED(dev, USM_IOC_WAKER, usm_waker, .flags = 1);
	REFUSED(dev, USM_IOC_WAKER, usm_waker, .reserved0 = 1);
	REFUSED(dev, USM_IOC_WAKER, usm_waker, .reserved = { 0, 1 });
}

static void for_claims(int dev)
{
	REFUSED(dev, USM_IOC_CLAIM, usm_claim, .abi = USM_ABI_VERSION,
		.name = "x", .frames = 16, .flags = 4);
	REFUSED(dev, USM_IOC_CLAIM, usm_claim, .abi = USM_ABI_VERSION,
		.name = "x", .frames = 16, .reserved0 = 1);
	REFUSED(dev, USM_IOC_CLAIM, usm_claim, .abi = USM_ABI_VERSION,
		.name = "x", .frames = 16, .reserved = { 0, 0, 0, 1 });
}

static void for_daemons(int fd)
{
	struct usm_frame_info info;

	REFUSED(fd, USM_IOC_WORKER, usm_worker, .flags = 1);
	REFUSED(fd, USM_IOC_WORKER, usm_worker, .reserved = { 1 });
	REFUSED(fd, USM_IOC_WORKER, usm_worker, .worker = 1);
	REFUSED(fd, USM_IOC_WORKER, usm_worker, .worker = USM_WORKERS_MAX);
	REFUSED(fd, USM_IOC_MAP, usm_map, .reserved = { 1 });
	REFUSED(fd, USM_IOC_MAP, usm_map, .nr = USM_BATCH_MAX + 1);
	REFUSED(fd, USM_IOC_SCAN, usm_scan, .flags = 1);
	REFUSED(fd, USM_IOC_SCAN, usm_scan, .reserved = { 0, 1 });
	REFUSED(fd, USM_IOC_FRAMES, usm_frames, .ptr = (uintptr_t)&info,
		.nr = 1, .reserved = { 1 });
	REFUSED(fd, USM_IOC_FRAMES, usm_frames, .ptr = (uintptr_t)&info,
		.nr = USM_BATCH_MAX + 1);
	REFUSED(fd, USM_IOC_FRAMES, usm_frames, .ptr = (uintptr_t)&info,
		.nr = 1, .first = 0xffffffff);
}

void test_reserved(int dev)
{
	struct usm_info info = { .abi = USM_ABI_VERSION + 1 };
	struct usm_claim claim = {
		.abi = USM_ABI_VERSION + 1,
		.name = "x",
		.frames = 16,
	};
	struct usm_waker_wait wait = { .timeout_ms = 0, .flags = 1 };
	struct raw_daemon daemon;
	int waker;

	raw_daemon_open(&daemon, "reserved", 16, 0, 1000);
	for_everybody(dev);
	for_claims(dev);
	for_daemons(daemon.dev);

	check(ioctl(dev, USM_IOC_INFO, &info) < 0 && errno == EPROTO,
	      "another ABI version");
	check(ioctl(dev, USM_IOC_CLAIM, &claim) < 0 && errno == EPROTO,
	      "a claim of another ABI version");
	check(ioctl(dev, USM_IOC_INFO, NULL) < 0 && errno == EFAULT,
	      "no structure");
	check(ioctl(dev, _IO(USM_IOC_MAGIC, 0x7f), NULL) < 0 && errno == ENOTTY,
	      "an unknown command");
	raw_daemon_close(&daemon);

	waker = device_open();
	require(!ioctl(waker, USM_IOC_WAKER, &(struct usm_waker){ 0 }),
		"a waker registers");
	check(ioctl(waker, USM_IOC_WAKER_WAIT, &wait) < 0 && errno == EINVAL,
	      "unknown flags of the waker's wait");
	wait = (struct usm_waker_wait){ .timeout_ms = -2 };
	check(ioctl(waker, USM_IOC_WAKER_WAIT, &wait) < 0 && errno == EINVAL,
	      "a negative timeout");
	close(waker);
}
