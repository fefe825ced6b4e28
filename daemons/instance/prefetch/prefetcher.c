/* SPDX-License-Identifier: MIT */
#include "instance/prefetch/prefetcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "instance/prefetch/programs.h"
#include "instance/prefetch/shelf.h"
#include "instance/prefetch/where.h"
#include "instance/prefetch/window.h"

/* Faults between two looks at what has been on the shelf for too long. */
#define LOOK_EVERY 16U

struct want {
	uint64_t addr;
	uint32_t member;
};

struct usm_prefetcher {
	const struct usm_swap_map *map;
	struct usm_prefetcher_io io;
	struct usm_checked_prefetch *policy; /* NULL: none */
	/* Both NULL until there was a policy. */
	struct usm_where *where;
	struct usm_shelf *shelf;
	uint64_t turn; /* counts faults on evicted pages */
	uint64_t next_look;
	uint32_t window;
	bool useless; /* the device reads at once */
	uint32_t first, nr; /* of those wanted, a ring */
	struct want wanted[USM_PREFETCH_QUEUE];
	uint64_t read, used, late, unused, gone, failed, dropped;
	struct usm_programs programs;
};

int usm_prefetcher_create(const struct usm_swap_map *map,
			  struct usm_prefetcher **out)
{
	struct usm_prefetcher *prefetcher = calloc(1, sizeof(*prefetcher));

	if (!prefetcher)
		return -ENOMEM;
	prefetcher->map = map;
	prefetcher->window = USM_PREFETCH_WINDOW_FIRST;
	*out = prefetcher;
	return 0;
}

void usm_prefetcher_destroy(struct usm_prefetcher *prefetcher)
{
	if (!prefetcher)
		return;
	if (prefetcher->policy)
		usm_programs_end_all(&prefetcher->programs, prefetcher->policy);
	usm_checked_prefetch_destroy(prefetcher->policy);
	usm_shelf_destroy(prefetcher->shelf);
	usm_where_destroy(prefetcher->where);
	free(prefetcher);
}

void usm_prefetcher_read_by(struct usm_prefetcher *prefetcher,
			    const struct usm_prefetcher_io *io)
{
	prefetcher->io = *io;
}

void usm_prefetcher_remember_in(struct usm_prefetcher *prefetcher,
				struct usm_roster *roster,
				struct usm_archive *archive)
{
	prefetcher->programs.roster = roster;
	prefetcher->programs.archive = archive;
}

static int get_memory(struct usm_prefetcher *prefetcher)
{
	int err = 0;

	if (!prefetcher->where)
		err = usm_where_create(usm_swap_map_room(prefetcher->map) + 1,
				       &prefetcher->where);
	if (!err && !prefetcher->shelf)
		err = usm_shelf_create(&prefetcher->shelf);
	return err;
}

int usm_prefetcher_prepare(struct usm_prefetcher *prefetcher,
			   const struct usm_prefetch_policy *policy,
			   const struct usm_settings *settings,
			   struct usm_checked_prefetch **out,
			   struct usm_failure *failure)
{
	int err = get_memory(prefetcher);

	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"policy.prefetch: memory for pages: %s",
				strerror(-err));
	return usm_checked_prefetch_create(policy, settings, out, failure);
}

void usm_prefetcher_adopt(struct usm_prefetcher *prefetcher,
			  struct usm_checked_prefetch *policy)
{
	if (prefetcher->policy)
		usm_programs_end_all(&prefetcher->programs, prefetcher->policy);
	usm_checked_prefetch_destroy(prefetcher->policy);
	prefetcher->policy = policy;
	prefetcher->nr = 0;
	if (policy)
		usm_programs_begin_all(&prefetcher->programs, policy);
}

void usm_prefetcher_stored(struct usm_prefetcher *prefetcher, uint64_t cookie,
			   uint32_t member, uint64_t addr)
{
	if (prefetcher->where && member)
		usm_where_set(prefetcher->where, member, addr, cookie);
}

/* ---- room --------------------------------------------------------------------- */

static bool was_for_nothing(const struct usm_prefetcher *prefetcher,
			    const struct usm_shelf_page *page)
{
	return prefetcher->turn - page->turn >
	       USM_PREFETCH_AGE + 2 * prefetcher->window;
}

/* Takes off the shelf what nobody needs. */
static void look(struct usm_prefetcher *prefetcher)
{
	struct usm_shelf *shelf = prefetcher->shelf;
	uint32_t place = usm_shelf_next(shelf, 0);

	prefetcher->next_look = prefetcher->turn + LOOK_EVERY;
	for (; place != USM_SHELF_NONE;
	     place = usm_shelf_next(shelf, place + 1)) {
		const struct usm_shelf_page *page =
			usm_shelf_page(shelf, place);

		if (page->loading)
			continue;
		if (!usm_swap_map_holds(prefetcher->map, page->cookie)) {
			prefetcher->gone++;
		} else if (was_for_nothing(prefetcher, page)) {
			prefetcher->unused++;
			prefetcher->window =
				usm_prefetch_window_unused(prefetcher->window);
			if (prefetcher->policy)
				usm_checked_prefetch_unused(prefetcher->policy,
							    page->member,
							    page->addr);
		} else {
			continue;
		}
		usm_shelf_clear(shelf, place);
	}
}

/* How many more pages may be wanted. */
static uint32_t room(const struct usm_prefetcher *prefetcher)
{
	uint32_t taken = usm_shelf_nr(prefetcher->shelf) + prefetcher->nr;
	uint32_t left =
		prefetcher->window > taken ? prefetcher->window - taken : 0;

	return left < USM_PREFETCH_WANTS_MAX ? left : USM_PREFETCH_WANTS_MAX;
}

/* ---- what is wanted ------------------------------------------------------------- */

static void want(struct usm_prefetcher *prefetcher, uint32_t member,
		 uint64_t addr)
{
	uint32_t at = prefetcher->first + prefetcher->nr;

	if (prefetcher->nr == USM_PREFETCH_QUEUE) {
		prefetcher->dropped++;
		return;
	}
	prefetcher->wanted[at % USM_PREFETCH_QUEUE] = (struct want){
		.member = member,
		.addr = addr,
	};
	prefetcher->nr++;
}

void usm_prefetcher_fault(struct usm_prefetcher *prefetcher,
			  const struct usm_fault *fault)
{
	uint64_t wants[USM_PREFETCH_WANTS_MAX];
	uint32_t nr, i;

	if (!prefetcher->policy)
		return;
	prefetcher->turn += fault->kind == USM_FAULT_SWAPIN;
	if (prefetcher->turn >= prefetcher->next_look)
		look(prefetcher);
	nr = usm_checked_prefetch_fault(prefetcher->policy, fault, wants,
					prefetcher->useless ? 0
							    : room(prefetcher));
	for (i = 0; i < nr; i++)
		want(prefetcher, fault->member, wants[i]);
}

/* The cookie of a page that is out and not on its way; else 0. */
static uint64_t worth_reading(const struct usm_prefetcher *prefetcher,
			      const struct want *want)
{
	uint64_t cookie =
		usm_where_find(prefetcher->where, want->member, want->addr);

	if (!cookie || !usm_swap_map_holds(prefetcher->map, cookie) ||
	    usm_shelf_find(prefetcher->shelf, cookie) != USM_SHELF_NONE)
		return 0;
	return cookie;
}

/* False: not now. */
static bool begin(struct usm_prefetcher *prefetcher, const struct want *want)
{
	struct usm_shelf_page page = {
		.cookie = worth_reading(prefetcher, want),
		.member = want->member,
		.addr = want->addr,
		.turn = prefetcher->turn,
	};
	uint32_t place;
	void *to;
	int err;

	if (!page.cookie)
		return true;
	place = usm_shelf_put(prefetcher->shelf, &page, &to);
	if (place == USM_SHELF_NONE)
		return false;
	prefetcher->read++;
	err = prefetcher->io.begin(prefetcher->io.ctx,
				   usm_swap_slot(page.cookie), to, place);
	if (!err)
		return true;
	prefetcher->read--;
	usm_shelf_loaded(prefetcher->shelf, place);
	usm_shelf_clear(prefetcher->shelf, place);
	prefetcher->useless = err == -EOPNOTSUPP;
	prefetcher->failed += err != -EAGAIN && err != -EOPNOTSUPP;
	return err != -EAGAIN;
}

void usm_prefetcher_work(struct usm_prefetcher *prefetcher)
{
	const struct want *next;

	while (prefetcher->nr && prefetcher->io.begin && !prefetcher->useless &&
	       usm_shelf_nr(prefetcher->shelf) < prefetcher->window &&
	       usm_shelf_nr_loading(prefetcher->shelf) <
		       USM_PREFETCH_LOADS_MAX) {
		next = &prefetcher->wanted[prefetcher->first %
					   USM_PREFETCH_QUEUE];
		if (!begin(prefetcher, next))
			break;
		prefetcher->first++;
		prefetcher->nr--;
	}
}

void usm_prefetcher_loaded(void *ctx, uint32_t token, int result)
{
	struct usm_prefetcher *prefetcher = ctx;

	usm_shelf_loaded(prefetcher->shelf, token);
	if (!result)
		return;
	/* Who needs the page reads it again, and is told. */
	prefetcher->failed++;
	usm_shelf_clear(prefetcher->shelf, token);
}

bool usm_prefetcher_is_loading(const struct usm_prefetcher *prefetcher,
			       uint32_t slot)
{
	return prefetcher->shelf && usm_shelf_nr_loading(prefetcher->shelf) &&
	       usm_shelf_is_loading(prefetcher->shelf, slot);
}

/* ---- what is needed -------------------------------------------------------------- */

/* Its place once it is there, or USM_SHELF_NONE. */
static uint32_t await(struct usm_prefetcher *prefetcher, uint64_t cookie,
		      bool *late)
{
	for (;;) {
		uint32_t place = usm_shelf_find(prefetcher->shelf, cookie);

		if (place == USM_SHELF_NONE ||
		    !usm_shelf_page(prefetcher->shelf, place)->loading)
			return place;
		*late = true;
		if (!prefetcher->io.join(prefetcher->io.ctx))
			return USM_SHELF_NONE;
	}
}

int usm_prefetcher_fill(struct usm_prefetcher *prefetcher, uint64_t cookie,
			void *frame)
{
	bool late = false;
	uint32_t place;
	int err;

	if (!prefetcher->shelf)
		return -ENOENT;
	/* Not out any more, very soon. */
	usm_where_forget(prefetcher->where, cookie);
	place = await(prefetcher, cookie, &late);
	if (place == USM_SHELF_NONE)
		return -ENOENT;
	err = usm_shelf_copy(prefetcher->shelf, place, frame);
	if (err)
		return err == -EFAULT ? -EFAULT : -ENOENT;
	prefetcher->used++;
	prefetcher->late += late;
	prefetcher->window =
		usm_prefetch_window_used(prefetcher->window, USM_SHELF_PLACES);
	if (prefetcher->policy) {
		const struct usm_shelf_page *page =
			usm_shelf_page(prefetcher->shelf, place);

		usm_checked_prefetch_used(prefetcher->policy, page->member,
					  page->addr);
	}
	usm_shelf_clear(prefetcher->shelf, place);
	return 0;
}

/* ---- about the policy ------------------------------------------------------------- */

void usm_prefetcher_member_new(struct usm_prefetcher *prefetcher,
			       const struct usm_process *process)
{
	if (!prefetcher->policy)
		return;
	usm_checked_prefetch_process_new(prefetcher->policy, process);
	usm_programs_begin(&prefetcher->programs, prefetcher->policy,
			   process->member);
}

void usm_prefetcher_member_gone(struct usm_prefetcher *prefetcher,
				uint32_t member)
{
	usm_programs_end(&prefetcher->programs, prefetcher->policy, member);
	if (prefetcher->policy)
		usm_checked_prefetch_process_exit(prefetcher->policy, member);
}

static uint32_t archive_stats(const struct usm_prefetcher *prefetcher,
			      struct usm_policy_stat *stats, uint32_t nr)
{
	struct usm_archive_stats archive;
	uint32_t i;

	if (!prefetcher->programs.archive ||
	    !usm_checked_prefetch_remembers(prefetcher->policy))
		return 0;
	usm_archive_stats(prefetcher->programs.archive, &archive);
	const struct usm_policy_stat all[] = {
		{ "records", archive.records },
		{ "records_written", archive.written },
		{ "records_failed", archive.failed },
		{ "records_damaged", archive.damaged },
	};

	for (i = 0; i < nr && i < sizeof(all) / sizeof(all[0]); i++)
		stats[i] = all[i];
	return i;
}

uint32_t usm_prefetcher_stats(const struct usm_prefetcher *prefetcher,
			      struct usm_policy_stat *stats, uint32_t nr)
{
	const struct usm_policy_stat own[] = {
		{ "read", prefetcher->read },
		{ "used", prefetcher->used },
		{ "late", prefetcher->late },
		{ "unused", prefetcher->unused },
		{ "gone", prefetcher->gone },
		{ "failed", prefetcher->failed },
		{ "dropped", prefetcher->dropped },
		{ "window", prefetcher->window },
	};
	uint32_t i;

	for (i = 0; i < nr && i < sizeof(own) / sizeof(own[0]); i++)
		stats[i] = own[i];
	if (!prefetcher->policy)
		return i;
	i += usm_checked_prefetch_stats(prefetcher->policy, stats + i, nr - i);
	return i + archive_stats(prefetcher, stats + i, nr - i);
}

const char *usm_prefetcher_policy_name(const struct usm_prefetcher *prefetcher)
{
	return prefetcher->policy
		       ? usm_checked_prefetch_name(prefetcher->policy)
		       : NULL;
}
