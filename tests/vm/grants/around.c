/* SPDX-License-Identifier: MIT */
/* Fault-around: one fault maps its neighbours from the same grant. */
#include <stdlib.h>
#include <string.h>

#include "common/client.h"
#include "grants/grants.h"
#include "grants/member.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/pattern.h"

#define FRAMES 8192
#define PAGES 2048 /* four page tables */
#define AROUND 15

static void grant(struct raw_daemon *daemon, const struct member *member,
		  uint32_t page, uint32_t frames, uint32_t flags)
{
	const struct usm_grant_entry entry = {
		.addr = member_page(member, page),
		.member = member->id,
		.first = grants_first(daemon) + page,
		.frames = frames,
		.around = AROUND,
		.flags = (uint8_t)flags,
	};

	if (grants_range(daemon, &entry))
		require(false, "around: a range is granted");
}

void test_around(int dev)
{
	uint32_t first, i, told = 0, wrong = 0;
	struct usm_instance_info info;
	struct usm_member_info about;
	struct usm_notice notice;
	struct raw_daemon daemon;
	struct member member;
	uint64_t faults;

	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	member_start(&member, &daemon, PAGES);
	grant(&daemon, &member, 0, PAGES, 0);
	faults = member_do(&member, ORDER_FILL, 0, PAGES);
	check_compare(faults, <=, PAGES / (AROUND + 1) + 2,
		      "around: one fault for %d pages, by getrusage",
		      AROUND + 1);
	for (i = 0; i < PAGES; i++)
		wrong += member_frame(&member, &daemon, i) != first + i;
	check_eq(wrong, 0, "around: every page has its frame");
	check_eq(member_do(&member, ORDER_BAD, 0, PAGES), 0,
		 "around: the data is right");
	wrong = 0;
	while (grants_notice(&daemon, USM_NOTICE_USED, &notice)) {
		wrong += notice.addr !=
				 member_page(&member, notice.frame - first) ||
			 notice.member != member.id;
		told += notice.pages;
	}
	check_eq(told, PAGES, "around: each page is told");
	check_eq(wrong, 0, "around: and told right");
	instance_info(dev, daemon.claim.instance, &info);
	check_eq(info.range + info.around, PAGES, "around: the counts add up");
	check_eq(info.range, PAGES / (AROUND + 1), "around: faults");
	member_info(dev, daemon.claim.instance, member.id, &about);
	check_eq(about.mapped, PAGES, "around: all of them count as mapped");
	check_eq(about.around, PAGES - PAGES / (AROUND + 1),
		 "around: for the member too");
	check_compare(status_number(member.child.pid, "VmRSS:") * 1024 /
			      (long long)PAGE_BYTES,
		      >=, PAGES, "around: the kernel counts them as resident");

	member_do(&member, ORDER_DONTNEED, 0, PAGES / 2);
	member_do(&member, ORDER_UNMAP, PAGES / 2, PAGES / 2);
	grants_all_home(&daemon, "around");
	check_compare(status_number(member.child.pid, "VmRSS:") * 1024 /
			      (long long)PAGE_BYTES,
		      <, PAGES, "around: and no longer");
	member_end(&member);
	raw_daemon_close(&daemon);
}

/* Holes, pages that are there, pages of a child: nothing is mapped over. */
void test_around_edges(int dev)
{
	uint32_t first, i, wrong = 0, kernels = 0;
	struct raw_daemon daemon;
	struct member member;
	pid_t pid;

	(void)dev;
	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	member_start(&member, &daemon, PAGES);
	/* The kernel's own pages first, and some zero pages. */
	member.seed = 7;
	for (i = 3; i < PAGES; i += 16)
		member_do(&member, ORDER_FILL, i, 1);
	for (i = 5; i < PAGES; i += 16)
		member_do(&member, ORDER_READ, i, 1);
	grant(&daemon, &member, 0, PAGES, 0);
	/* A grant that starts and ends anywhere, over a hole. */
	member_do(&member, ORDER_UNMAP, 600, 7);
	member_do(&member, ORDER_LOCK, 700, 8);
	for (i = 0; i < PAGES; i += 16)
		if (i < 592 || i > 700)
			member_do(&member, ORDER_FILL, i, 1);
	member_do(&member, ORDER_FILL, 592, 8);
	member_do(&member, ORDER_FILL, 607, 1);
	for (i = 0; i < 592; i++) {
		uint32_t frame = member_frame(&member, &daemon, i);

		if (i % 16 == 3)
			kernels += frame == USM_FRAME_NONE;
		else if (i % 16 == 5)
			wrong += frame != USM_FRAME_NONE;
		else
			wrong += frame != first + i;
	}
	check_eq(kernels, 592 / 16, "edges: pages that are there stay");
	check_eq(wrong, 0, "edges: the others are mapped");
	for (i = 3, wrong = 0; i < 592; i += 16)
		wrong += member_do(&member, ORDER_BAD, i, 1) != 0;
	check_eq(wrong, 0, "edges: their data too");
	check_eq(member_frame(&member, &daemon, 600), USM_FRAME_NONE,
		 "edges: nothing is mapped into a hole");
	check_eq(member_frame(&member, &daemon, 607), first + 607,
		 "edges: behind the hole it goes on");
	check_eq(member_frame(&member, &daemon, 592), first + 592,
		 "edges: and before it");

	pid = (pid_t)member_do(&member, ORDER_FORK, 0, 64);
	check_eq(member_do(&member, ORDER_BAD, 0, 1), 0,
		 "edges: after fork the parent's data is right");
	member_do(&member, ORDER_FILL, 0, 64);
	check_eq(member_do(&member, ORDER_BAD, 0, 64), 0,
		 "edges: and after its own copies");
	member_do(&member, ORDER_REAP, (size_t)pid, 0);
	member_end(&member);
	grants_all_home(&daemon, "edges");
	raw_daemon_close(&daemon);
}

void test_around_zeroed(int dev)
{
	struct raw_daemon daemon;
	struct member member;
	uint32_t first, i, soiled = 0;

	(void)dev;
	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	member_start(&member, &daemon, PAGES);
	grants_soil(&daemon, first, PAGES);
	grant(&daemon, &member, 0, PAGES / 2, 0);
	grant(&daemon, &member, PAGES / 2, PAGES / 2, USM_GRANT_ZEROED);
	for (i = 0; i < PAGES; i += AROUND + 1)
		member_do(&member, ORDER_FILL, i, 1);
	for (i = 0; i < PAGES / 2; i += AROUND + 1)
		soiled += member_do(&member, ORDER_NONZERO, i + 1, AROUND) != 0;
	check_eq(soiled, 0, "around: neighbours are cleared");
	for (i = PAGES / 2, soiled = 0; i < PAGES; i += AROUND + 1)
		soiled += (uint32_t)member_do(&member, ORDER_NONZERO, i + 1,
					      AROUND);
	check_eq(soiled, PAGES / 2 / (AROUND + 1) * AROUND,
		 "around: unless the policy vouches for them");
	member_end(&member);
	grants_all_home(&daemon, "around");
	raw_daemon_close(&daemon);
}

/* Page `index` of the member goes: what it held is in `bytes`. */
static void evict(struct raw_daemon *daemon, const struct member *member,
		  uint32_t index, void *bytes)
{
	struct usm_evict_entry entry = {
		.addr = member_page(member, index),
		.member = member->id,
		.cookie = 77,
	};
	void *slice;

	if (usm_client_evict(daemon->dev, &entry, 1, NULL) || entry.result)
		require(false, "evicted: a page is taken away");
	if (usm_client_map_slice(daemon->dev, entry.frame, 1, &slice))
		require(false, "evicted: its frame maps");
	memcpy(bytes, slice, PAGE_BYTES);
	usm_client_unmap(slice, PAGE_BYTES);
	check_eq(grants_free(daemon, entry.frame), 0, "evicted: and stored");
}

static void bring_back(struct raw_daemon *daemon, const struct member *member,
		       uint32_t index, uint32_t frame, const void *bytes)
{
	struct usm_swapin_entry entry = {
		.addr = member_page(member, index),
		.member = member->id,
		.frame = frame,
	};
	void *slice;

	if (usm_client_map_slice(daemon->dev, frame, 1, &slice))
		require(false, "evicted: the slice maps");
	memcpy(slice, bytes, PAGE_BYTES);
	usm_client_unmap(slice, PAGE_BYTES);
	check(usm_client_swapin(daemon->dev, &entry, 1, NULL) == 0 &&
		      entry.result == 0,
	      "evicted: the page comes back");
}

/* An evicted page is no missing one: nothing is mapped over its marker. */
void test_around_evicted(int dev)
{
	uint32_t first, i, wrong = 0;
	struct raw_daemon daemon;
	struct member member;
	uint8_t *bytes = malloc(PAGE_BYTES);
	uint64_t word = 0;

	(void)dev;
	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	member_start(&member, &daemon, PAGES);
	grants_push(&daemon, member.id, first + PAGES, 1, 0, 0);
	member_do(&member, ORDER_FILL, 3, 1);
	evict(&daemon, &member, 3, bytes);

	grant(&daemon, &member, 0, 64, 0);
	member_do(&member, ORDER_FILL, 0, 1);
	for (i = 0; i <= AROUND; i++)
		wrong += member_frame(&member, &daemon, i) !=
			 (i == 3 ? USM_FRAME_NONE : first + i);
	check_eq(wrong, 0, "evicted: its neighbours are mapped, it is not");
	usm_client_pages(daemon.dev, member.id, member_page(&member, 3), 1, 0,
			 &word);
	check(word & USM_PAGE_EVICTED, "evicted: its marker is still there");
	bring_back(&daemon, &member, 3, first + PAGES + 1, bytes);
	check_eq(member_do(&member, ORDER_BAD, 3, 1), 0,
		 "evicted: with its data");
	free(bytes);
	member_end(&member);
	grants_all_home(&daemon, "evicted");
	raw_daemon_close(&daemon);
}
