/* SPDX-License-Identifier: MIT */
/* Policies in files of their own: the examples of api/examples, and bad ones. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "instance/policies/alloc/checked.h"
#include "instance/policies/alloc/registry.h"
#include "instance/policies/evict/checked.h"
#include "instance/policies/prefetch/checked.h"
#include "instance/policies/prefetch/registry.h"
#include "instance/policies/selection.h"
#include "instance/privileges.h"
#include "temp_dir.h"

#define FRAMES 300

static char dir[64];
static struct usm_config config;
static struct usm_trusted where;
static struct usm_policy_selection *selection;
static struct usm_failure failure;

static void setup(void)
{
	temp_dir_make(dir, sizeof(dir));
	temp_copy(dir, "warm.so", USM_EXAMPLES "/warm.so");
	temp_copy(dir, "turns.so", USM_EXAMPLES "/turns.so");
	temp_copy(dir, "next.so", USM_EXAMPLES "/next.so");
	where = (struct usm_trusted){
		.root = dir,
		.dir = "",
		.owner = geteuid(),
	};
	config = (struct usm_config){
		.alloc_policy = "warm",
		.evict_policy = "turns",
		.prefetch_policy = "next",
	};
}

static void teardown(void)
{
	usm_policy_selection_destroy(selection);
	temp_dir_remove(dir);
}

TestSuite(selection, .init = setup, .fini = teardown);

/* Whether there has to be a place for it is known before anything is loaded. */
Test(selection, tells_whether_programs_may_be_remembered)
{
	static const struct {
		const char *prefetch;
		bool remembers;
	} cases[] = {
		{ "", false },
		{ "stride", false },
		{ "record-replay", true },
		{ "next", true }, /* who knows */
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(config.prefetch_policy, sizeof(config.prefetch_policy),
			 "%s", cases[i].prefetch);
		cr_assert_eq(usm_policy_selection_open(&config, &where,
						       &selection, &failure),
			     0);
		cr_assert_eq(usm_policy_selection_remembers(selection),
			     cases[i].remembers, "%s", cases[i].prefetch);
		usm_policy_selection_destroy(selection);
		selection = NULL;
	}
}

static int select_policies(void)
{
	int err = usm_policy_selection_open(&config, &where, &selection,
					    &failure);

	return err ? err : usm_policy_selection_load(selection, &failure);
}

Test(selection, loads_the_examples)
{
	cr_assert_eq(select_policies(), 0, "%s", failure.text);
	cr_assert_str_eq(selection->alloc->name, "warm");
	cr_assert_str_eq(selection->evict->name, "turns");
	cr_assert_str_eq(selection->prefetch.prefetch->name, "next");
}

/* As the daemon does it: opened by root, loaded by nobody. */
Test(selection, loads_without_rights)
{
	int status = 0, err;
	pid_t child;

	if (geteuid())
		cr_skip_test("needs root to have rights to give up");
	cr_assert_eq(usm_policy_selection_open(&config, &where, &selection,
					       &failure),
		     0, "%s", failure.text);
	/* A child, so that somebody is left who may clean up. */
	child = fork();
	if (!child) {
		err = usm_privileges_drop(USM_INSTANCE_UID, USM_INSTANCE_UID,
					  &failure);
		if (!err)
			err = usm_policy_selection_load(selection, &failure);
		if (err)
			fprintf(stderr, "%s\n", failure.text);
		_exit(err ? 1 : 0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
}

Test(selection, takes_what_is_built_in_without_looking)
{
	where.root = "/nowhere";
	strcpy(config.alloc_policy, "extent");
	strcpy(config.evict_policy, "fifo");
	strcpy(config.prefetch_policy, "stride");
	cr_assert_eq(select_policies(), 0);
	cr_assert_eq(selection->prefetch.prefetch, &usm_prefetch_stride);
	cr_assert_eq(selection->alloc, &usm_alloc_extent);
}

Test(selection, warm_gives_the_last_frame_back_first)
{
	static const struct usm_extent extent = { 1000, FRAMES };
	struct usm_fault fault = { .member = 1 };
	struct usm_checked_alloc *frames;
	struct usm_policy_stat overruled;
	uint32_t i, last = USM_FRAME_NONE;

	cr_assert_eq(select_policies(), 0, "%s", failure.text);
	cr_assert_eq(usm_checked_alloc_create(selection->alloc, NULL, &extent,
					      1, &frames, &failure),
		     0);
	for (i = 0; i < FRAMES; i++)
		usm_checked_alloc_give(frames, 1000 + i);
	for (i = 0; i < FRAMES; i++) {
		last = usm_checked_alloc_pick(frames, &fault);
		cr_assert_neq(last, USM_FRAME_NONE);
	}
	cr_assert_eq(usm_checked_alloc_pick(frames, &fault), USM_FRAME_NONE);
	usm_checked_alloc_give(frames, 1007);
	usm_checked_alloc_give(frames, last);
	cr_assert_eq(usm_checked_alloc_pick(frames, &fault), last);
	cr_assert_eq(usm_checked_alloc_pick(frames, &fault), 1007);
	usm_checked_alloc_stats(frames, &overruled, 1);
	cr_assert_eq(overruled.value, 0);
	usm_checked_alloc_destroy(frames);
}

Test(selection, turns_takes_frames_in_turn)
{
	struct usm_checked_evict *pages;
	struct usm_policy_stat overruled;
	uint32_t victims[4];

	cr_assert_eq(select_policies(), 0, "%s", failure.text);
	cr_assert_eq(usm_checked_evict_create(selection->evict, NULL, FRAMES,
					      &pages, &failure),
		     0);
	usm_checked_evict_placed(pages, 9, 1);
	usm_checked_evict_placed(pages, 5, 2);
	usm_checked_evict_placed(pages, 200, 3);
	usm_checked_evict_placed(pages, 7, 4);
	usm_checked_evict_removed(pages, 7);
	cr_assert_eq(usm_checked_evict_choose(pages, 8, false, victims, 4), 1);
	cr_assert_eq(victims[0], 5);
	cr_assert_eq(usm_checked_evict_choose(pages, 8, true, victims, 4), 2);
	cr_assert_eq(victims[0], 9);
	cr_assert_eq(victims[1], 200);
	usm_checked_evict_stats(pages, &overruled, 1);
	cr_assert_eq(overruled.value, 0);
	usm_checked_evict_destroy(pages);
}

Test(selection, next_asks_for_the_pages_behind)
{
	struct usm_fault fault = {
		.addr = 0x5000,
		.vma_start = 0x1000,
		.vma_end = 0x20000,
		.member = 1,
		.kind = USM_FAULT_SWAPIN,
	};
	uint64_t wants[USM_PREFETCH_WANTS_MAX];
	struct usm_checked_prefetch *policy;
	struct usm_policy_stat overruled;
	uint32_t i;

	cr_assert_eq(select_policies(), 0, "%s", failure.text);
	cr_assert_eq(usm_checked_prefetch_create(selection->prefetch.prefetch,
						 NULL, &policy, &failure),
		     0);
	cr_assert_eq(usm_checked_prefetch_fault(policy, &fault, wants, 64), 8);
	for (i = 0; i < 8; i++)
		cr_assert_eq(wants[i], 0x6000 + i * 0x1000);
	fault.addr = 0x1e000;
	cr_assert_eq(usm_checked_prefetch_fault(policy, &fault, wants, 64), 1);
	for (i = 0; i < 10; i++)
		usm_checked_prefetch_unused(policy, 1, 0x6000);
	fault.addr = 0x5000;
	cr_assert_eq(usm_checked_prefetch_fault(policy, &fault, wants, 64), 1);
	usm_checked_prefetch_used(policy, 1, 0x6000);
	cr_assert_eq(usm_checked_prefetch_fault(policy, &fault, wants, 64), 2);
	usm_checked_prefetch_stats(policy, &overruled, 1);
	cr_assert_eq(overruled.value, 0);
	usm_checked_prefetch_destroy(policy);
}

static void fails(int wanted, const char *reason)
{
	int err = select_policies();

	cr_assert_eq(err, wanted, "%d: %s", err, failure.text);
	cr_assert(strstr(failure.text, reason), "%s", failure.text);
}

Test(selection, says_that_a_policy_is_not_there)
{
	strcpy(config.evict_policy, "best");
	fails(-ENOENT, "best.so: No such file");
	cr_assert_eq(strncmp(failure.text, "policy.evict: ", 14), 0);
}

Test(selection, refuses_a_policy_of_another_kind)
{
	strcpy(config.alloc_policy, "turns");
	fails(-EINVAL,
	      "policy.alloc: turns.so: it is a policy of another kind");
}

Test(selection, refuses_another_kind_for_prefetch_too)
{
	strcpy(config.prefetch_policy, "turns");
	fails(-EINVAL,
	      "policy.prefetch: turns.so: it is a policy of another kind");
}

Test(selection, refuses_a_policy_under_another_name)
{
	temp_copy(dir, "hot.so", USM_EXAMPLES "/warm.so");
	strcpy(config.alloc_policy, "hot");
	fails(-EINVAL, "policy.alloc: hot.so: .name is not the name of the");
}

Test(selection, refuses_what_is_no_library)
{
	temp_file(dir, "text.so", "not ELF", 7, 0644);
	strcpy(config.alloc_policy, "text");
	fails(-EINVAL, "policy.alloc: text.so: ");
	cr_assert_null(strstr(failure.text, "/proc/self"), "%s", failure.text);
}

Test(selection, refuses_what_is_not_to_be_trusted)
{
	temp_file(dir, "open.so", "", 0, 0666);
	strcpy(config.alloc_policy, "open");
	fails(-EPERM, "others may write to it");
}

/* A replaced file is another library, though the old one is still there. */
Test(selection, loads_the_file_that_is_there_now)
{
	struct usm_policy_selection *before;
	char path[96];

	cr_assert_eq(select_policies(), 0, "%s", failure.text);
	before = selection;
	selection = NULL;
	snprintf(path, sizeof(path), "%s/warm.so", dir);
	cr_assert_eq(unlink(path), 0);
	temp_copy(dir, "warm.so", USM_EXAMPLES "/warm.so");
	cr_assert_eq(select_policies(), 0, "%s", failure.text);
	cr_assert_neq(selection->alloc_library.handle,
		      before->alloc_library.handle);
	cr_assert_neq(selection->alloc->pick, before->alloc->pick);
	usm_policy_selection_destroy(before);
	cr_assert_eq(access(path, R_OK), 0);
}

/* ---- tables of other ages -------------------------------------------------- */

struct table {
	uint32_t struct_size;
	uint32_t api_version;
	uint64_t first, second, third;
};

Test(policy_table, what_it_lacks_is_null_and_what_is_new_is_ignored)
{
	struct table theirs = {
		.struct_size = offsetof(struct table, third),
		.api_version = USM_POLICY_API_VERSION,
		.first = 1,
		.second = 2,
		.third = 3,
	};
	struct table ours = { .third = 99 };
	struct {
		struct table table;
		uint64_t guard;
	} old = { .guard = 42 };
	const char *why = NULL;

	cr_assert_eq(usm_policy_table_read(&theirs, sizeof(ours),
					   offsetof(struct table, second),
					   &ours, &why),
		     0);
	cr_assert_eq(ours.second, 2);
	cr_assert_eq(ours.third, 0);
	theirs.struct_size = sizeof(theirs);
	cr_assert_eq(usm_policy_table_read(
			     &theirs, offsetof(struct table, third),
			     offsetof(struct table, second), &old, &why),
		     0);
	cr_assert_eq(old.table.second, 2);
	cr_assert_eq(old.table.third, 0);
	cr_assert_eq(old.guard, 42);
}

Test(policy_table, refuses_another_version_and_what_is_too_small)
{
	struct table theirs = {
		.struct_size = 0,
		.api_version = USM_POLICY_API_VERSION,
	};
	struct table ours;
	const char *why = NULL;

	cr_assert_eq(
		usm_policy_table_read(&theirs, sizeof(ours), 8, &ours, &why),
		-EINVAL);
	cr_assert(strstr(why, "struct_size"));
	theirs.struct_size = sizeof(theirs);
	theirs.api_version++;
	cr_assert_eq(
		usm_policy_table_read(&theirs, sizeof(ours), 8, &ours, &why),
		-EINVAL);
	cr_assert(strstr(why, "another version"));
}
