/* SPDX-License-Identifier: MIT */
#include "fake_pages.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "common/client.h"
#include "fake_kernel.h"
#include "instance/swap/map.h"

/* One place for it: the macro is large, and this file has many checks. */
static void must(bool held, const char *what)
{
	cr_assert(held, "%s", what);
}

static bool one_in(struct fake_pages *fake, unsigned int n)
{
	return n && fake_random(&fake->random) % n == 0;
}

void fake_page_fill(uint64_t *words, uint32_t page, uint32_t version)
{
	uint32_t i;

	for (i = 0; i < FAKE_PAGE_WORDS; i++)
		words[i] = (uint64_t)page << 48 | (uint64_t)version << 16 | i;
}

bool fake_page_right(const uint64_t *words, uint32_t page, uint32_t version)
{
	uint64_t right[FAKE_PAGE_WORDS];

	fake_page_fill(right, page, version);
	return !memcmp(words, right, sizeof(right));
}

static uint32_t page_of_frame(const struct fake_pages *fake, uint32_t frame)
{
	uint32_t i;

	for (i = 0; i < FAKE_PAGES; i++)
		if (fake->page[i].frame == frame)
			return i;
	return FAKE_PAGES;
}

static void post(struct fake_pages *fake, const struct usm_notice *notice)
{
	struct usm_notices *ring = &fake->notices;

	if (ring->head - ring->tail >= USM_NOTICES) {
		ring->lost++;
		return;
	}
	ring->ring[ring->head++ % USM_NOTICES] = *notice;
}

static void end_record(struct fake_pages *fake, uint32_t page)
{
	post(fake, &(struct usm_notice){
			   .type = USM_NOTICE_DROPPED,
			   .frame = USM_FRAME_NONE,
			   .cookie = fake->page[page].cookie,
		   });
	fake->page[page].cookie = 0;
	fake->page[page].held = USM_FRAME_NONE;
}

void fake_pages_retake(struct fake_pages *fake, uint32_t page)
{
	uint32_t frame = fake->page[page].held;

	fake->frames[frame].state = USM_FRAME_MAPPED;
	fake->page[page].frame = frame;
	fake->retaken++;
	post(fake, &(struct usm_notice){
			   .type = USM_NOTICE_RETAKEN,
			   .frame = frame,
			   .member = FAKE_MEMBER,
			   .addr = FAKE_PAGES_AT + page * USM_FRAME_BYTES,
			   .cookie = fake->page[page].cookie,
		   });
	end_record(fake, page);
	fake_pages_touch(fake, page);
}

void fake_pages_touch(struct fake_pages *fake, uint32_t page)
{
	struct fake_page *at = &fake->page[page];

	must(fake_page_right(fake->pool[at->frame], page, at->version),
	     "every word of the page is right");
	fake_page_fill(fake->pool[at->frame], page, ++at->version);
	at->accessed = true;
}

void fake_pages_map(struct fake_pages *fake, uint32_t page, uint32_t frame)
{
	struct fake_page *at = &fake->page[page];

	must(frame < FAKE_PAGE_FRAMES &&
		     fake->frames[frame].state == USM_FRAME_FREE,
	     "the frame of an answer is FREE");
	fake->frames[frame] = (struct usm_frame_info){
		.state = USM_FRAME_MAPPED,
		.member = FAKE_MEMBER,
		.addr = FAKE_PAGES_AT + page * USM_FRAME_BYTES,
	};
	at->frame = frame;
	if (!at->cookie)
		fake_page_fill(fake->pool[frame], page, at->version);
	else
		end_record(fake, page);
	fake_pages_touch(fake, page);
}

void fake_pages_drop(struct fake_pages *fake, uint32_t page)
{
	struct fake_page *at = &fake->page[page];
	uint32_t frame = at->frame != USM_FRAME_NONE ? at->frame : at->held;

	/* Scans find it at once. */
	if (frame != USM_FRAME_NONE)
		fake->frames[frame].state = USM_FRAME_HOME;
	at->frame = USM_FRAME_NONE;
	if (at->cookie)
		end_record(fake, page);
	at->version = 0;
}

static int fake_evict(void *ctx, struct usm_evict_entry *entries, uint32_t nr)
{
	struct fake_pages *fake = ctx;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		uint32_t frame = entries[i].frame;
		uint32_t page = page_of_frame(fake, frame);
		struct fake_page *at = &fake->page[page];

		entries[i].result = -ENOENT;
		if (page == FAKE_PAGES)
			continue;
		must(usm_swap_slot(entries[i].cookie),
		     "slot 0 is the device's own");
		entries[i].result = 0;
		at->cookie = entries[i].cookie;
		if (one_in(fake, fake->busy)) {
			/* Sometimes there was a record of it for a moment. */
			entries[i].result = -EBUSY;
			if (one_in(fake, 2))
				end_record(fake, page);
			at->cookie = 0;
			continue;
		}
		fake->evictions++;
		fake->frames[frame].state = USM_FRAME_EVICTING;
		at->id = ++fake->next_id;
		at->held = frame;
		at->frame = USM_FRAME_NONE;
		entries[i].member = FAKE_MEMBER;
		entries[i].addr = FAKE_PAGES_AT + page * USM_FRAME_BYTES;
	}
	return 0;
}

static int fake_free(void *ctx, struct usm_free_entry *entries, uint32_t nr)
{
	struct fake_pages *fake = ctx;
	uint32_t i, page;

	for (i = 0; i < nr; i++) {
		uint32_t frame = entries[i].frame;

		for (page = 0; page < FAKE_PAGES; page++)
			if (fake->page[page].cookie &&
			    fake->page[page].held == frame)
				break;
		entries[i].result = -ESTALE;
		if (page == FAKE_PAGES)
			continue;
		if (one_in(fake, fake->touched)) {
			if (one_in(fake, 2))
				fake_pages_retake(fake, page);
			else
				fake_pages_drop(fake, page);
			continue;
		}
		entries[i].result = 0;
		fake->page[page].held = USM_FRAME_NONE;
		fake->frames[frame].state = USM_FRAME_FREE;
		/* Whoever needs it again must get it from the device. */
		memset(fake->pool[frame], 0xee, sizeof(fake->pool[frame]));
	}
	return 0;
}

static int fake_pages_op(void *ctx, uint32_t member, uint64_t addr, uint32_t nr,
			 uint32_t flags, uint64_t *words)
{
	struct fake_pages *fake = ctx;
	uint64_t first = (addr - FAKE_PAGES_AT) >> USM_FRAME_SHIFT, i;

	must(member == FAKE_MEMBER && flags == USM_PAGES_CLEAR_ACCESSED &&
		     nr <= USM_PAGES_MAX,
	     "looking at pages is asked for as it should be");
	if (one_in(fake, fake->busy))
		return -EAGAIN;
	for (i = 0; i < nr; i++) {
		struct fake_page *at = &fake->page[first + i];

		words[i] = USM_FRAME_NONE;
		if (first + i >= FAKE_PAGES || at->frame == USM_FRAME_NONE)
			continue;
		words[i] = at->frame | USM_PAGE_PRESENT |
			   (at->accessed ? USM_PAGE_ACCESSED : 0);
		at->accessed = false;
	}
	return 0;
}

static int fake_evicted(void *ctx, uint64_t after, struct usm_evicted_info *out,
			uint32_t *nr)
{
	struct fake_pages *fake = ctx;
	uint32_t room = *nr, i;

	for (*nr = 0; *nr < room; ++*nr) {
		const struct fake_page *next = NULL;

		for (i = 0; i < FAKE_PAGES; i++)
			if (fake->page[i].cookie && fake->page[i].id > after &&
			    (!next || fake->page[i].id < next->id))
				next = &fake->page[i];
		if (!next)
			break;
		out[*nr] = (struct usm_evicted_info){
			.id = next->id,
			.cookie = next->cookie,
			.frame = next->held,
			.places = 1,
		};
		after = next->id;
	}
	return 0;
}

static int fake_frames(void *ctx, uint32_t first, struct usm_frame_info *out,
		       uint32_t *nr)
{
	struct fake_pages *fake = ctx;
	uint32_t i;

	for (i = 0; i < *nr && first + i < FAKE_PAGE_FRAMES; i++)
		out[i] = fake->frames[first + i];
	*nr = i;
	return 0;
}

static int fake_scan(void *ctx, uint32_t *home)
{
	(void)ctx;
	*home = 0;
	return 0;
}

static int fake_read_freed(void *ctx, uint64_t *pfns, uint32_t *nr)
{
	struct fake_pages *fake = ctx;
	uint32_t i, got = 0;

	for (i = 0; i < FAKE_PAGE_FRAMES && got < *nr; i++) {
		if (fake->frames[i].state != USM_FRAME_HOME)
			continue;
		fake->frames[i].state = USM_FRAME_FREE;
		pfns[got++] = i;
	}
	*nr = got;
	return got ? 0 : -EAGAIN;
}

static bool under_way(const struct fake_pages *fake, uint32_t slot)
{
	uint32_t i;

	for (i = 0; i < USM_SWAP_STORES_MAX; i++)
		if (slot - fake->store[i].slot < fake->store[i].nr)
			return true;
	return false;
}

/* The data, whatever it is by now. */
static void copy(struct fake_pages *fake, const struct fake_store *store)
{
	uint32_t i;

	for (i = 0; i < store->nr; i++)
		memcpy(fake->swap[store->slot + i], store->pages[i].iov_base,
		       USM_FRAME_BYTES);
}

static int swap_store_begin(void *ctx, uint32_t slot, const struct iovec *pages,
			    uint32_t nr, uint64_t token)
{
	struct fake_pages *fake = ctx;
	struct fake_store *store = fake->store;
	uint32_t i;

	must(slot && nr && nr <= USM_SWAP_STORE_PAGES &&
		     slot + nr <= FAKE_SWAP_SLOTS,
	     "the slots are there");
	for (i = 0; i < nr; i++)
		must(!under_way(fake, slot + i),
		     "nothing else is on its way to the slot");
	if (one_in(fake, fake->failing))
		return one_in(fake, 2) ? -EAGAIN : -EBUSY;
	while (store->nr)
		store++;
	*store = (struct fake_store){ .slot = slot, .nr = nr, .token = token };
	memcpy(store->pages, pages, nr * sizeof(*pages));
	return 0;
}

static uint32_t swap_store_reap(void *ctx, struct usm_swap_done *done,
				uint32_t nr)
{
	struct fake_pages *fake = ctx;
	uint32_t taken = 0, i;

	for (i = 0; i < USM_SWAP_STORES_MAX && taken < nr; i++) {
		struct fake_store *store = &fake->store[i];

		if (!store->nr || !store->over)
			continue;
		done[taken++] = (struct usm_swap_done){
			.token = store->token,
			.result = store->result,
		};
		store->nr = 0;
	}
	return taken;
}

static void end_store(struct fake_pages *fake, struct fake_store *store)
{
	if (!store->nr || store->over)
		return;
	store->over = true;
	if (one_in(fake, fake->failing)) {
		store->result = fake->failing_with ?: -EIO;
		return;
	}
	copy(fake, store);
	fake->stores++;
}

void fake_pages_end_some(struct fake_pages *fake)
{
	uint32_t i;

	for (i = 0; i < USM_SWAP_STORES_MAX; i++)
		if (one_in(fake, 3))
			end_store(fake, &fake->store[i]);
}

void fake_pages_end_all(struct fake_pages *fake)
{
	uint32_t i;

	for (i = 0; i < USM_SWAP_STORES_MAX; i++)
		end_store(fake, &fake->store[i]);
}

uint32_t fake_pages_under_way(const struct fake_pages *fake)
{
	uint32_t nr = 0, i;

	for (i = 0; i < USM_SWAP_STORES_MAX; i++)
		nr += fake->store[i].nr;
	return nr;
}

void fake_pages_store_aside(struct fake_pages *fake)
{
	fake->device.store_begin = swap_store_begin;
	fake->device.store_reap = swap_store_reap;
}

static int swap_store(void *ctx, uint32_t slot, struct iovec *pages,
		      uint32_t nr)
{
	struct fake_pages *fake = ctx;
	uint32_t i;

	must(slot && slot + nr <= FAKE_SWAP_SLOTS, "the slots are there");
	for (i = 0; i < nr; i++) {
		must(!under_way(fake, slot + i),
		     "nothing else is on its way to the slot");
		if (one_in(fake, fake->failing))
			return fake->failing_with ?: -EIO;
		memcpy(fake->swap[slot + i], pages[i].iov_base,
		       USM_FRAME_BYTES);
	}
	fake->stores++;
	return 0;
}

static int swap_load(void *ctx, uint32_t slot, void *page)
{
	struct fake_pages *fake = ctx;

	must(!under_way(fake, slot), "what is read has been stored");
	memcpy(page, fake->swap[slot], USM_FRAME_BYTES);
	fake->swapins++;
	return 0;
}

void fake_pages_reattach(struct fake_pages *fake)
{
	uint32_t i;

	memset(&fake->notices, 0, sizeof(fake->notices));
	/* Whatever was under way was written, or was not. */
	fake_pages_end_some(fake);
	memset(fake->store, 0, sizeof(fake->store));
	/* A page may go between the old daemon's end and the new one's list. */
	for (i = 0; i < FAKE_PAGES; i++)
		if (fake->page[i].cookie &&
		    fake->page[i].held != USM_FRAME_NONE && one_in(fake, 3))
			fake_pages_retake(fake, i);
}

void fake_pages_init(struct fake_pages *fake, uint64_t seed)
{
	uint32_t i;

	memset(fake, 0, sizeof(*fake));
	fake->random = seed;
	for (i = 0; i < FAKE_PAGE_FRAMES; i++)
		fake->frames[i].state = USM_FRAME_FREE;
	for (i = 0; i < FAKE_PAGES; i++)
		fake->page[i].frame = fake->page[i].held = USM_FRAME_NONE;
	memset(fake->swap[0], 0x55, sizeof(fake->swap[0]));
	fake->device = (struct usm_swap_device){
		.ctx = fake,
		.nr_slots = FAKE_SWAP_SLOTS,
		.store = swap_store,
		.load = swap_load,
	};
	fake->ops = (struct usm_kernel){
		.ctx = fake,
		.scan = fake_scan,
		.frames = fake_frames,
		.evict = fake_evict,
		.free = fake_free,
		.pages = fake_pages_op,
		.evicted = fake_evicted,
		.read_freed = fake_read_freed,
	};
}
