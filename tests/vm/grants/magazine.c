/* SPDX-License-Identifier: MIT */
/* Magazines: whatever page faults next gets the frame pushed first. */
#include <sys/mman.h>
#include <unistd.h>

#include "common/client.h"
#include "grants/grants.h"
#include "grants/member.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"

#define FRAMES 2048
#define PAGES 256

/* Every frame in the order of pushing, each where its notice says. */
static void check_order(struct raw_daemon *daemon, const struct member *member,
			uint32_t first, uint32_t nr, const char *what)
{
	uint32_t used = 0, wrong = 0, elsewhere = 0;
	struct usm_notice notice;

	while (grants_notice(daemon, USM_NOTICE_USED, &notice)) {
		wrong += notice.frame != first + used || notice.pages != 1 ||
			 notice.member != member->id;
		elsewhere += frame_at(member->child.pid, notice.addr, daemon) !=
			     notice.frame;
		used++;
	}
	check_eq(used, nr, "%s: a notice for each frame", what);
	check_eq(wrong, 0, "%s: used in the order of pushing", what);
	check_eq(elsewhere, 0, "%s: the page table has them there", what);
}

void test_magazine_order(int dev)
{
	struct usm_instance_info info;
	struct usm_member_info about;
	struct raw_daemon daemon;
	struct member member;
	uint32_t first;

	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	member_start(&member, &daemon, 2 * PAGES);
	check_eq(grants_push(&daemon, 0, first + PAGES, PAGES, 0, 0), PAGES,
		 "order: the shared magazine is filled first");
	check_eq(grants_push(&daemon, member.id, first, PAGES, 0, 0), PAGES,
		 "order: then the member's own");
	member_info(dev, daemon.claim.instance, member.id, &about);
	check_eq(about.stocked, PAGES, "order: the stock is shown");
	member_do(&member, ORDER_FILL, 0, 2 * PAGES);
	check_order(&daemon, &member, first, 2 * PAGES,
		    "order: own, then shared");
	check_eq(member_do(&member, ORDER_BAD, 0, 2 * PAGES), 0,
		 "order: the data is right");

	instance_info(dev, daemon.claim.instance, &info);
	check_eq(info.magazine, 2 * PAGES, "order: faults by magazine count");
	check_eq(info.upcalls, 0, "order: nobody was asked");
	member_info(dev, daemon.claim.instance, member.id, &about);
	check_eq(about.magazine, 2 * PAGES, "order: and for the member");
	check_eq(about.stocked, 0, "order: nothing is left");

	member_do(&member, ORDER_UNMAP, 0, 2 * PAGES);
	grants_all_home(&daemon, "order");
	member_end(&member);
	raw_daemon_close(&daemon);
}

void test_magazine_zeroed(int dev)
{
	struct raw_daemon daemon;
	struct member member;
	uint32_t first;

	(void)dev;
	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	member_start(&member, &daemon, 2 * PAGES);
	grants_soil(&daemon, first, 2 * PAGES);
	grants_push(&daemon, member.id, first, PAGES, 0, 0);
	check_eq(member_do(&member, ORDER_LOCK, 0, PAGES), 0,
		 "zeroing: mlock faults pages in");
	check_eq(member_do(&member, ORDER_NONZERO, 0, PAGES), 0,
		 "zeroing: the kernel clears what nobody vouches for");

	/* The proof that a vouched frame is taken as it is. */
	grants_push(&daemon, member.id, first + PAGES, PAGES, USM_PUSH_ZEROED,
		    0);
	check_eq(member_do(&member, ORDER_LOCK, PAGES, PAGES), 0,
		 "zeroing: mlock faults more pages in");
	check_compare(member_do(&member, ORDER_NONZERO, PAGES, PAGES), >=,
		      PAGES - 8, "zeroing: vouched frames are not cleared");
	member_end(&member);
	grants_all_home(&daemon, "zeroing");
	raw_daemon_close(&daemon);
}

void test_magazine_low(int dev)
{
	const uint32_t stock = 64, low = 16;
	struct usm_doorbell *bell;
	struct usm_notice notice;
	struct raw_daemon daemon;
	struct member member;
	uint32_t first, seq;

	(void)dev;
	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	require(!raw_daemon_register(&daemon), "low: a worker registers");
	bell = &daemon.channel->doorbell[0];
	member_start(&member, &daemon, PAGES);
	/* To be rung, a worker has to be asleep. */
	__atomic_store_n(&bell->state, USM_WORKER_ASLEEP, __ATOMIC_SEQ_CST);
	seq = __atomic_load_n(&bell->seq, __ATOMIC_SEQ_CST);
	grants_push(&daemon, member.id, first, stock, 0, low);
	member_do(&member, ORDER_FILL, 0, stock - low);
	check(!grants_notice(&daemon, USM_NOTICE_LOW, &notice),
	      "low: no notice while there are enough");
	check_eq(__atomic_load_n(&bell->seq, __ATOMIC_SEQ_CST), seq,
		 "low: no ring while there are enough");
	member_do(&member, ORDER_FILL, stock - low, low);
	check(grants_notice(&daemon, USM_NOTICE_LOW, &notice) &&
		      notice.member == member.id,
	      "low: a notice names the member");
	check(!grants_notice(&daemon, USM_NOTICE_LOW, &notice),
	      "low: one notice only");
	check_eq(__atomic_load_n(&bell->seq, __ATOMIC_SEQ_CST), seq + 1,
		 "low: the worker is rung once");
	grants_push(&daemon, 0, first + stock, 2, 0, 2);
	member_do(&member, ORDER_FILL, stock, 2);
	check(grants_notice(&daemon, USM_NOTICE_LOW, &notice) &&
		      notice.member == 0,
	      "low: the shared magazine tells too");
	member_end(&member);
	grants_all_home(&daemon, "low");
	raw_daemon_close(&daemon);
}

/* Zero page first, then a write: a copy, served ahead like any other. */
void test_magazine_copies(int dev)
{
	struct usm_instance_info info;
	struct raw_daemon daemon;
	struct member member;
	uint32_t first;

	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	member_start(&member, &daemon, PAGES);
	member_do(&member, ORDER_READ, 0, PAGES);
	grants_push(&daemon, member.id, first, PAGES, 0, 0);
	member_do(&member, ORDER_FILL, 0, PAGES);
	check_eq(member_do(&member, ORDER_BAD, 0, PAGES), 0,
		 "copies: the data is right");
	check_order(&daemon, &member, first, PAGES, "copies");
	instance_info(dev, daemon.claim.instance, &info);
	check_eq(info.magazine, PAGES, "copies: each was served ahead");
	member_end(&member);
	grants_all_home(&daemon, "copies");
	raw_daemon_close(&daemon);
}

void test_magazine_fork(int dev)
{
	uint32_t first, frame, shared = 0, i;
	struct usm_instance_info info;
	struct raw_daemon daemon;
	struct member member;
	pid_t pid;

	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	member_start(&member, &daemon, PAGES);
	grants_push(&daemon, member.id, first, PAGES, 0, 0);
	member_do(&member, ORDER_FILL, 0, PAGES);
	grants_push(&daemon, member.id, first + PAGES, PAGES, 0, 0);
	grants_push(&daemon, 0, first + 2 * PAGES, 2 * PAGES, 0, 0);
	member.seed = 2;
	pid = (pid_t)member_do(&member, ORDER_FORK, 0, PAGES);
	member.seed = 1;
	for (i = 0; i < PAGES; i++) {
		frame = frame_at(pid, member_page(&member, i), &daemon);
		shared +=
			frame >= first + 2 * PAGES && frame < first + 4 * PAGES;
	}
	check_eq(shared, PAGES, "fork: the child uses the shared magazine");
	check_eq(member_do(&member, ORDER_BAD, 0, PAGES), 0,
		 "fork: the parent's data is untouched");
	instance_info(dev, daemon.claim.instance, &info);
	check_compare(info.frames[USM_FRAME_GRANTED], >=, PAGES,
		      "fork: the parent's magazine is left alone");
	member_do(&member, ORDER_REAP, (size_t)pid, 0);
	member_end(&member);
	for (i = 0; i < 2 * PAGES; i++)
		grants_free(&daemon, first + 2 * PAGES + i);
	grants_all_home(&daemon, "fork");
	raw_daemon_close(&daemon);
}
