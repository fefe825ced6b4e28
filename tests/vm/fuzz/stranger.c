/* SPDX-License-Identifier: MIT */
/* Somebody without rights, with a descriptor that was passed on. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/client.h"
#include "fuzz/fuzz.h"
#include "lib/check.h"
#include "lib/pattern.h"

#define STRANGER 65533
#define CALLS 5000
#define CALLS_SOAK 200000
/* For those, where the kernel has checkers as well. */
#define LIMIT_MS 1200000

struct visit {
	int dev;
	struct stage *stage;
};

static int open_error(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static bool refusal(int err)
{
	return err == -EPERM || err == -EACCES;
}

/* Each command as it should be. */
static void try_each(struct caller *caller)
{
	_Alignas(uint64_t) char argument[ARGUMENT_BYTES];
	uint32_t i;
	int err;

	for (i = 0; i < nr_commands; i++) {
		memset(argument, 0, sizeof(argument));
		commands[i].fill(caller, argument);
		err = ioctl(caller->dev, commands[i].request, argument) ? -errno
									: 0;
		/* Not of every module. */
		if (err == -ENOTTY)
			test_note("%s is unknown", commands[i].name);
		else if (!commands[i].anyone)
			check(refusal(err), "%s is refused (%d)",
			      commands[i].name, err);
	}
}

static void try_at_random(struct caller *caller)
{
	unsigned int i, calls = test_count(CALLS, CALLS_SOAK);
	uint32_t granted = 0;
	int which;

	for (i = 0; i < calls; i++)
		if (!caller_call(caller, &which) &&
		    (which < 0 || !commands[which].anyone)) {
			granted++;
			test_note("granted: %#lx", caller->last_request);
		}
	check_eq(granted, 0, "none of %u calls at random is granted", calls);
}

static void try_mappings(struct caller *caller)
{
	static const uint64_t start[] = { USM_MMAP_CHANNEL, USM_MMAP_SLICE,
					  USM_MMAP_DOORBELL };
	unsigned int i, granted = 0;

	for (i = 0; i < 1000; i++) {
		uint64_t at = start[i % 3] +
			      random_below(&caller->random, FUZZ_FRAMES) *
				      PAGE_BYTES * (i > 3);
		void *p = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			       MAP_SHARED, caller->dev, (off_t)at);

		if (p != MAP_FAILED) {
			granted++;
			munmap(p, PAGE_BYTES);
		}
	}
	check_eq(granted, 0, "no mapping is granted");
}

static int stranger(struct child *self, void *arg)
{
	struct visit *visit = arg;
	static struct caller caller;

	(void)self;
	/* Not the one whom the partition was claimed for. */
	if (setgroups(0, NULL) || setresgid(STRANGER, STRANGER, STRANGER) ||
	    setresuid(STRANGER, STRANGER, STRANGER))
		return 2;
	check(refusal(open_error(USM_DEVICE_PATH, O_RDWR)),
	      "the device does not open");
	check(refusal(open_error(USM_PROC_EVENTS_PATH, O_RDONLY)),
	      "nor the events");
	check(refusal(open_error(USM_PROC_FREED_PATH, O_RDONLY)),
	      "nor the freed frames");
	caller_init(&caller, visit->stage, visit->dev,
		    visit->stage->seed + 5000);
	/* As it should be, but for the rights. */
	caller.plain = true;
	try_each(&caller);
	caller.plain = false;
	try_mappings(&caller);
	try_at_random(&caller);
	return 0;
}

void test_stranger(int dev, struct stage *stage)
{
	struct visit visit = { dev, stage };
	struct child child;

	child_start(&child, stranger, &visit);
	child_let(&child, 0);
	check_eq(child_end(&child, LIMIT_MS), 0, "the stranger ends");
}
