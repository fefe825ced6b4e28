/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "lib/pattern.h"

/* Entries of one batch: few, so that many different ones are tried. */
#define BATCH 12
/* Members have few threads: these slots are in use. */
#define BUSY_SLOTS 16

#define OFFSET(type, field) offsetof(struct type, field)

static uint32_t below(struct caller *caller, uint32_t end)
{
	return random_below(&caller->random, end);
}

static bool once_in(struct caller *caller, uint32_t times)
{
	return random_once_in(&caller->random, times);
}

static bool odd(struct caller *caller)
{
	return !caller->plain && once_in(caller, 16);
}

uint32_t some_frame(struct caller *caller)
{
	const struct usm_extents *own = &caller->extents;
	const struct usm_extent *run;

	if (odd(caller))
		return (uint32_t)random_value(&caller->random);
	if (!own->nr_extents || own->nr_extents > USM_EXTENTS_MAX)
		return below(caller, FUZZ_FRAMES);
	run = &own->extents[below(caller, own->nr_extents)];
	return run->frames ? run->first + below(caller, run->frames) : 0;
}

uint32_t some_frame_in(struct caller *caller, uint8_t state)
{
	uint32_t i, tries;

	if (odd(caller))
		return some_frame(caller);
	for (tries = 0; tries < 64; tries++) {
		i = below(caller, FUZZ_KNOWN);
		if (caller->frames[i].state == state)
			return caller->first_frame + i;
	}
	return some_frame(caller);
}

static uint32_t some_member(struct caller *caller)
{
	const struct stage *stage = caller->stage;
	uint32_t nr = __atomic_load_n(&stage->nr_members, __ATOMIC_RELAXED);

	if (nr > FUZZ_MEMBERS)
		nr = FUZZ_MEMBERS;
	if (!nr || odd(caller))
		return (uint32_t)random_value(&caller->random);
	return stage->members[below(caller, nr)];
}

static uint64_t some_addr(struct caller *caller)
{
	if (odd(caller))
		return random_value(&caller->random) & ~(PAGE_BYTES - 1);
	return REGION_ADDR + below(caller, REGION_PAGES) * PAGE_BYTES;
}

static uint32_t some_instance(struct caller *caller)
{
	if (odd(caller))
		return (uint32_t)random_value(&caller->random);
	return caller->stage->instance;
}

static int some_pidfd(struct caller *caller)
{
	return caller->stage->tenant_pidfd[below(caller, FUZZ_TENANTS)];
}

static uint64_t array(struct caller *caller)
{
	return (uintptr_t)caller->arrays;
}

static uint32_t batch(struct caller *caller)
{
	return once_in(caller, 4) ? 1 + below(caller, BATCH) : 1;
}

/* Whatever takes entries begins alike. */
#define BEGINS_ALIKE(type)                                              \
	_Static_assert(OFFSET(type, ptr) == OFFSET(usm_map, ptr) &&     \
			       OFFSET(type, nr) == OFFSET(usm_map, nr), \
		       #type)

BEGINS_ALIKE(usm_push);
BEGINS_ALIKE(usm_grant);
BEGINS_ALIKE(usm_evict);
BEGINS_ALIKE(usm_swapin);
BEGINS_ALIKE(usm_free);
BEGINS_ALIKE(usm_move);

/* Points it at the caller's arrays; returns how many entries it is to have. */
static uint32_t fill_batch(struct caller *caller, void *argument)
{
	struct usm_map *map = argument;

	map->ptr = array(caller);
	map->nr = batch(caller);
	return map->nr;
}

/* A page, by its frame or by where it is. */
static void some_page(struct caller *caller, uint32_t *frame, uint32_t *member,
		      __u64 *addr)
{
	if (once_in(caller, 2)) {
		*frame = some_frame_in(caller, USM_FRAME_MAPPED);
	} else {
		*member = some_member(caller);
		*addr = some_addr(caller);
	}
}

/* ---- what anyone may ask ------------------------------------------------------- */

static void fill_info(struct caller *caller, void *argument)
{
	struct usm_info *info = argument;

	(void)caller;
	info->abi = USM_ABI_VERSION;
}

static void fill_list(struct caller *caller, void *argument)
{
	struct usm_list *list = argument;

	list->ptr = array(caller);
	list->nr = below(caller, 4);
	list->first = below(caller, 3);
}

static void fill_members(struct caller *caller, void *argument)
{
	struct usm_members *members = argument;

	members->ptr = array(caller);
	members->nr = FUZZ_MEMBERS;
	members->instance = some_instance(caller);
	/* The latest are those that live. */
	members->after = once_in(caller, 2) ? some_member(caller) : 0;
}

static void fill_cgroups(struct caller *caller, void *argument)
{
	struct usm_cgroups *cgroups = argument;

	cgroups->ptr = array(caller);
	cgroups->nr = below(caller, 8);
}

/* ---- binding -------------------------------------------------------------------- */

static void fill_bind(struct caller *caller, void *argument)
{
	struct usm_bind *bind = argument;

	bind->instance = some_instance(caller);
	bind->pidfd = some_pidfd(caller);
	bind->inherit = below(caller, 3);
}

static void fill_unbind(struct caller *caller, void *argument)
{
	struct usm_unbind *unbind = argument;

	unbind->instance = some_instance(caller);
	unbind->pidfd = some_pidfd(caller);
	if (once_in(caller, 4))
		return;
	unbind->flags = USM_UNBIND_DRAIN;
	unbind->limit = below(caller, 64);
	if (once_in(caller, 2))
		unbind->addr = some_addr(caller);
}

static void fill_bind_cgroup(struct caller *caller, void *argument)
{
	struct usm_bind_cgroup *bind = argument;

	bind->instance = some_instance(caller);
	bind->cgroup_fd = caller->stage->cgroup_fd;
	bind->inherit = below(caller, 3);
}

static void fill_unbind_cgroup(struct caller *caller, void *argument)
{
	struct usm_unbind_cgroup *unbind = argument;

	unbind->instance = some_instance(caller);
	unbind->cgroup_fd = caller->stage->cgroup_fd;
}

static void fill_adopt(struct caller *caller, void *argument)
{
	struct usm_adopt *adopt = argument;

	adopt->instance = some_instance(caller);
	adopt->member = some_member(caller);
	adopt->nr = below(caller, 64);
	if (once_in(caller, 2))
		adopt->addr = some_addr(caller);
}

/* ---- the instance ----------------------------------------------------------------- */

static void fill_claim(struct caller *caller, void *argument)
{
	struct usm_claim *claim = argument;

	claim->abi = USM_ABI_VERSION;
	claim->flags = below(caller, 4);
	snprintf(claim->name, sizeof(claim->name), "fuzz-%u", below(caller, 4));
	claim->frames = below(caller, 64);
}

static void fill_worker(struct caller *caller, void *argument)
{
	struct usm_worker *worker = argument;

	worker->worker = below(caller, 4);
}

static void fill_map(struct caller *caller, void *argument)
{
	struct usm_map_entry *entry = (void *)caller->arrays;
	uint32_t nr = fill_batch(caller, argument), i;

	for (i = 0; i < nr; i++) {
		entry[i].slot = below(caller, BUSY_SLOTS);
		entry[i].gen =
			caller->daemon
				? caller->daemon->slots[entry[i].slot].gen
				: below(caller, 64);
		entry[i].frame = some_frame_in(caller, USM_FRAME_FREE);
	}
}

static void fill_push(struct caller *caller, void *argument)
{
	uint32_t *frame = (void *)caller->arrays;
	struct usm_push *push = argument;
	uint32_t nr = fill_batch(caller, argument), i;

	push->member = once_in(caller, 2) ? 0 : some_member(caller);
	push->flags = below(caller, 2);
	push->low = below(caller, 4);
	for (i = 0; i < nr; i++)
		frame[i] = some_frame_in(caller, USM_FRAME_FREE);
}

static void fill_grant(struct caller *caller, void *argument)
{
	struct usm_grant_entry *entry = (void *)caller->arrays;
	uint32_t nr = fill_batch(caller, argument), i;

	for (i = 0; i < nr; i++)
		entry[i] = (struct usm_grant_entry){
			.addr = some_addr(caller),
			.member = some_member(caller),
			.first = some_frame_in(caller, USM_FRAME_FREE),
			.frames = 1 + below(caller, 16),
			.around = (uint16_t)below(caller, 20),
			.order = once_in(caller, 4) ? (uint8_t)below(caller, 10)
						    : 0,
			.flags = (uint8_t)below(caller, 2),
		};
}

static void fill_evict(struct caller *caller, void *argument)
{
	struct usm_evict_entry *entry = (void *)caller->arrays;
	uint32_t nr = fill_batch(caller, argument), i;

	for (i = 0; i < nr; i++) {
		entry[i] = (struct usm_evict_entry){
			.cookie = random_value(&caller->random),
		};
		some_page(caller, &entry[i].frame, &entry[i].member,
			  &entry[i].addr);
	}
}

/* One that is out, if any was. */
static void some_evicted(struct caller *caller, struct usm_swapin_entry *entry)
{
	const struct usm_evicted_info *info;

	if (!caller->nr_evicted || odd(caller))
		return;
	info = &caller->evicted[below(caller, caller->nr_evicted)];
	entry->addr = info->addr;
	entry->member = info->member;
}

static void fill_swapin(struct caller *caller, void *argument)
{
	struct usm_swapin_entry *entry = (void *)caller->arrays;
	uint32_t nr = fill_batch(caller, argument), i;

	for (i = 0; i < nr; i++) {
		entry[i] = (struct usm_swapin_entry){
			.addr = some_addr(caller),
			.member = some_member(caller),
			.frame = some_frame_in(caller, USM_FRAME_FREE),
		};
		some_evicted(caller, &entry[i]);
	}
}

static void fill_free(struct caller *caller, void *argument)
{
	struct usm_free_entry *entry = (void *)caller->arrays;
	uint32_t nr = fill_batch(caller, argument), i;

	for (i = 0; i < nr; i++)
		entry[i].frame = some_frame_in(
			caller, once_in(caller, 2) ? USM_FRAME_EVICTING
						   : USM_FRAME_GRANTED);
}

static void fill_pages(struct caller *caller, void *argument)
{
	struct usm_pages *pages = argument;

	pages->addr = some_addr(caller);
	pages->ptr = array(caller);
	pages->nr = 1 + below(caller, REGION_PAGES);
	pages->member = some_member(caller);
	pages->flags = below(caller, 4);
}

static void fill_evicted(struct caller *caller, void *argument)
{
	struct usm_evicted *evicted = argument;

	evicted->ptr = array(caller);
	evicted->nr = below(caller, 64);
	evicted->after = once_in(caller, 2) ? 0 : below(caller, 1000);
}

static void fill_move(struct caller *caller, void *argument)
{
	struct usm_move_entry *entry = (void *)caller->arrays;
	uint32_t nr = fill_batch(caller, argument), i;

	for (i = 0; i < nr; i++) {
		entry[i] = (struct usm_move_entry){
			.target = some_frame_in(caller, USM_FRAME_FREE),
		};
		some_page(caller, &entry[i].frame, &entry[i].member,
			  &entry[i].addr);
	}
}

static void fill_resize(struct caller *caller, void *argument)
{
	struct usm_resize *resize = argument;

	resize->instance = some_instance(caller);
	resize->frames = FUZZ_FRAMES / 4 + below(caller, FUZZ_FRAMES);
}

static void fill_extents(struct caller *caller, void *argument)
{
	struct usm_extents *extents = argument;

	extents->instance = some_instance(caller);
}

static void fill_frames(struct caller *caller, void *argument)
{
	struct usm_frames *frames = argument;

	frames->ptr = array(caller);
	frames->nr = 1 + below(caller, 256);
	frames->first = some_frame(caller);
}

static void fill_destroy(struct caller *caller, void *argument)
{
	struct usm_destroy *destroy = argument;

	destroy->instance = some_instance(caller);
}

static void fill_nothing(struct caller *caller, void *argument)
{
	(void)caller;
	(void)argument;
}

static void fill_waker_wait(struct caller *caller, void *argument)
{
	struct usm_waker_wait *wait = argument;

	wait->timeout_ms = (int32_t)below(caller, 3) - 1;
}

#define COMMAND(upper, lower, ...)                          \
	{                                                   \
		.name = #upper, .request = USM_IOC_##upper, \
		.fill = fill_##lower, __VA_ARGS__           \
	}

const struct command commands[] = {
	COMMAND(INFO, info, .anyone = true),
	COMMAND(LIST, list, .anyone = true),
	COMMAND(MEMBERS, members, .anyone = true),
	COMMAND(CGROUPS, cgroups, .anyone = true),
	COMMAND(BIND, bind, .done_at = 0),
	COMMAND(UNBIND, unbind, .done_at = OFFSET(usm_unbind, drained)),
	COMMAND(BIND_CGROUP, bind_cgroup,
		.done_at = OFFSET(usm_bind_cgroup, bound)),
	COMMAND(UNBIND_CGROUP, unbind_cgroup,
		.done_at = OFFSET(usm_unbind_cgroup, unbound)),
	COMMAND(ADOPT, adopt, .done_at = OFFSET(usm_adopt, adopted)),
	COMMAND(CLAIM, claim, .done_at = 0),
	COMMAND(WORKER, worker, .done_at = 0),
	COMMAND(MAP, map, .done_at = OFFSET(usm_map, done)),
	COMMAND(PUSH, push, .done_at = OFFSET(usm_push, done)),
	COMMAND(GRANT, grant, .done_at = OFFSET(usm_grant, done)),
	COMMAND(EVICT, evict, .done_at = OFFSET(usm_evict, done)),
	COMMAND(SWAPIN, swapin, .done_at = OFFSET(usm_swapin, done)),
	COMMAND(FREE, free, .done_at = OFFSET(usm_free, done)),
	COMMAND(PAGES, pages, .done_at = 0),
	COMMAND(EVICTED, evicted, .done_at = OFFSET(usm_evicted, nr)),
	COMMAND(MOVE, move, .done_at = OFFSET(usm_move, done)),
	COMMAND(RESIZE, resize, .done_at = 0),
	COMMAND(EXTENTS, extents, .done_at = 0),
	COMMAND(SCAN, nothing, .done_at = OFFSET(usm_scan, home)),
	COMMAND(FRAMES, frames, .done_at = 0),
	COMMAND(DESTROY, destroy, .done_at = 0),
	COMMAND(WAKER, nothing, .done_at = 0),
	COMMAND(WAKER_WAIT, waker_wait, .done_at = 0),
};

const uint32_t nr_commands = sizeof(commands) / sizeof(commands[0]);
_Static_assert(sizeof(commands) / sizeof(commands[0]) <= COMMANDS_MAX,
	       "a count for every command");
