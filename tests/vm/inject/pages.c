/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "common/client.h"
#include "inject/inject.h"
#include "lib/check.h"
#include "lib/pattern.h"
#include "lib/wait.h"

/* Frames that the test keeps for itself. */
#define OWN 8
#define GROWN 128
#define LIMIT_MS 30000

struct paged {
	struct swapper *swapper;
	struct child child;
	uint32_t member;
	uint64_t addr; /* of the page that is evicted and brought back */
	int cookie;
	uint32_t own[OWN];
};

static int fd_of(const struct paged *paged)
{
	return paged->swapper->daemon.dev;
}

static int run_evict(void *with)
{
	struct paged *paged = with;

	paged->cookie =
		swapper_take(paged->swapper, paged->member, paged->addr);
	return paged->cookie < 0 ? paged->cookie : 0;
}

static int run_swapin(void *with)
{
	struct paged *paged = with;
	struct usm_swapin_entry entry = { .addr = paged->addr,
					  .member = paged->member,
					  .frame = paged->own[0] };
	int err;

	memcpy(paged->swapper->slice + entry.frame * PAGE_BYTES,
	       paged->swapper->store[paged->cookie].bytes, PAGE_BYTES);
	err = usm_client_swapin(fd_of(paged), &entry, 1, NULL);
	return err ? err : entry.result;
}

/* The frame that it leaves is the one to bring it back with. */
static void store(void *with)
{
	struct paged *paged = with;
	struct swapper *swapper = paged->swapper;
	uint32_t frame = swapper->store[paged->cookie].frame;
	uint32_t i;

	check_eq(swapper_store(swapper, (uint32_t)paged->cookie), 0,
		 "it is stored");
	turns_take(&swapper->lock);
	for (i = 0; i < swapper->nr_free; i++)
		if (swapper->free[i] == frame)
			swapper->free[i] = swapper->free[--swapper->nr_free];
	turns_leave(&swapper->lock);
	paged->own[0] = frame;
}

static void undo_evict(void *with)
{
	store(with);
	check_eq(run_swapin(with), 0, "it is brought back");
}

static void undo_swapin(void *with)
{
	check_eq(run_evict(with), 0, "it is evicted again");
	store(with);
}

static void free_own(const struct paged *paged, uint32_t first)
{
	struct usm_free_entry entries[OWN];
	uint32_t i, done = 0;

	for (i = first; i < OWN; i++)
		entries[i].frame = paged->own[i];
	check(!usm_client_free(fd_of(paged), entries + first, OWN - first,
			       &done) &&
		      done == OWN - first,
	      "the frames are free again");
}

static int run_push(void *with)
{
	struct paged *paged = with;
	struct usm_push push = { .member = paged->member };
	int err = usm_client_push(fd_of(paged), paged->own + 1, OWN - 1, &push);

	return err ? err : push.error;
}

static int run_grant(void *with)
{
	struct paged *paged = with;
	struct usm_grant_entry entries[OWN];
	uint32_t i, done = 0;
	int err;

	memset(entries, 0, sizeof(entries));
	for (i = 1; i < OWN; i++) {
		entries[i].member = paged->member;
		/* Where nothing is mapped. */
		entries[i].addr = 64 * MIB + i * PAGE_BYTES;
		entries[i].first = paged->own[i];
		entries[i].frames = 1;
	}
	err = usm_client_grant(fd_of(paged), entries + 1, OWN - 1, &done);
	if (err || done == OWN - 1)
		return err;
	for (i = 1; i < OWN; i++) {
		struct usm_free_entry entry = { .frame = paged->own[i] };

		if (entries[i].result)
			err = entries[i].result;
		else
			usm_client_free(fd_of(paged), &entry, 1, NULL);
	}
	return err;
}

static void undo_given(void *with)
{
	free_own(with, 1);
}

static bool own_are_free(void *with)
{
	struct paged *paged = with;
	uint32_t i;

	for (i = 1; i < OWN; i++)
		if (raw_daemon_frame(&paged->swapper->daemon, paged->own[i]) !=
		    USM_FRAME_FREE)
			return false;
	return true;
}

static int run_looks(void *with)
{
	struct paged *paged = with;
	struct usm_evicted_info evicted[4];
	uint64_t words[INJECT_PAGES];
	uint32_t nr = 4;
	int err = usm_client_evicted(fd_of(paged), 0, evicted, &nr);

	if (err)
		return err;
	return usm_client_pages(fd_of(paged), paged->member,
				paged->child.shared->word[WORD_ADDR],
				INJECT_PAGES, USM_PAGES_CLEAR_ACCESSED, words);
}

static int run_resize(void *with)
{
	struct paged *paged = with;

	return swapper_resize(paged->swapper, INJECT_FRAMES + GROWN, NULL);
}

static void undo_resize(void *with)
{
	struct paged *paged = with;

	check(wait_until(LIMIT_MS,
			 !swapper_resize(paged->swapper, INJECT_FRAMES, NULL)),
	      "it shrinks again");
}

static bool sizes_fit(void *with)
{
	struct paged *paged = with;
	struct usm_extents extents;

	return !usm_client_extents(fd_of(paged),
				   paged->swapper->daemon.claim.instance,
				   &extents) &&
	       extents.frames == INJECT_FRAMES;
}

void test_pages(struct swapper *swapper)
{
	static const struct operation evict = { "evict", run_evict, undo_evict,
						NULL };
	static const struct operation swapin = { "swap-in", run_swapin,
						 undo_swapin, NULL };
	static const struct operation others[] = {
		{ "push", run_push, undo_given, own_are_free },
		{ "grant", run_grant, undo_given, own_are_free },
		{ "looks", run_looks, NULL, NULL },
		{ "resize", run_resize, undo_resize, sizes_fit },
	};
	struct paged paged = { .swapper = swapper };
	int member;
	size_t i;

	child_start(&paged.child, keeper_main, NULL);
	member = swapper_bind(swapper, paged.child.pidfd, USM_INHERIT_ALL);
	require(member > 0, "a member is bound");
	paged.member = (uint32_t)member;
	child_let(&paged.child, 0);
	require(child_reached(&paged.child, 1), "it has its pages");
	paged.addr = paged.child.shared->word[WORD_ADDR];
	turns_take(&swapper->lock);
	for (i = 0; i < OWN; i++)
		paged.own[i] = swapper->free[--swapper->nr_free];
	turns_leave(&swapper->lock);

	inject_all(&evict, &paged);
	require(!run_evict(&paged), "it is evicted");
	store(&paged);
	inject_all(&swapin, &paged);
	check(keeper_right(&paged.child, 1), "its pages are right");
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		inject_all(&others[i], &paged);
	keeper_end(&paged.child, 2);
}
