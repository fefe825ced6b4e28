/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "refusals/refusals.h"

static int claim(int fd, const char *name, uint32_t frames, uint32_t flags)
{
	struct usm_claim arg = { .frames = frames, .flags = flags };

	snprintf(arg.name, sizeof(arg.name), "%s", name);
	return usm_client_claim(fd, &arg);
}

static void wrong_names(int fd)
{
	struct usm_claim arg = { .frames = 16 };

	check_eq(claim(fd, "", 16, 0), -EINVAL, "claim: no name");
	check_eq(claim(fd, "Upper", 16, 0), -EINVAL, "claim: upper case");
	check_eq(claim(fd, "a/b", 16, 0), -EINVAL, "claim: a slash");
	check_eq(claim(fd, "a23456789012345678901234567890123", 16, 0), -EINVAL,
		 "claim: name of 33 characters");
	memset(arg.name, 'a', sizeof(arg.name));
	check_eq(usm_client_claim(fd, &arg), -EINVAL,
		 "claim: name without an end");
}

static void wrong_sizes(int fd)
{
	struct usm_claim arg = { .name = "size", .frames = 16 };
	struct usm_info info;

	usm_client_info(fd, &info);
	check_eq(claim(fd, "size", 0, 0), -EINVAL, "claim: no frames");
	arg.nr_slots = 65;
	check_eq(usm_client_claim(fd, &arg), -EINVAL,
		 "claim: slots that are no multiple of 64");
	arg.nr_slots = USM_SLOTS_MAX + 64;
	check_eq(usm_client_claim(fd, &arg), -EINVAL, "claim: too many slots");
	arg.nr_slots = 0;
	arg.deadline_ms = USM_DEADLINE_MS_MAX + 1;
	check_eq(usm_client_claim(fd, &arg), -EINVAL,
		 "claim: deadline too long");
	arg.deadline_ms = 0;
	arg.frames = info.pool_frames + 1;
	check_eq(usm_client_claim(fd, &arg), -ENOSPC,
		 "claim: more than the pool");
	check_eq(arg.frames, info.free_frames, "claim: says what is left");
	check_eq(claim(fd, "nobody", 16, USM_CLAIM_ATTACH), -ENOENT,
		 "attach: no such instance");
}

/* In the process that holds the claim: each proc file once. */
static void readers(void)
{
	int events = -1, freed = -1, second;

	check_eq(usm_client_open_events(&events), 0, "/proc/usm opens");
	check_eq(usm_client_open_events(&second), -EBUSY, "/proc/usm twice");
	check_eq(usm_client_open_freed(&freed), 0, "/proc/usmPgs opens");
	check_eq(usm_client_open_freed(&second), -EBUSY, "/proc/usmPgs twice");
	close(events);
	close(freed);
	check_eq(usm_client_open_freed(&freed), 0, "/proc/usmPgs again");
	close(freed);
}

void test_claims(int dev)
{
	struct usm_info before, after;
	int first = device_open(), second = device_open();

	usm_client_info(dev, &before);
	wrong_names(first);
	wrong_sizes(first);
	check_eq(usm_client_open_events(&(int){ -1 }), -EPERM,
		 "/proc/usm without a claim");
	check_eq(claim(first, "only", 64, USM_CLAIM_PERSIST), 0, "claim");
	check_eq(claim(first, "more", 64, 0), -EBUSY, "second claim of a file");
	check_eq(claim(second, "only", 64, 0), -EEXIST,
		 "claim of a name that has a daemon");
	check_eq(claim(second, "only", 64, USM_CLAIM_ATTACH), -EBUSY,
		 "attach to an instance that has a daemon");
	readers();

	close(first);
	check_eq(claim(second, "only", 65, 0), -EUCLEAN,
		 "take-over with another size");
	check_eq(claim(second, "only", 0, USM_CLAIM_ATTACH), 0, "take-over");
	close(second);
	usm_client_info(dev, &after);
	check_eq(after.free_frames, before.free_frames,
		 "without PERSIST the partition is back at once");
	check_eq(after.nr_instances, before.nr_instances,
		 "no instance is left");
}
