/* SPDX-License-Identifier: MIT */
/* The policy moves pages of a running member to frames of its choice. */
#include <errno.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pagemap.h"
#include "lib/pattern.h"
#include "live/live.h"

#define FRAMES 4096
#define PAGES 512
#define DEADLINE_MS 5000
#define LIMIT_MS 30000

/* The pool's frame behind each page of the worker. */
static void read_frames(const struct child *child,
			const struct raw_daemon *daemon, uint32_t *frames)
{
	const uint64_t *word = child->shared->word;
	struct pages pages;
	size_t i;

	require(!pages_read_range(child->pid, word[WORK_ADDR],
				  word[WORK_ADDR] + PAGES * PAGE_BYTES,
				  &pages) &&
			pages.nr == PAGES,
		"its pagemap is read");
	for (i = 0; i < PAGES; i++)
		frames[i] =
			(uint32_t)(pages.at[i].pfn - daemon->claim.base_pfn);
	pages_free(&pages);
}

/* All pages to the frames from `to` on, named by address or by frame. */
static void move_all(const struct child *child, const struct raw_daemon *daemon,
		     uint32_t member, uint32_t to)
{
	uint32_t before[PAGES], after[PAGES], i, done = 0, right = 0;
	struct usm_move_entry entry[PAGES] = { 0 };

	read_frames(child, daemon, before);
	for (i = 0; i < PAGES; i++) {
		entry[i].member = member;
		if (member)
			entry[i].addr =
				child->shared->word[WORK_ADDR] + i * PAGE_BYTES;
		else
			entry[i].frame = before[i];
		entry[i].target = to + i;
	}
	check_eq(usm_client_move(daemon->dev, entry, PAGES, &done), 0,
		 "pages are moved by %s", member ? "address" : "frame");
	check_eq(done, PAGES, "all of them");
	read_frames(child, daemon, after);
	for (i = 0; i < PAGES; i++)
		right += after[i] == to + i && entry[i].frame == before[i] &&
			 !entry[i].result;
	check_eq(right, PAGES, "they are where they should be");
}

static int move_one(const struct raw_daemon *daemon, uint32_t member,
		    uint64_t addr, uint32_t target)
{
	struct usm_move_entry entry = { .member = member,
					.addr = addr,
					.target = target };
	int err = usm_client_move(daemon->dev, &entry, 1, NULL);

	return err ? err : entry.result;
}

void test_move(int dev)
{
	struct usm_member_info member;
	struct raw_daemon daemon;
	struct child child;
	uint32_t first, id, nr = 1;
	uint64_t addr;

	raw_daemon_open(&daemon, "move", FRAMES, 0, DEADLINE_MS);
	raw_daemon_serve(&daemon, false);
	id = daemon.claim.instance;
	first = daemon.claim.extents[0].first;
	work_start(&child, &daemon, PAGES);
	work_go(&child);
	require(!usm_client_members(dev, id, 0, &member, &nr) && nr == 1,
		"its number");
	/* The daemon may stop answering: everything is touched. */
	move_all(&child, &daemon, member.member, first + FRAMES - PAGES);
	move_all(&child, &daemon, 0, first + FRAMES - 2 * PAGES);
	check(work_moves_on(&child), "it goes on");

	addr = child.shared->word[WORK_ADDR];
	check_eq(move_one(&daemon, member.member, addr,
			  first + FRAMES - 2 * PAGES),
		 -EBUSY, "a target that is mapped");
	check_eq(move_one(&daemon, member.member, addr, first + FRAMES), -EPERM,
		 "a target that is another's");
	check_eq(move_one(&daemon, member.member, addr - 64 * MIB,
			  first + FRAMES - PAGES - 1),
		 -ENOENT, "an address with no frame");
	check_eq(move_one(&daemon, member.member + 1000, addr, first), -ESRCH,
		 "a member that does not exist");
	check_eq(move_one(&daemon, member.member, addr + 1, first), -EINVAL,
		 "an address inside a page");
	work_end(&child, "moved by the policy");
	raw_daemon_close(&daemon);
	check(instance_gone(dev, id, LIMIT_MS), "all of it came back");
}
