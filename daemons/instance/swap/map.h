/* SPDX-License-Identifier: MIT */
/*
 * map.h - which slots of a swap device hold pages, and the cookies for them.
 *
 * A cookie is the slot in its low half and a tag in the high one that differs
 * each time the slot is used.  A late word about an earlier page (a notice
 * still in the ring, a request of a thread that was overtaken) is thereby told
 * from one about the page that is there now.  The kernel keeps the cookies, so
 * there is nothing to save: the next daemon adopts them.  One thread.
 */
#ifndef USM_INSTANCE_SWAP_MAP_H
#define USM_INSTANCE_SWAP_MAP_H

#include <stdbool.h>
#include <stdint.h>

struct usm_swap_map;

/* Slot of a cookie; check usm_swap_map_holds() before trusting it. */
static inline uint32_t usm_swap_slot(uint64_t cookie)
{
	return (uint32_t)cookie;
}

/* All of [1, nr_slots) unused.  *out belongs to the caller.  ENOMEM. */
int usm_swap_map_create(uint32_t nr_slots, struct usm_swap_map **out);

/* Frees it; NULL is fine. */
void usm_swap_map_destroy(struct usm_swap_map *map);

/*
 * Has dropped(ctx, slot) called for every slot that is given back, by whatever
 * way: what it held is not needed any more.  Once.
 */
void usm_swap_map_watch(struct usm_swap_map *map,
			void (*dropped)(void *ctx, uint32_t slot), void *ctx);

/*
 * Says so of every slot that is not in use: a predecessor may have stored what
 * the kernel does not know any more.
 */
void usm_swap_map_drop_unused(const struct usm_swap_map *map);

/*
 * Says so of the slot of a page that was stored and is not out any more, if
 * the slot was given back before.
 */
void usm_swap_map_settle(const struct usm_swap_map *map, uint64_t cookie);

/* Takes the lowest unused slot: its cookie, or 0 when all are in use. */
uint64_t usm_swap_map_take(struct usm_swap_map *map);

/* Gives a slot back; a cookie that is not the current one changes nothing. */
void usm_swap_map_give(struct usm_swap_map *map, uint64_t cookie);

/* Does the slot hold what this cookie stands for? */
bool usm_swap_map_holds(const struct usm_swap_map *map, uint64_t cookie);

/*
 * A slot is in use, says the kernel.  ERANGE: no such slot here; EEXIST: it is
 * in use for another cookie.
 */
int usm_swap_map_adopt(struct usm_swap_map *map, uint64_t cookie);

/*
 * Compares with the kernel: begin, keep() every cookie it knows, end: what was
 * not kept is unused.  Nothing else in between.
 */
int usm_swap_map_begin(struct usm_swap_map *map);
void usm_swap_map_keep(struct usm_swap_map *map, uint64_t cookie);
uint32_t usm_swap_map_end(struct usm_swap_map *map);

/* Slots in use; slots that could be. */
uint32_t usm_swap_map_used(const struct usm_swap_map *map);
uint32_t usm_swap_map_room(const struct usm_swap_map *map);

#endif /* USM_INSTANCE_SWAP_MAP_H */
