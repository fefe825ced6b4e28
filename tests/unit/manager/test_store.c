// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"

static char dir[64];

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void make_dir(void)
{
	strcpy(dir, "/tmp/usm-test-store-XXXXXX");
	cr_assert(mkdtemp(dir));
}

static void remove_dir(void)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(store, .init = make_dir, .fini = remove_dir);

static const struct usm_config example = {
	.name = "a",
	.memory_bytes = 1 << 20,
	.alloc_policy = "extent",
	.cgroup_cpu_percent = 50,
	.deadline_ms = 100,
	.slots = 1024,
	.workers = 1,
};

struct seen {
	int good;
	int bad;
	struct usm_config config;
	char reason[300];
};

static void on_found(void *data, const char *file,
		     const struct usm_config *config, const char *reason)
{
	struct seen *seen = data;

	(void)file;
	if (config) {
		seen->good++;
		seen->config = *config;
	} else {
		seen->bad++;
		snprintf(seen->reason, sizeof(seen->reason), "%s", reason);
	}
}

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	cr_assert(f);
	fputs(text, f);
	fclose(f);
}

static bool there(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !access(path, F_OK);
}

Test(store, gives_back_what_it_took)
{
	struct seen seen = { 0 };

	cr_assert_eq(usm_store_save(dir, &example), 0);
	cr_assert_eq(usm_store_load(dir, on_found, &seen), 0);
	cr_assert_eq(seen.good, 1);
	cr_assert_eq(seen.bad, 0);
	cr_assert_str_eq(seen.config.name, "a");
	cr_assert_str_eq(seen.config.alloc_policy, "extent");
	cr_assert_eq(seen.config.cgroup_cpu_percent, 50);
	cr_assert_not(there("a.json.new"));
}

Test(store, removes)
{
	cr_assert_eq(usm_store_save(dir, &example), 0);
	cr_assert_eq(usm_store_remove(dir, "a"), 0);
	cr_assert_not(there("a.json"));
	cr_assert_eq(usm_store_remove(dir, "a"), 0);
}

Test(store, sets_bad_files_aside)
{
	struct seen seen = { 0 };

	write_file("b.json", "{\"name\":\"b\",\"mem");
	cr_assert_eq(usm_store_load(dir, on_found, &seen), 0);
	cr_assert_eq(seen.good, 0);
	cr_assert_eq(seen.bad, 1);
	cr_assert(there("b.json.bad"));
	cr_assert_not(there("b.json"));
	memset(&seen, 0, sizeof(seen));
	cr_assert_eq(usm_store_load(dir, on_found, &seen), 0);
	cr_assert_eq(seen.good + seen.bad, 0);
}

Test(store, refuses_a_file_under_another_name)
{
	struct seen seen = { 0 };

	write_file("b.json", "{\"name\":\"a\",\"memory\":\"1M\"}");
	cr_assert_eq(usm_store_load(dir, on_found, &seen), 0);
	cr_assert_eq(seen.bad, 1);
	cr_assert(strstr(seen.reason, "named \"a\" inside"));
}

Test(store, ignores_other_files)
{
	struct seen seen = { 0 };

	write_file("README", "hello");
	write_file(".json", "{}");
	cr_assert_eq(usm_store_load(dir, on_found, &seen), 0);
	cr_assert_eq(seen.good + seen.bad, 0);
}

Test(store, clears_half_written_files)
{
	write_file("c.json.new", "{\"na");
	cr_assert_eq(usm_store_open(dir), 0);
	cr_assert_not(there("c.json.new"));
}

Test(store, makes_its_directory)
{
	char deep[128];

	snprintf(deep, sizeof(deep), "%s/x/y", dir);
	cr_assert_eq(usm_store_open(deep), 0);
	cr_assert_eq(usm_store_open(deep), 0);
	cr_assert_eq(usm_store_save(deep, &example), 0);
}

Test(store, says_when_it_cannot)
{
	cr_assert_eq(usm_store_save("/proc/no/such", &example), -ENOENT);
	cr_assert_eq(usm_store_load("/proc/no/such", on_found, NULL), -ENOENT);
}
