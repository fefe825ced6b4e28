/* SPDX-License-Identifier: MIT */
/* What becomes of unused grants when one of those concerned goes away. */
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "grants/grants.h"
#include "grants/member.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"

#define FRAMES 4096
#define PAGES 256
#define GONE_LIMIT_MS 20000

void test_member_ends(int dev)
{
	struct usm_instance_info info;
	struct raw_daemon daemon;
	struct member member;
	uint32_t first;

	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);

	member_start(&member, &daemon, PAGES);
	grants_push(&daemon, member.id, first, 2 * PAGES, 0, 0);
	grants_range(&daemon, &(struct usm_grant_entry){
				      .addr = member_page(&member, PAGES - 1),
				      .member = member.id,
				      .first = first + 4 * PAGES,
				      .frames = 1000,
			      });
	member_do(&member, ORDER_FILL, 0, PAGES);
	member_end(&member);
	grants_all_home(&daemon, "exit");

	member_start(&member, &daemon, PAGES);
	grants_push(&daemon, member.id, first + 2 * PAGES, PAGES, 0, 0);
	check(!usm_client_unbind(daemon.dev, daemon.claim.instance,
				 member.child.pidfd),
	      "unbind: it works");
	instance_info(dev, daemon.claim.instance, &info);
	check_eq(info.frames[USM_FRAME_GRANTED], 0,
		 "unbind: unused frames are home");
	member_do(&member, ORDER_FILL, 0, PAGES);
	check_eq(member_frame(&member, &daemon, 0), USM_FRAME_NONE,
		 "unbind: the kernel serves it from then on");
	member_end(&member);

	member_start(&member, &daemon, PAGES);
	grants_push(&daemon, member.id, first + 3 * PAGES, PAGES, 0, 0);
	check_compare(child_kill(&member.child), >, 128, "kill: it dies");
	grants_all_home(&daemon, "kill");
	raw_daemon_close(&daemon);
	check(instance_gone(dev, info.instance, GONE_LIMIT_MS),
	      "the partition dissolves");
}

/* Lost and taken over, then gone for good, with frames in every magazine. */
void test_daemon_ends(int dev)
{
	struct usm_claim claim = { .flags = USM_CLAIM_PERSIST };
	struct usm_instance_info info;
	struct raw_daemon daemon;
	struct member member;
	uint32_t first, frame;
	int fd;

	raw_daemon_open(&daemon, "grants", FRAMES, USM_CLAIM_PERSIST, 1000);
	first = grants_first(&daemon);
	member_start(&member, &daemon, 2 * PAGES);
	grants_push(&daemon, member.id, first, PAGES, 0, 0);
	grants_push(&daemon, 0, first + PAGES, 2 * PAGES, 0, 0);
	check_eq(grants_range(&daemon,
			      &(struct usm_grant_entry){
				      .addr = member_page(&member, 3 * PAGES),
				      .member = member.id,
				      .first = first + 4 * PAGES,
				      .frames = 1000,
			      }),
		 0, "loss: a range is granted too");
	claim = daemon.claim;
	raw_daemon_close(&daemon);
	instance_info(dev, claim.instance, &info);
	check_eq(info.state, USM_INSTANCE_LOST, "loss: the daemon is gone");
	daemon.claim = claim;
	member_do(&member, ORDER_FILL, 0, 2 * PAGES);
	frame = member_frame(&member, &daemon, 0);
	check_eq(frame, first, "loss: what was granted still serves");
	frame = member_frame(&member, &daemon, 2 * PAGES - 1);
	check_eq(frame, first + 2 * PAGES - 1, "loss: the shared ones too");

	claim.frames = 0;
	claim.flags = USM_CLAIM_ATTACH;
	memset(claim.reserved, 0, sizeof(claim.reserved));
	claim.reserved0 = 0;
	require(!usm_client_open(NULL, &fd) && !usm_client_claim(fd, &claim),
		"loss: another takes over");
	instance_info(dev, claim.instance, &info);
	check_eq(info.frames[USM_FRAME_GRANTED], 0,
		 "loss: it finds no grants that it does not know");
	check_eq(info.frames[USM_FRAME_FREE], FRAMES - 2 * PAGES,
		 "loss: what was not used is free");
	check_eq(member_do(&member, ORDER_BAD, 0, 2 * PAGES), 0,
		 "loss: the data is right");

	daemon.dev = fd;
	grants_push(&daemon, member.id, first + 2 * PAGES, PAGES, 0, 0);
	grants_push(&daemon, 0, first + 3 * PAGES, PAGES, 0, 0);
	grants_range(&daemon, &(struct usm_grant_entry){
				      .addr = member_page(&member, 3 * PAGES),
				      .member = member.id,
				      .first = first + 4 * PAGES,
				      .frames = 1000,
			      });
	close(fd);
	member_end(&member);
	check(instance_gone(dev, claim.instance, GONE_LIMIT_MS),
	      "dissolve: nothing keeps the partition");
}

void test_notices_full(int dev)
{
	const uint32_t nr = USM_NOTICES + 100;
	struct usm_notices *notices;
	struct usm_notice notice;
	struct raw_daemon daemon;
	struct member member;
	uint32_t first, seen = 0;

	(void)dev;
	grants_open(&daemon, FRAMES);
	first = grants_first(&daemon);
	notices = (void *)((char *)daemon.channel +
			   daemon.channel->notices_offset);
	member_start(&member, &daemon, 2 * USM_NOTICES);
	grants_push(&daemon, member.id, first, USM_MAGAZINE_MAX, 0, 0);
	grants_push(&daemon, 0, first + USM_MAGAZINE_MAX, nr - USM_MAGAZINE_MAX,
		    0, 0);
	member_do(&member, ORDER_FILL, 0, nr);
	check_eq(notices->lost, nr - USM_NOTICES,
		 "full: what found no room is counted");
	while (grants_notice(&daemon, USM_NOTICE_USED, &notice))
		seen++;
	check_eq(seen, USM_NOTICES, "full: the ring holds what it can");

	/* A tail that makes no sense harms nobody but its owner. */
	notices->tail = notices->head + 12345;
	grants_push(&daemon, member.id, first + nr, 10, 0, 0);
	member_do(&member, ORDER_FILL, nr, 10);
	check_eq(member_do(&member, ORDER_BAD, 0, nr + 10), 0,
		 "full: the data is right");
	check_compare(notices->lost, >=, nr - USM_NOTICES + 10,
		      "full: with a wrong tail all is lost");
	member_end(&member);
	grants_all_home(&daemon, "full");
	raw_daemon_close(&daemon);
}
