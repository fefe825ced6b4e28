// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"
#include "common/policy_files.h"

static struct usm_config accept(const char *text)
{
	struct usm_config_error err = { 0 };
	struct usm_config config;

	cr_assert_eq(usm_config_parse(text, strlen(text), &config, &err), 0,
		     "%s: %s: %s", text, err.field, err.reason);
	return config;
}

/* reason: a part of it. */
static void refuse(const char *text, const char *field, const char *reason)
{
	struct usm_config config, before;
	struct usm_config_error err = { 0 };

	memset(&config, 0x5a, sizeof(config));
	before = config;
	cr_assert_eq(usm_config_parse(text, strlen(text), &config, &err),
		     -EINVAL, "%s", text);
	cr_assert_str_eq(err.field, field, "%s: field %s", text, err.field);
	cr_assert(strstr(err.reason, reason), "%s: reason %s", text,
		  err.reason);
	cr_assert_eq(memcmp(&config, &before, sizeof(config)), 0,
		     "%s touched the output", text);
}

Test(config, fills_in_defaults)
{
	struct usm_config config = accept("{\"name\":\"a\",\"memory\":\"1M\"}");

	cr_assert_str_eq(config.name, "a");
	cr_assert_eq(config.memory_bytes, 1 << 20);
	cr_assert_str_eq(config.alloc_policy, "first-fit");
	cr_assert_eq(config.deadline_ms, USM_DEADLINE_MS_DEFAULT);
	cr_assert_eq(config.slots, USM_SLOTS_DEFAULT);
	cr_assert_eq(config.workers, 1);
	cr_assert_eq(config.on_loss, USM_ON_LOSS_FALLBACK);
	cr_assert_eq(config.cgroup_cpu_percent, 0);
	cr_assert_eq(config.cgroup_memory_max, 0);
}

Test(config, reads_everything)
{
	struct usm_config config = accept(
		"{\"name\":\"b-2\",\"memory\":134217728,"
		"\"policy\":{\"alloc\":\"extent\"},"
		"\"cgroup\":{\"cpu_max\":\"250%\",\"memory_max\":\"64M\"},"
		"\"deadline_ms\":5,\"slots\":4096,\"workers\":8,"
		"\"on_daemon_loss\":\"fail\"}");

	cr_assert_str_eq(config.name, "b-2");
	cr_assert_eq(config.memory_bytes, 128 << 20);
	cr_assert_str_eq(config.alloc_policy, "extent");
	cr_assert_eq(config.cgroup_cpu_percent, 250);
	cr_assert_eq(config.cgroup_memory_max, 64 << 20);
	cr_assert_eq(config.deadline_ms, 5);
	cr_assert_eq(config.slots, 4096);
	cr_assert_eq(config.workers, 8);
	cr_assert_eq(config.on_loss, USM_ON_LOSS_FAIL);
}

Test(config, reads_what_becomes_of_faults_without_a_frame)
{
	struct usm_config config = accept("{\"name\":\"a\",\"memory\":\"1M\"}");

	cr_assert_str_eq(config.oom_policy, "fallback");
	cr_assert_eq(config.oom_options.nr, 0);
	config = accept("{\"name\":\"a\",\"memory\":\"1M\","
			"\"policy\":{\"oom\":\"stall\","
			"\"oom_options\":{\"limit_ms\":\"20\"}}}");
	cr_assert_str_eq(config.oom_policy, "stall");
	cr_assert_str_eq(config.oom_options.setting[0].value, "20");
}

Test(config, reads_swap)
{
	struct usm_config config = accept(
		"{\"name\":\"a\",\"memory\":\"1M\",\"swap\":{\"size\":\"4M\"}}");

	cr_assert_eq(config.swap_bytes, 4 << 20);
	cr_assert_str_eq(config.evict_policy, "clock");
	cr_assert_lt(config.free_low_percent, config.free_high_percent);
	config = accept("{\"name\":\"a\",\"memory\":\"1M\","
			"\"policy\":{\"evict\":\"fifo\"},"
			"\"swap\":{\"size\":8192,\"free_low\":0,"
			"\"free_high\":50}}");
	cr_assert_eq(config.swap_bytes, 8192);
	cr_assert_str_eq(config.evict_policy, "fifo");
	cr_assert_eq(config.free_low_percent, 0);
	cr_assert_eq(config.free_high_percent, 50);
	cr_assert_eq(accept("{\"name\":\"a\",\"memory\":\"1M\"}").swap_bytes,
		     0);
}

Test(config, reads_swap_in_memory)
{
	struct usm_config config = accept(
		"{\"name\":\"a\",\"memory\":\"1M\",\"swap\":{\"size\":\"4M\"}}");

	cr_assert_eq(config.swap_kind, USM_SWAP_FILE);
	cr_assert_eq(config.swap_memory_max, 0);
	config = accept("{\"name\":\"a\",\"memory\":\"1M\","
			"\"swap\":{\"size\":\"64M\",\"device\":\"lz4\"}}");
	cr_assert_eq(config.swap_kind, USM_SWAP_LZ4);
	cr_assert_eq(config.swap_memory_max, 32 << 20);
	config = accept("{\"name\":\"a\",\"memory\":\"1M\","
			"\"swap\":{\"size\":\"64M\",\"device\":\"zstd\","
			"\"memory_max\":\"8M\"},"
			"\"cgroup\":{\"memory_max\":\"9M\"}}");
	cr_assert_eq(config.swap_kind, USM_SWAP_ZSTD);
	cr_assert_eq(config.swap_memory_max, 8 << 20);
	config = accept("{\"name\":\"a\",\"memory\":\"1M\","
			"\"swap\":{\"size\":\"64M\",\"device\":\"tiered\"}}");
	cr_assert_eq(config.swap_kind, USM_SWAP_TIERED);
	cr_assert_eq(config.swap_memory_max, 32 << 20);
	/* What the limit leaves. */
	config = accept("{\"name\":\"a\",\"memory\":\"1M\","
			"\"swap\":{\"size\":\"64M\",\"device\":\"lz4\"},"
			"\"cgroup\":{\"memory_max\":\"9M\"}}");
	cr_assert_eq(config.swap_memory_max, 8 << 20);
}

Test(config, refuses_wrong_swap_in_memory)
{
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"swap\":{\"size\":\"1M\",\"device\":\"zram\"}}",
	       "swap.device", "lz4");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"swap\":{\"size\":\"1M\",\"memory_max\":\"1M\"}}",
	       "swap.memory_max", "only lz4");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"swap\":{\"size\":\"64M\",\"device\":\"lz4\","
	       "\"memory_max\":\"1M\"}}",
	       "swap.memory_max", "swap.size");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"swap\":{\"size\":\"64M\",\"device\":\"lz4\","
	       "\"memory_max\":4097}}",
	       "swap.memory_max", "multiple");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"swap\":{\"size\":\"64M\",\"device\":\"lz4\","
	       "\"memory_max\":\"16M\"},"
	       "\"cgroup\":{\"memory_max\":\"16M\"}}",
	       "swap.memory_max", "cgroup.memory_max");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"swap\":{\"size\":\"64M\",\"device\":\"lz4\"},"
	       "\"cgroup\":{\"memory_max\":\"1M\"}}",
	       "swap.memory_max", "cgroup.memory_max");
}

Test(config, refuses_wrong_swap)
{
	refuse("{\"name\":\"a\",\"memory\":\"1M\",\"swap\":{}}", "swap.size",
	       "");
	refuse("{\"name\":\"a\",\"memory\":\"1M\",\"swap\":{\"size\":4097}}",
	       "swap.size", "multiple");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"swap\":{\"size\":\"1M\",\"free_low\":51}}",
	       "swap.free_low", "");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"swap\":{\"size\":\"1M\",\"free_low\":9,\"free_high\":9}}",
	       "swap", "above free_low");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"policy\":{\"evict\":\"fifo\"}}",
	       "policy.evict", "without swap");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"policy\":{\"evict\":\"../x\"},\"swap\":{\"size\":\"1M\"}}",
	       "policy.evict", "a-z");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"policy\":{\"evict_options\":{\"x\":\"1\"}}}",
	       "policy.evict_options", "without swap");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"policy\":{\"prefetch\":\"stride\"}}",
	       "policy.prefetch", "without swap");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"policy\":{\"prefetch\":\"a/b\"},\"swap\":{\"size\":\"1M\"}}",
	       "policy.prefetch", "a-z");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"policy\":{\"prefetch_options\":{\"x\":\"1\"}},"
	       "\"swap\":{\"size\":\"1M\"}}",
	       "policy.prefetch_options", "without policy.prefetch");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"swap\":{\"size\":\"1M\",\"path\":\"/etc/passwd\"}}",
	       "swap.path", "unknown");
}

/* Which policies there are is the machine's business. */
Test(config, knows_the_policies_of_the_machine)
{
	struct usm_config config = accept(
		"{\"name\":\"a\",\"memory\":\"1M\",\"policy\":{\"alloc\":\"mine\"}}");
	char dir[] = "/tmp/usm-test-XXXXXX", path[64];
	struct usm_config_error err;
	FILE *file;

	cr_assert_str_eq(config.alloc_policy, "mine");
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(usm_policy_files_check(&config, dir, &err), -EINVAL);
	cr_assert_str_eq(err.field, "policy.alloc");
	cr_assert(strstr(err.reason, dir), "%s", err.reason);
	cr_assert(strstr(err.reason, "first-fit, extent"), "%s", err.reason);
	snprintf(path, sizeof(path), "%s/mine.so", dir);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fclose(file);
	cr_assert_eq(usm_policy_files_check(&config, dir, &err), 0);
	unlink(path);
	strcpy(config.alloc_policy, "extent");
	cr_assert_eq(usm_policy_files_check(&config, dir, &err), 0);
	strcpy(config.evict_policy, "best");
	cr_assert_eq(usm_policy_files_check(&config, dir, &err), -EINVAL);
	cr_assert_str_eq(err.field, "policy.evict");
	rmdir(dir);
}

Test(config, reads_ahead_when_it_says_so)
{
	struct usm_config config = accept(
		"{\"name\":\"a\",\"memory\":\"1M\",\"swap\":{\"size\":\"1M\"}}");
	struct usm_config_error err;

	cr_assert_str_eq(config.prefetch_policy, "");
	cr_assert_eq(usm_policy_files_check(&config, "/nowhere", &err), 0);
	config = accept(
		"{\"name\":\"a\",\"memory\":\"1M\",\"swap\":{\"size\":\"1M\"},"
		"\"policy\":{\"prefetch\":\"stride\","
		"\"prefetch_options\":{\"max\":\"8\"}}}");
	cr_assert_str_eq(config.prefetch_policy, "stride");
	cr_assert_str_eq(config.prefetch_options.setting[0].value, "8");
	cr_assert_eq(usm_policy_files_check(&config, "/nowhere", &err), 0);
	strcpy(config.prefetch_policy, "oracle");
	cr_assert_eq(usm_policy_files_check(&config, "/nowhere", &err),
		     -EINVAL);
	cr_assert_str_eq(err.field, "policy.prefetch");
}

Test(config, keeps_the_options_of_policies)
{
	struct usm_config config = accept(
		"{\"name\":\"a\",\"memory\":\"1M\",\"policy\":{"
		"\"alloc_options\":{\"run\":\"16\",\"far_away\":\"no\"}}}");

	cr_assert_eq(config.alloc_options.nr, 2);
	cr_assert_str_eq(config.alloc_options.setting[0].key, "run");
	cr_assert_str_eq(config.alloc_options.setting[0].value, "16");
	cr_assert_str_eq(config.alloc_options.setting[1].key, "far_away");
	cr_assert_eq(config.evict_options.nr, 0);
}

Test(config, refuses_wrong_options_of_policies)
{
	static const char *const wrong[][3] = {
		{ "1", "policy.alloc_options", "object" },
		{ "{\"run\":16}", "policy.alloc_options.run", "" },
		{ "{\"Run\":\"16\"}", "policy.alloc_options.Run", "a-z" },
		{ "{\"run\":\"1\",\"run\":\"2\"}", "policy.alloc_options.run",
		  "twice" },
		{ "{\"run\":\"\\n\"}", "policy.alloc_options.run", "ASCII" },
		{ "{\"1\":\"\",\"2\":\"\",\"3\":\"\",\"4\":\"\",\"5\":\"\","
		  "\"6\":\"\",\"7\":\"\",\"8\":\"\",\"9\":\"\"}",
		  "policy.alloc_options", "at most 8" },
	};
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text),
			 "{\"name\":\"a\",\"memory\":\"1M\","
			 "\"policy\":{\"alloc_options\":%s}}",
			 wrong[i][0]);
		refuse(text, wrong[i][1], wrong[i][2]);
	}
}

Test(config, refuses_what_is_no_object)
{
	refuse("", "", "not valid JSON");
	refuse("{", "", "not valid JSON");
	refuse("[]", "", "must be a JSON object");
	refuse("null", "", "must be a JSON object");
	refuse("{\"name\":\"a\",\"memory\":\"1M\"}x", "", "not valid JSON");
	refuse("{\"name\":\"a\\u0000b\",\"memory\":\"1M\"}", "", "NUL");
}

Test(config, refuses_a_nul_byte)
{
	static const char text[] = "{\"name\":\"a\",\"memory\":\"1M\"}\0}";
	struct usm_config_error err = { 0 };
	struct usm_config config;

	cr_assert_eq(usm_config_parse(text, sizeof(text) - 1, &config, &err),
		     -EINVAL);
	cr_assert(strstr(err.reason, "NUL byte"));
}

Test(config, names_unknown_keys_by_path)
{
	refuse("{\"name\":\"a\",\"memory\":\"1M\",\"policy\":{\"aloc\":\"x\"}}",
	       "policy.aloc", "did you mean \"alloc\"?");
	refuse("{\"name\":\"a\",\"memory\":\"1M\",\"Slots\":64}", "Slots",
	       "did you mean \"slots\"?");
	refuse("{\"name\":\"a\",\"memory\":\"1M\",\"colour\":1}", "colour",
	       "unknown key");
}

Test(config, keeps_hostile_keys_printable)
{
	refuse("{\"a\\n\\u001b\":1}", "a??", "unknown key");
	refuse("{\"\xc3\xa4\":1}", "??", "unknown key");
}

Test(config, refuses_missing_and_double_keys)
{
	refuse("{}", "name", "is required");
	refuse("{\"name\":\"a\"}", "memory", "is required");
	refuse("{\"name\":\"a\",\"name\":\"a\",\"memory\":\"1M\"}", "name",
	       "given twice");
	refuse("{\"name\":\"a\",\"memory\":\"1M\","
	       "\"policy\":{\"alloc\":\"extent\",\"alloc\":\"extent\"}}",
	       "policy.alloc", "given twice");
}

Test(config, checks_every_limit)
{
	static const struct {
		const char *rest;
		const char *field;
	} wrong[] = {
		{ "\"name\":1,\"memory\":\"1M\"", "name" },
		{ "\"name\":\"A\",\"memory\":\"1M\"", "name" },
		{ "\"name\":\"a\",\"memory\":[]", "memory" },
		{ "\"name\":\"a\",\"memory\":0", "memory" },
		{ "\"name\":\"a\",\"memory\":1", "memory" },
		{ "\"name\":\"a\",\"memory\":4096.5", "memory" },
		{ "\"name\":\"a\",\"memory\":1e99", "memory" },
		{ "\"name\":\"a\",\"memory\":\"16T\"", "memory" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"policy\":1", "policy" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"policy\":{\"alloc\":1}",
		  "policy.alloc" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"cgroup\":"
		  "{\"cpu_max\":\"50\"}",
		  "cgroup.cpu_max" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"cgroup\":"
		  "{\"cpu_max\":\"-5%\"}",
		  "cgroup.cpu_max" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"cgroup\":"
		  "{\"cpu_max\":\"10001%\"}",
		  "cgroup.cpu_max" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"cgroup\":"
		  "{\"cpu_max\":\"99999999999999999999%\"}",
		  "cgroup.cpu_max" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"cgroup\":"
		  "{\"memory_max\":\"4K\"}",
		  "cgroup.memory_max" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"on_daemon_loss\":\"q\"",
		  "on_daemon_loss" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"deadline_ms\":0",
		  "deadline_ms" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"deadline_ms\":\"5\"",
		  "deadline_ms" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"policy\":"
		  "{\"oom\":7}",
		  "policy.oom" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"policy\":"
		  "{\"oom_options\":{\"limit_ms\":20}}",
		  "policy.oom_options.limit_ms" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"slots\":100", "slots" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"slots\":8192", "slots" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"workers\":0", "workers" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"workers\":3", "workers" },
		{ "\"name\":\"a\",\"memory\":\"1M\",\"workers\":64",
		  "workers" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), "{%s}", wrong[i].rest);
		refuse(text, wrong[i].field, "");
	}
}

Test(config, prints_what_it_reads_back)
{
	struct usm_config config =
		accept("{\"name\":\"a\",\"memory\":\"96M\","
		       "\"policy\":{\"alloc\":\"extent\",\"evict\":\"fifo\","
		       "\"prefetch\":\"stride\","
		       "\"prefetch_options\":{\"max\":\"9\"}},"
		       "\"swap\":{\"size\":\"1G\",\"free_low\":1,"
		       "\"device\":\"zstd\",\"memory_max\":\"4M\"},"
		       "\"cgroup\":{\"cpu_max\":\"50%\",\"memory_max\":\"5M\"},"
		       "\"deadline_ms\":7,\"slots\":64,"
		       "\"on_daemon_loss\":\"queue\"}");
	struct usm_config again;
	cJSON *json = NULL;
	char *text;

	usm_config_print(&config, &json);
	cr_assert(json);
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	again = accept(text);
	cJSON_free(text);
	cr_assert_str_eq(again.name, config.name);
	cr_assert_eq(again.memory_bytes, config.memory_bytes);
	cr_assert_str_eq(again.alloc_policy, config.alloc_policy);
	cr_assert_str_eq(again.evict_policy, "fifo");
	cr_assert_str_eq(again.prefetch_policy, "stride");
	cr_assert_str_eq(again.prefetch_options.setting[0].value, "9");
	cr_assert_eq(again.swap_bytes, 1 << 30);
	cr_assert_eq(again.free_low_percent, 1);
	cr_assert_eq(again.free_high_percent, config.free_high_percent);
	cr_assert_eq(again.cgroup_cpu_percent, 50);
	cr_assert_eq(again.cgroup_memory_max, 5 << 20);
	cr_assert_eq(again.swap_kind, USM_SWAP_ZSTD);
	cr_assert_eq(again.swap_memory_max, 4 << 20);
	cr_assert_eq(again.deadline_ms, 7);
	cr_assert_eq(again.slots, 64);
	cr_assert_eq(again.workers, 1);
	cr_assert_eq(again.on_loss, USM_ON_LOSS_QUEUE);
}

Test(config, loads_files)
{
	char path[] = "/tmp/usm-test-config-XXXXXX";
	struct usm_config_error err = { 0 };
	static const char text[] = "{\"name\":\"a\",\"memory\":\"1M\"}";
	struct usm_config config;
	int fd = mkstemp(path);

	cr_assert(fd >= 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	cr_assert_eq(usm_config_load(path, &config, &err), 0);
	cr_assert_eq(ftruncate(fd, USM_CONFIG_TEXT_MAX + 1), 0);
	cr_assert_eq(usm_config_load(path, &config, &err), -EFBIG);
	close(fd);
	unlink(path);
	cr_assert_eq(usm_config_load(path, &config, &err), -ENOENT);
}

/* ---- processes ------------------------------------------------------------------ */

#define WITH_SWAP                            \
	"{\"name\":\"a\",\"memory\":\"1M\"," \
	"\"swap\":{\"size\":\"1M\"},\"processes\":"

Test(config, reads_processes)
{
	struct usm_config config = accept(
		WITH_SWAP "[{\"name\":\"redis-*\",\"uid\":7,\"evict\":\"lru\","
			  "\"priority\":80},"
			  "{\"cgroup\":\"/batch.slice/*\",\"priority\":0},"
			  "{\"uid\":0,\"evict\":\"mine\","
			  "\"evict_options\":{\"depth\":\"3\"}}]}");
	const struct usm_config_process *process = config.processes.process;

	cr_assert_eq(config.processes.nr, 3);
	cr_assert_str_eq(process[0].name, "redis-*");
	cr_assert_eq(process[0].uid, 7);
	cr_assert_eq(process[0].priority, 80);
	cr_assert_str_eq(process[0].evict_policy, "lru");
	cr_assert_str_eq(process[1].cgroup, "/batch.slice/*");
	cr_assert_not(process[1].has_uid);
	cr_assert_eq(process[1].priority, 0);
	cr_assert_str_eq(process[1].evict_policy, "");
	cr_assert(process[2].has_uid);
	cr_assert_eq(process[2].priority, USM_PRIORITY_DEFAULT);
	cr_assert_str_eq(process[2].evict_options.setting[0].value, "3");
	cr_assert_eq(accept(WITH_SWAP "[]}").processes.nr, 0);
}

Test(config, refuses_wrong_processes)
{
	char text[2048];
	size_t used, i;

	refuse(WITH_SWAP "{}}", "processes", "must be an array");
	refuse(WITH_SWAP "[7]}", "processes[0]", "must be an object");
	refuse(WITH_SWAP "[{\"uid\":1},{\"priority\":1}]}", "processes[1]",
	       "must say which");
	refuse(WITH_SWAP "[{\"uid\":1,\"priority\":101}]}",
	       "processes[0].priority", "from 0 to 100");
	refuse(WITH_SWAP "[{\"uid\":4294967295}]}", "processes[0].uid",
	       "from 0 to 4294967294");
	refuse(WITH_SWAP "[{\"name\":\"\"}]}", "processes[0].name",
	       "1 to 47 characters");
	refuse(WITH_SWAP "[{\"name\":\"a\\u0007\"}]}", "processes[0].name",
	       "printable");
	refuse(WITH_SWAP "[{\"cgroup\":\"batch\"}]}", "processes[0].cgroup",
	       "begin with /");
	refuse(WITH_SWAP "[{\"uid\":1,\"evict\":\"LRU\"}]}",
	       "processes[0].evict", "a-z");
	refuse(WITH_SWAP "[{\"uid\":1,\"evict_options\":{\"a\":\"b\"}}]}",
	       "processes[0]", "need an evict policy");
	refuse(WITH_SWAP "[{\"uid\":1,\"alloc\":\"extent\"}]}",
	       "processes[0].alloc", "one policy allocates for all");
	refuse(WITH_SWAP "[{\"uid\":1,\"prority\":1}]}", "processes[0].prority",
	       "did you mean \"priority\"");
	refuse("{\"name\":\"a\",\"memory\":\"1M\",\"processes\":[{\"uid\":1}]}",
	       "processes", "without swap");
	used = (size_t)snprintf(text, sizeof(text), "%s[", WITH_SWAP);
	for (i = 0; i <= USM_PROCESSES_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s{\"uid\":%zu}", i ? "," : "", i);
	snprintf(text + used, sizeof(text) - used, "]}");
	refuse(text, "processes", "at most 16 items");
}

Test(config, prints_processes_as_it_reads_them)
{
	struct usm_config config = accept(
		WITH_SWAP "[{\"name\":\"a\",\"cgroup\":\"/b\",\"uid\":3,"
			  "\"evict\":\"fifo\",\"evict_options\":{\"x\":\"y\"}},"
			  "{\"uid\":4,\"priority\":1}]}");
	struct usm_config again;
	cJSON *json = NULL;
	char *text;

	usm_config_print(&config, &json);
	text = cJSON_PrintUnformatted(json);
	cr_assert(text);
	again = accept(text);
	cr_assert_eq(again.processes.nr, 2);
	cr_assert_eq(memcmp(&again.processes, &config.processes,
			    sizeof(again.processes)),
		     0, "%s", text);
	cJSON_free(text);
	cJSON_Delete(json);
}

/* ---- thresholds ----------------------------------------------------------------- */

#define WITHOUT_SWAP "{\"name\":\"a\",\"memory\":\"1M\",\"thresholds\":"
#define SWAP_AND                             \
	"{\"name\":\"a\",\"memory\":\"1M\"," \
	"\"swap\":{\"size\":\"1M\"},\"thresholds\":"

Test(config, reads_thresholds)
{
	struct usm_config config =
		accept(SWAP_AND "[{\"used_percent\":80,\"evict\":\"lru\"},"
				"{\"used_percent\":95,\"alloc\":\"first-fit\","
				"\"alloc_options\":{\"a\":\"b\"},"
				"\"evict\":\"fifo\"}]}");
	const struct usm_config_threshold *threshold =
		config.thresholds.threshold;
	struct usm_config again;
	cJSON *json = NULL;
	char *text;

	cr_assert_eq(config.thresholds.nr, 2);
	cr_assert_eq(threshold[0].used_percent, 80);
	cr_assert_str_eq(threshold[0].evict_policy, "lru");
	cr_assert_str_eq(threshold[0].alloc_policy, "");
	cr_assert_str_eq(threshold[1].alloc_policy, "first-fit");
	cr_assert_eq(threshold[1].alloc_options.nr, 1);
	usm_config_print(&config, &json);
	text = cJSON_PrintUnformatted(json);
	cr_assert(text);
	again = accept(text);
	cr_assert_eq(memcmp(&again.thresholds, &config.thresholds,
			    sizeof(again.thresholds)),
		     0, "%s", text);
	cJSON_free(text);
	cJSON_Delete(json);
	config = accept(WITHOUT_SWAP
			"[{\"used_percent\":80,\"alloc\":\"extent\"}]}");
	cr_assert_eq(config.thresholds.nr, 1);
}

Test(config, refuses_wrong_thresholds)
{
	refuse(SWAP_AND "7}", "thresholds", "must be an array");
	refuse(SWAP_AND "[{\"evict\":\"lru\"}]}", "thresholds[0].used_percent",
	       "is required");
	refuse(SWAP_AND "[{\"used_percent\":5,\"evict\":\"lru\"}]}",
	       "thresholds[0].used_percent", "from 6 to 100");
	refuse(SWAP_AND "[{\"used_percent\":101,\"evict\":\"lru\"}]}",
	       "thresholds[0].used_percent", "from 6 to 100");
	refuse(SWAP_AND "[{\"used_percent\":80}]}", "thresholds[0]",
	       "must name a policy");
	refuse(SWAP_AND "[{\"used_percent\":80,\"evict\":\"lru\","
			"\"alloc_options\":{\"a\":\"b\"}}]}",
	       "thresholds[0]", "options need");
	refuse(SWAP_AND "[{\"used_percent\":80,\"evict\":\"lru\"},"
			"{\"used_percent\":80,\"evict\":\"fifo\"}]}",
	       "thresholds[1]", "must be above");
	refuse(WITHOUT_SWAP "[{\"used_percent\":80,\"alloc\":\"extent\"},"
			    "{\"used_percent\":90,\"evict\":\"lru\"}]}",
	       "thresholds[1].evict", "without swap");
}

Test(policy_files, are_looked_for_wherever_they_are_named)
{
	struct usm_config config = accept(
		"{\"name\":\"a\",\"memory\":\"1M\",\"swap\":{\"size\":\"1M\"},"
		"\"processes\":[{\"uid\":1,\"evict\":\"lru\"}],"
		"\"thresholds\":[{\"used_percent\":80,\"alloc\":\"extent\","
		"\"evict\":\"sieve\"}]}");
	struct usm_config_error err;

	cr_assert_eq(usm_policy_files_check(&config, "/nowhere", &err), 0);
	strcpy(config.thresholds.threshold[0].evict_policy, "best");
	cr_assert_eq(usm_policy_files_check(&config, "/nowhere", &err),
		     -EINVAL);
	cr_assert_str_eq(err.field, "thresholds[0].evict");
	strcpy(config.thresholds.threshold[0].alloc_policy, "best");
	cr_assert_eq(usm_policy_files_check(&config, "/nowhere", &err),
		     -EINVAL);
	cr_assert_str_eq(err.field, "thresholds[0].alloc");
	strcpy(config.processes.process[0].evict_policy, "best");
	cr_assert_eq(usm_policy_files_check(&config, "/nowhere", &err),
		     -EINVAL);
	cr_assert_str_eq(err.field, "processes[0].evict");
}
