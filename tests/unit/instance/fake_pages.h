/* SPDX-License-Identifier: MIT */
/*
 * fake_pages.h - one member's pages in plain memory: mapped, evicted, stored,
 * by the rules of usm.h, with everything going wrong now and then that may.
 *
 * Every page holds its number and a version in every word; whoever touches one
 * checks them.  The swap device is an array.
 */
#ifndef USM_TESTS_FAKE_PAGES_H
#define USM_TESTS_FAKE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/kernel.h"
#include "instance/policies/swap/device.h"
#include "usm.h"

#define FAKE_PAGES 192
#define FAKE_PAGE_FRAMES 64 /* pool and partition */
#define FAKE_SWAP_SLOTS 257
#define FAKE_MEMBER 7
#define FAKE_PAGES_AT 0x10000000ULL
#define FAKE_PAGE_WORDS 512

struct fake_page {
	uint32_t version; /* 0: never touched */
	uint32_t frame; /* USM_FRAME_NONE: not mapped */
	uint64_t cookie; /* evicted: 0: not */
	uint32_t held; /* evicted and not freed yet: the frame */
	uint64_t id; /* of its record */
	bool accessed;
};

/* A store that goes on beside its caller. */
struct fake_store {
	uint32_t slot;
	uint32_t nr; /* 0: none */
	bool over;
	int result;
	uint64_t token;
	struct iovec pages[USM_SWAP_STORE_PAGES];
};

struct fake_pages {
	struct usm_kernel ops;
	struct usm_swap_device device;
	struct usm_notices notices;
	struct usm_frame_info frames[FAKE_PAGE_FRAMES];
	struct fake_page page[FAKE_PAGES];
	uint64_t pool[FAKE_PAGE_FRAMES][FAKE_PAGE_WORDS];
	uint64_t swap[FAKE_SWAP_SLOTS][FAKE_PAGE_WORDS];
	uint64_t next_id;
	uint64_t random;
	/* One in so many goes wrong; 0: none. */
	unsigned int busy; /* evictions */
	unsigned int touched; /* pages between eviction and FREE */
	unsigned int failing; /* stores */
	int failing_with; /* a negative errno; 0: EIO */
	struct fake_store store[USM_SWAP_STORES_MAX];
	/* what happened */
	unsigned int evictions, retaken, swapins, stores;
};

void fake_pages_init(struct fake_pages *fake, uint64_t seed);

/* The page as a frame's content; true when every word is right. */
void fake_page_fill(uint64_t *words, uint32_t page, uint32_t version);
bool fake_page_right(const uint64_t *words, uint32_t page, uint32_t version);

/*
 * The kernel uses an answer for a page: maps the frame and checks what is in
 * it, or zeroes it for a first touch.
 */
void fake_pages_map(struct fake_pages *fake, uint32_t page, uint32_t frame);

/* The member touches a mapped page: checks it and writes the next version. */
void fake_pages_touch(struct fake_pages *fake, uint32_t page);

/* The member touches a page whose frame still holds it. */
void fake_pages_retake(struct fake_pages *fake, uint32_t page);

/* The member unmaps a page, wherever it is. */
void fake_pages_drop(struct fake_pages *fake, uint32_t page);

/* The device stores beside its caller from now on. */
void fake_pages_store_aside(struct fake_pages *fake);

/* Some of the stores under way end, in any order, well or not; all of them. */
void fake_pages_end_some(struct fake_pages *fake);
void fake_pages_end_all(struct fake_pages *fake);

/* Pages under way to the device. */
uint32_t fake_pages_under_way(const struct fake_pages *fake);

/* A new daemon attaches: notices begin anew. */
void fake_pages_reattach(struct fake_pages *fake);

#endif /* USM_TESTS_FAKE_PAGES_H */
