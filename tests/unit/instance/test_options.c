/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "instance/options.h"
#include "instance/privileges.h"

static int parse(char *const *argv, struct usm_options *options,
		 struct usm_failure *failure)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return usm_options_parse(argc, (char **)argv, options, failure);
}

#define ARGV(...) ((char *[]){ (char *)"usm-instance", __VA_ARGS__, NULL })

Test(options, name_and_memory_are_enough)
{
	struct usm_options options;
	struct usm_failure failure;

	cr_assert_eq(parse(ARGV("--name", "a", "--memory", "4M"), &options,
			   &failure),
		     0);
	cr_assert_str_eq(options.config.name, "a");
	cr_assert_eq(options.config.memory_bytes, 4 << 20);
	cr_assert_str_eq(options.config.alloc_policy, "first-fit");
	cr_assert_eq(options.uid, USM_INSTANCE_UID);
	cr_assert_eq(options.gid, USM_INSTANCE_UID);
	cr_assert_eq(options.ready_fd, -1);
	cr_assert_not(options.managed);
}

Test(options, everything_can_be_given)
{
	struct usm_options options;
	struct usm_failure failure;

	cr_assert_eq(parse(ARGV("-n", "b", "-m", "1G", "-a", "extent",
				"--managed", "--uid=70000", "--ready-fd=5",
				"--cpu=1", "-v", "--device=/dev/x"),
			   &options, &failure),
		     0);
	cr_assert_str_eq(options.config.alloc_policy, "extent");
	cr_assert_eq(options.uid, 70000);
	cr_assert_eq(options.gid, 70000);
	cr_assert_eq(options.ready_fd, 5);
	cr_assert_eq(options.cpu, 1);
	cr_assert(options.managed && options.verbose);
	cr_assert_str_eq(options.device, "/dev/x");
}

Test(options, swap_can_be_given)
{
	struct usm_options options;
	struct usm_failure failure;

	cr_assert_eq(parse(ARGV("-n", "b", "-m", "4M", "--swap", "8M",
				"--evict", "fifo", "--swap-dir=/tmp/s"),
			   &options, &failure),
		     0);
	cr_assert_eq(options.config.swap_bytes, 8 << 20);
	cr_assert_str_eq(options.config.evict_policy, "fifo");
	cr_assert_str_eq(options.swap_dir, "/tmp/s");
	cr_assert_eq(parse(ARGV("-n", "b", "-m", "4M", "--evict", "fifo"),
			   &options, &failure),
		     -EINVAL);
	cr_assert_not_null(strstr(failure.text, "policy.evict"));
}

Test(options, swap_may_be_in_memory)
{
	struct usm_options options;
	struct usm_failure failure;

	cr_assert_eq(parse(ARGV("-n", "b", "-m", "4M", "--swap", "64M",
				"--swap-device", "zstd", "--swap-memory-max",
				"16M", "--swap-memory-dir=/x"),
			   &options, &failure),
		     0);
	cr_assert_eq(options.config.swap_kind, USM_SWAP_ZSTD);
	cr_assert_eq(options.config.swap_memory_max, 16 << 20);
	cr_assert_str_eq(options.swap_memory_dir, "/x");
	cr_assert_eq(parse(ARGV("-n", "b", "-m", "4M", "--swap-device", "lz4"),
			   &options, &failure),
		     -EINVAL);
	cr_assert_not_null(strstr(failure.text, "swap.size"));
	cr_assert_eq(parse(ARGV("--config", "/none", "--swap-device", "lz4"),
			   &options, &failure),
		     -EINVAL);
	cr_assert_not_null(strstr(failure.text, "--config"));
}

Test(options, programs_are_remembered_somewhere)
{
	struct usm_options options;
	struct usm_failure failure;

	cr_assert_eq(parse(ARGV("-n", "b", "-m", "4M", "--swap", "8M",
				"--prefetch", "record-replay"),
			   &options, &failure),
		     0, "%s", failure.text);
	cr_assert_str_eq(options.config.prefetch_policy, "record-replay");
	cr_assert_str_eq(options.record_dir, USM_RECORD_DIR);
	cr_assert_eq(parse(ARGV("-n", "b", "-m", "4M", "--record-dir=/x"),
			   &options, &failure),
		     0);
	cr_assert_str_eq(options.record_dir, "/x");
}

Test(options, a_replay_may_prefetch)
{
	struct usm_options options;
	struct usm_failure failure;

	cr_assert_eq(parse(ARGV("--replay", "t", "--prefetch", "stride"),
			   &options, &failure),
		     0);
	cr_assert_str_eq(options.replay.prefetch, "stride");
	cr_assert_eq(parse(ARGV("--replay", "t", "--alloc", "extent"), &options,
			   &failure),
		     -EINVAL);
	cr_assert_not_null(strstr(failure.text, "--alloc"));
}

Test(options, errors_name_the_field)
{
	struct usm_options options;
	struct usm_failure failure;

	cr_assert_eq(parse(ARGV("--name", "a"), &options, &failure), -EINVAL);
	cr_assert_eq(failure.exit, USM_EXIT_USAGE);
	cr_assert_eq(parse(ARGV("--name", "A!", "--memory", "4M"), &options,
			   &failure),
		     -EINVAL);
	cr_assert_str_not_empty(failure.text);
	cr_assert_not_null(strstr(failure.text, "name"));
	cr_assert_eq(parse(ARGV("--name", "a", "--memory", "lots"), &options,
			   &failure),
		     -EINVAL);
	cr_assert_not_null(strstr(failure.text, "memory"));
	cr_assert_eq(
		parse(ARGV("--name", "a", "--memory", "4M", "--alloc", "best"),
		      &options, &failure),
		-EINVAL);
	cr_assert_not_null(strstr(failure.text, "policy.alloc"));
	cr_assert_eq(parse(ARGV("--config", "/none", "--name", "a"), &options,
			   &failure),
		     -EINVAL);
}

Test(options, files_are_read_and_checked)
{
	char path[] = "/tmp/usm-options-XXXXXX";
	struct usm_options options;
	struct usm_failure failure;
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	dprintf(fd, "{\"name\":\"a\",\"memory\":\"8M\","
		    "\"policy\":{\"alloc\":\"extent\"}}");
	close(fd);
	cr_assert_eq(parse(ARGV("--check", path), &options, &failure), 0);
	cr_assert_str_eq(options.check, path);
	cr_assert_eq(parse(ARGV("--config", path), &options, &failure), 0);
	cr_assert_eq(options.config.memory_bytes, 8 << 20);
	unlink(path);
	cr_assert_eq(parse(ARGV("--config", path), &options, &failure),
		     -ENOENT);
	cr_assert_not_null(strstr(failure.text, path));
}
