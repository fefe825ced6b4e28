/* SPDX-License-Identifier: MIT */
#include "instance/prefetch/shelf.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/frame_size.h"
#include "instance/policies/swap/reads.h"
#include "instance/swap/map.h"

#define BYTES (USM_SHELF_PLACES * USM_FRAME_BYTES)

/* Chains are by slot, modulo this: as many as places, so they are short. */
#define CHAINS USM_SHELF_PLACES

struct place {
	struct usm_shelf_page page; /* .cookie 0: free */
	uint32_t next; /* in its chain, or among the free ones */
};

struct usm_shelf {
	int fd; /* of the memory: the kernel copies out of it */
	char *memory;
	uint32_t nr, nr_loading;
	uint32_t free;
	uint32_t first[CHAINS];
	struct place place[USM_SHELF_PLACES];
};

static int get_memory(struct usm_shelf *shelf)
{
	usm_auto_fd fd = memfd_create("usm-prefetch", MFD_CLOEXEC);
	char *memory;

	if (fd < 0 || ftruncate(fd, BYTES))
		return -errno;
	/* What is not to be had shows now. */
	memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_POPULATE, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	shelf->memory = memory;
	shelf->fd = usm_steal_fd(&fd);
	return 0;
}

int usm_shelf_create(struct usm_shelf **out)
{
	struct usm_shelf *shelf = calloc(1, sizeof(*shelf));
	uint32_t i;
	int err;

	if (!shelf)
		return -ENOMEM;
	err = get_memory(shelf);
	if (err) {
		free(shelf);
		return err;
	}
	for (i = 0; i < CHAINS; i++)
		shelf->first[i] = USM_SHELF_NONE;
	for (i = 0; i < USM_SHELF_PLACES; i++)
		shelf->place[i].next =
			i + 1 < USM_SHELF_PLACES ? i + 1 : USM_SHELF_NONE;
	*out = shelf;
	return 0;
}

void usm_shelf_destroy(struct usm_shelf *shelf)
{
	if (!shelf)
		return;
	munmap(shelf->memory, BYTES);
	close(shelf->fd);
	free(shelf);
}

static uint32_t chain_of(uint64_t cookie)
{
	return usm_swap_slot(cookie) % CHAINS;
}

uint32_t usm_shelf_put(struct usm_shelf *shelf,
		       const struct usm_shelf_page *page, void **to)
{
	uint32_t index = shelf->free, chain = chain_of(page->cookie);
	struct place *place;

	if (index == USM_SHELF_NONE)
		return USM_SHELF_NONE;
	place = &shelf->place[index];
	shelf->free = place->next;
	place->page = *page;
	place->page.loading = true;
	place->next = shelf->first[chain];
	shelf->first[chain] = index;
	shelf->nr++;
	shelf->nr_loading++;
	*to = shelf->memory + index * USM_FRAME_BYTES;
	return index;
}

void usm_shelf_loaded(struct usm_shelf *shelf, uint32_t place)
{
	shelf->place[place].page.loading = false;
	shelf->nr_loading--;
}

uint32_t usm_shelf_find(const struct usm_shelf *shelf, uint64_t cookie)
{
	uint32_t index = shelf->first[chain_of(cookie)];

	while (index != USM_SHELF_NONE &&
	       shelf->place[index].page.cookie != cookie)
		index = shelf->place[index].next;
	return index;
}

const struct usm_shelf_page *usm_shelf_page(const struct usm_shelf *shelf,
					    uint32_t place)
{
	return &shelf->place[place].page;
}

int usm_shelf_copy(const struct usm_shelf *shelf, uint32_t place, void *frame)
{
	return usm_reads_here(shelf->fd, (off_t)(place * USM_FRAME_BYTES),
			      frame, 0);
}

void usm_shelf_clear(struct usm_shelf *shelf, uint32_t place)
{
	struct place *gone = &shelf->place[place];
	uint32_t *at = &shelf->first[chain_of(gone->page.cookie)];

	while (*at != place)
		at = &shelf->place[*at].next;
	*at = gone->next;
	gone->page = (struct usm_shelf_page){ 0 };
	gone->next = shelf->free;
	shelf->free = place;
	shelf->nr--;
}

uint32_t usm_shelf_next(const struct usm_shelf *shelf, uint32_t from)
{
	while (from < USM_SHELF_PLACES && !shelf->place[from].page.cookie)
		from++;
	return from < USM_SHELF_PLACES ? from : USM_SHELF_NONE;
}

bool usm_shelf_is_loading(const struct usm_shelf *shelf, uint32_t slot)
{
	uint32_t index = shelf->first[chain_of(slot)];

	for (; index != USM_SHELF_NONE; index = shelf->place[index].next) {
		const struct usm_shelf_page *page = &shelf->place[index].page;

		if (page->loading && usm_swap_slot(page->cookie) == slot)
			return true;
	}
	return false;
}

uint32_t usm_shelf_nr(const struct usm_shelf *shelf)
{
	return shelf->nr;
}

uint32_t usm_shelf_nr_loading(const struct usm_shelf *shelf)
{
	return shelf->nr_loading;
}
