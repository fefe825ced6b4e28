/* SPDX-License-Identifier: MIT */
/*
 * What the kernel may not have, or somebody else may have taken.  Both are
 * shown with changed copies of the module: one that looks for a function under
 * a name that no kernel has, and one that is another module altogether.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/kernel_log.h"
#include "lib/load.h"
#include "unload/module.h"
#include "unload/unload.h"

#define FAULTS 100
#define LIMIT_MS 60000
/* Many times what it has with all that debuggers want to know. */
#define MODULE_BYTES_MAX (256 << 20)

struct copy {
	char *bytes;
	size_t size;
};

static struct copy copy_module(void)
{
	usm_auto_fd fd = open(module_file(), O_RDONLY | O_CLOEXEC);
	struct copy copy = { 0 };
	struct stat stat;
	size_t done = 0;
	ssize_t n;

	require(fd >= 0 && !fstat(fd, &stat) && stat.st_size > 0 &&
			stat.st_size < MODULE_BYTES_MAX,
		"the module's file is there");
	copy.size = (size_t)stat.st_size;
	copy.bytes = malloc(copy.size);
	require(copy.bytes != NULL, "memory for a copy");
	while (done < copy.size &&
	       (n = read(fd, copy.bytes + done, copy.size - done)) > 0)
		done += (size_t)n;
	require(done == copy.size, "the module's file is read");
	return copy;
}

/* Everywhere; how often. Both are of the same length. */
static unsigned int replace(struct copy *copy, const char *what, size_t length,
			    const char *by)
{
	char *at = copy->bytes, *end = copy->bytes + copy->size;
	unsigned int found = 0;

	while ((at = memmem(at, (size_t)(end - at), what, length))) {
		memcpy(at, by, length);
		at += length;
		found++;
	}
	return found;
}

static int load(const struct copy *copy)
{
	return syscall(SYS_init_module, copy->bytes, copy->size,
		       module_parameters())
		       ? -errno
		       : 0;
}

/* ---- a function that the kernel does not have ---------------------------------- */

struct missing {
	const char *name;
	const char *changed;
	const char *says;
};

/* With the ends of the names around: not part of a longer one. */
#define MISSING(name, changed, says)                    \
	{                                               \
		"\0" name "\0", "\0" changed "\0", says \
	}

static const struct missing missing[] = {
	MISSING("flush_tlb_mm_range", "flush_tlb_mm_rangX",
		"this kernel has no function flush_tlb_mm_rangX"),
	MISSING("copy_page_range", "copy_page_rangX",
		"this kernel has no function copy_page_rangX to hook"),
	MISSING("move_page_tables", "move_page_tablXs",
		"this kernel has no function move_page_tablXs to hook"),
};

static void try_missing(const struct missing *missing)
{
	const char *name = missing->name + 1;
	struct copy copy = copy_module();
	int log = kernel_log_open();

	check_compare(replace(&copy, missing->name, strlen(name) + 2,
			      missing->changed),
		      >, 0, "the module looks for %s", name);
	check_eq(load(&copy), -ENOENT, "without %s it is not loaded", name);
	check(kernel_log_has(log, missing->says),
	      "the kernel's log says: \"%s\"", missing->says);
	check(!module_left_traces(), "nothing is left");
	free(copy.bytes);
}

void test_missing(void)
{
	size_t i;

	require(!module_unload_soon(UNLOAD_LIMIT_MS), "it unloads");
	for (i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
		try_missing(&missing[i]);
	require(!module_load(NULL), "on the kernel as it is, it loads");
}

/* ---- a function that another module has redirected ------------------------------ */

static void check_works(const char *when)
{
	const struct instance_options options = { .name = "owner",
						  .memory = "4M" };
	struct usm_instance_info info;
	struct instance instance;
	struct child tenant;
	int dev = device_open();

	instance_start(&instance, dev, &options);
	child_start(&tenant, load_main, NULL);
	require(!instance_bind(&instance, &tenant, NULL), "a tenant");
	child_let(&tenant, 0);
	check(load_moves_on(&tenant, FAULTS, LIMIT_MS), "%s, a tenant faults",
	      when);
	check_eq(load_end(&tenant, LIMIT_MS), 0, "its data is right");
	check(!instance_info(dev, instance.id, &info) &&
		      info.upcalls >= FAULTS / 2,
	      "and it was served");
	check_eq(instance_stop(&instance), 0, "the instance ends");
	close(dev);
}

void test_taken(void)
{
	struct copy copy = copy_module();
	int log = kernel_log_open();

	/* Another module: its own name, and those of all that it registers. */
	require(replace(&copy, "usm_", 4, "usX_") &&
			replace(&copy, "usm-", 4, "usX-"),
		"there is a name to change");
	check_eq(load(&copy), -EBUSY,
		 "what another module has redirected is not redirected again");
	check(kernel_log_has(log, "another owner, such as a live patch"),
	      "the kernel's log says that somebody else has it");
	check(access("/sys/module/usX_lkmRM", F_OK),
	      "nothing is left of the second");
	check_works("after that");
	free(copy.bytes);
}
