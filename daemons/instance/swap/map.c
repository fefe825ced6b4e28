/* SPDX-License-Identifier: MIT */
#include "instance/swap/map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "instance/arena/bitmap.h"

struct usm_swap_map {
	uint32_t nr_slots;
	uint32_t used;
	uint32_t last_tag;
	uint32_t *tag; /* [nr_slots]; 0: unused */
	struct usm_bitmap unused;
	struct usm_bitmap suspect; /* between begin and end */
	void (*dropped)(void *ctx, uint32_t slot);
	void *dropped_ctx;
};

int usm_swap_map_create(uint32_t nr_slots, struct usm_swap_map **out)
{
	struct usm_swap_map *map = calloc(1, sizeof(*map));
	uint32_t slot;

	if (!map)
		return -ENOMEM;
	map->nr_slots = nr_slots;
	map->tag = calloc(nr_slots ? nr_slots : 1, sizeof(*map->tag));
	if (!map->tag || usm_bitmap_init(&map->unused, nr_slots)) {
		usm_swap_map_destroy(map);
		return -ENOMEM;
	}
	for (slot = 1; slot < nr_slots; slot++)
		usm_bitmap_set(&map->unused, slot);
	/*
	 * Elsewhere than a predecessor's: the kernel may be about to report
	 * one of its pages.  Without random numbers that is unlikely enough.
	 */
	if (getrandom(&map->last_tag, sizeof(map->last_tag), GRND_NONBLOCK) < 0)
		map->last_tag = 0;
	*out = map;
	return 0;
}

void usm_swap_map_destroy(struct usm_swap_map *map)
{
	if (!map)
		return;
	usm_bitmap_fini(&map->suspect);
	usm_bitmap_fini(&map->unused);
	free(map->tag);
	free(map);
}

void usm_swap_map_watch(struct usm_swap_map *map,
			void (*dropped)(void *ctx, uint32_t slot), void *ctx)
{
	map->dropped = dropped;
	map->dropped_ctx = ctx;
}

void usm_swap_map_drop_unused(const struct usm_swap_map *map)
{
	uint32_t slot;

	for (slot = 1; slot < map->nr_slots && map->dropped; slot++)
		if (!map->tag[slot])
			map->dropped(map->dropped_ctx, slot);
}

void usm_swap_map_settle(const struct usm_swap_map *map, uint64_t cookie)
{
	uint32_t slot = usm_swap_slot(cookie);

	if (slot < map->nr_slots && !map->tag[slot] && map->dropped)
		map->dropped(map->dropped_ctx, slot);
}

static uint64_t cookie_of(const struct usm_swap_map *map, uint32_t slot)
{
	return (uint64_t)map->tag[slot] << 32 | slot;
}

uint64_t usm_swap_map_take(struct usm_swap_map *map)
{
	uint32_t slot = usm_bitmap_first(&map->unused);

	if (slot == USM_BITMAP_NONE)
		return 0;
	if (!++map->last_tag)
		map->last_tag = 1;
	usm_bitmap_clear(&map->unused, slot);
	map->tag[slot] = map->last_tag;
	map->used++;
	return cookie_of(map, slot);
}

bool usm_swap_map_holds(const struct usm_swap_map *map, uint64_t cookie)
{
	uint32_t slot = usm_swap_slot(cookie);

	return slot < map->nr_slots && map->tag[slot] &&
	       cookie_of(map, slot) == cookie;
}

void usm_swap_map_give(struct usm_swap_map *map, uint64_t cookie)
{
	uint32_t slot = usm_swap_slot(cookie);

	if (!usm_swap_map_holds(map, cookie))
		return;
	map->tag[slot] = 0;
	map->used--;
	usm_bitmap_set(&map->unused, slot);
	if (map->dropped)
		map->dropped(map->dropped_ctx, slot);
}

int usm_swap_map_adopt(struct usm_swap_map *map, uint64_t cookie)
{
	uint32_t slot = usm_swap_slot(cookie);

	if (!slot || slot >= map->nr_slots || !(cookie >> 32))
		return -ERANGE;
	if (map->tag[slot])
		return -EEXIST;
	usm_bitmap_clear(&map->unused, slot);
	map->tag[slot] = (uint32_t)(cookie >> 32);
	map->used++;
	return 0;
}

int usm_swap_map_begin(struct usm_swap_map *map)
{
	uint32_t slot;
	int err;

	usm_bitmap_fini(&map->suspect);
	err = usm_bitmap_init(&map->suspect, map->nr_slots);
	for (slot = 1; slot < map->nr_slots && !err; slot++)
		if (map->tag[slot])
			usm_bitmap_set(&map->suspect, slot);
	return err;
}

void usm_swap_map_keep(struct usm_swap_map *map, uint64_t cookie)
{
	if (usm_swap_map_holds(map, cookie))
		usm_bitmap_clear(&map->suspect, usm_swap_slot(cookie));
}

uint32_t usm_swap_map_end(struct usm_swap_map *map)
{
	uint32_t freed = 0, slot;

	for (;;) {
		slot = usm_bitmap_first(&map->suspect);
		if (slot == USM_BITMAP_NONE)
			break;
		usm_bitmap_clear(&map->suspect, slot);
		usm_swap_map_give(map, cookie_of(map, slot));
		freed++;
	}
	usm_bitmap_fini(&map->suspect);
	return freed;
}

uint32_t usm_swap_map_used(const struct usm_swap_map *map)
{
	return map->used;
}

uint32_t usm_swap_map_room(const struct usm_swap_map *map)
{
	return map->nr_slots ? map->nr_slots - 1 : 0;
}
