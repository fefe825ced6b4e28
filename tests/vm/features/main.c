/* SPDX-License-Identifier: MIT */
/*
 * Whatever else the kernel does with memory: the data of members is right, and
 * every frame comes home.
 */

#include "features/features.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/instance.h"

#define LIMIT_S 150
/* A feature that takes longer hangs. */
#define FEATURE_LIMIT_MS 90000
#define HOME_LIMIT_MS 20000

static const struct feature {
	const char *name;
	feature_fn run;
} features[] = {
	{ "mlock", feature_lock },
	{ "mlockall", feature_lock_all },
	{ "huge pages", feature_huge },
	{ "collapse to a huge page", feature_collapse },
	{ "same-page merging", feature_same_page },
	{ "MADV_FREE", feature_free_lazily },
	{ "MADV_PAGEOUT", feature_page_out },
	{ "populate", feature_populate },
	{ "move_pages", feature_move },
	{ "vmsplice", feature_splice },
	{ "io_uring buffers", feature_fixed_buffers },
	{ "fork of pinned pages", feature_fork_pinned },
	{ "userfaultfd", feature_userfault },
	{ "forced write", feature_force_write },
	{ "O_DIRECT", feature_direct },
	{ "io_uring fixed reads and writes", feature_ring_direct },
	{ "ptrace", feature_ptrace },
	{ "gdb", feature_gdb },
	{ "core dump", feature_core },
};

static void try_feature(const struct instance *instance,
			const struct feature *feature)
{
	struct usm_instance_info before, after;
	struct child child;
	int code;

	instance_info(instance->dev, instance->id, &before);
	child_start(&child, feature->run, NULL);
	require(child_reached(&child, 0) &&
			!instance_bind(instance, &child, NULL),
		"%s: a tenant is bound", feature->name);
	child_let(&child, 0);
	code = child_end(&child, FEATURE_LIMIT_MS);
	if (code == FEATURE_MISSING)
		test_note("%s: not on this kernel", feature->name);
	else
		check_eq(code, 0, "%s: the data is right", feature->name);
	check(instance_all_free(instance->dev, instance->id, false,
				HOME_LIMIT_MS),
	      "%s: every frame is free again", feature->name);
	instance_info(instance->dev, instance->id, &after);
	check_compare(after.upcalls, >, before.upcalls,
		      "%s: the policy was asked", feature->name);
}

int main(void)
{
	const struct instance_options options = {
		.name = "features",
		.memory = "16M",
	};
	struct instance instance;
	unsigned int round, i;
	long long locked;

	test_begin(LIMIT_S);
	file_write("/sys/kernel/mm/transparent_hugepage/enabled", "always");
	locked = file_number("/proc/meminfo", "Mlocked:");
	instance_start(&instance, device_open(), &options);
	for (round = 0; round < test_count(1, 100); round++)
		for (i = 0; i < sizeof(features) / sizeof(features[0]); i++)
			try_feature(&instance, &features[i]);
	check_eq(file_number("/proc/meminfo", "Mlocked:"), locked,
		 "no memory counts as locked that is not");
	check_eq(instance_stop(&instance), 0, "the daemon ends cleanly");
	return test_end();
}
