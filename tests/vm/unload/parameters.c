/* SPDX-License-Identifier: MIT */
/* Parameters that it must refuse, without leaving anything. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/file.h"
#include "lib/wait.h"
#include "lib/kernel_log.h"
#include "unload/module.h"
#include "unload/unload.h"

/* The kernel's own ups and downs; a pool that stays behind is more. */
#define LOST_KB_MAX 65536
#define SETTLE_LIMIT_MS 10000
/* The kernel itself sits in the way of a pool of all but this. */
#define SPARE_KB 65536

struct refused {
	const char *parameters;
	int error; /* 0: any */
	const char *says;
};

static const struct refused refused[] = {
	{ "", -EINVAL, "pool= is missing" },
	{ "pool=", -EINVAL, "pool= is missing" },
	{ "pol=64M", -EINVAL, "pool= is missing" },
	{ "pool=garbage", -EINVAL, "pool=garbage: must be a size" },
	{ "pool=64Q", -EINVAL, "pool=64Q: must be a size" },
	{ "pool=64M,", -EINVAL, "must be a size" },
	{ "pool=-64M", -EINVAL, "must be a size" },
	{ "pool=0", -EINVAL, "must be a size" },
	{ "pool=4097", -EINVAL, "must be a size" },
	{ "pool=2T", -EINVAL, "must be a size" },
	{ "pool=99999999999999999999999", -EINVAL, "must be a size" },
	{ "pool=16M backend=tape", -EINVAL, "must be auto, cma or contig" },
	{ "pool=16M backend=", -EINVAL, "must be auto, cma or contig" },
	{ "pool=8G backend=contig", -ENOMEM, "8388608 KiB: this machine has" },
	{ "pool=1000G", -ENOMEM, "1048576000 KiB: this machine has" },
};

static void try_one(const struct refused *refused)
{
	int log = kernel_log_open(), err;

	err = module_load(refused->parameters);
	check_eq(err, refused->error, "loading with \"%s\" is refused",
		 refused->parameters);
	check(kernel_log_has(log, refused->says),
	      "the kernel's log says: \"%s\"", refused->says);
	if (err)
		check(!module_left_traces(), "nothing is left of \"%s\"",
		      refused->parameters);
	else
		module_unload_soon(UNLOAD_LIMIT_MS);
}

/* Less than the machine has, but surely not in one piece. */
static void check_no_run(void)
{
	long long kb = file_number("/proc/meminfo", "MemTotal:") - SPARE_KB;
	char parameters[64], says[64];
	const struct refused no_run = { parameters, -ENOMEM, says };

	snprintf(parameters, sizeof(parameters), "pool=%lldK", kb / 4 * 4);
	snprintf(says, sizeof(says), "no contiguous run of %lld KiB",
		 kb / 4 * 4);
	try_one(&no_run);
}

static void check_backend_without_cma(void)
{
	static const struct refused no_cma = { "pool=16M backend=cma", -EINVAL,
					       "this kernel has no CMA area" };

	if (file_number("/proc/meminfo", "CmaTotal:") > 0)
		return;
	try_one(&no_cma);
}

static long long available_kb(void)
{
	return file_number("/proc/meminfo", "MemAvailable:");
}

void test_parameters(void)
{
	long long before;
	size_t i;

	check_eq(module_load(NULL), -EEXIST, "loading it twice is refused");
	require(!module_unload_soon(UNLOAD_LIMIT_MS), "it unloads");
	before = available_kb();
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		try_one(&refused[i]);
	check_no_run();
	check_backend_without_cma();
	/* The kernel frees some of it, and counts it, a little later. */
	wait_until(SETTLE_LIMIT_MS, available_kb() > before - LOST_KB_MAX);
	check_compare(before - available_kb(), <, LOST_KB_MAX,
		      "no memory is lost by refused loads");
	require(!module_load(NULL), "after all that it loads");
}
