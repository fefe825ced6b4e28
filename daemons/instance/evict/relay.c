/* SPDX-License-Identifier: MIT */
#include "instance/evict/relay.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/arena/mailbox.h"
#include "instance/worker/bitfield.h"
#include "usm.h"

struct page {
	uint64_t addr;
	uint32_t member; /* 0: none */
	uint32_t unused;
};

struct usm_relay {
	struct usm_mailbox changed; /* frames of which there is news */
	struct page *page; /* [nr_frames], as last heard */
	uint32_t nr_frames;
	uint32_t low;
	uint32_t keep;
	bool hopeful;
	bool wanted;
	bool suspicion;
	void (*ring)(void *ctx);
	void *ring_ctx;
	struct usm_bitfield handed; /* slots */
	/* While it drains: */
	void (*tell)(void *ctx, uint32_t frame, uint32_t member, uint64_t addr);
	void *tell_ctx;
};

int usm_relay_create(uint32_t nr_frames, struct usm_relay **out)
{
	const struct usm_extent all = { 0, nr_frames };
	struct usm_relay *relay = calloc(1, sizeof(*relay));
	struct usm_span span;
	int err;

	if (!relay)
		return -ENOMEM;
	relay->nr_frames = nr_frames;
	relay->hopeful = true;
	err = usm_span_of(&all, 1, &span);
	if (!err)
		err = usm_mailbox_init(&relay->changed, &span);
	if (!err) {
		relay->page = calloc(nr_frames, sizeof(*relay->page));
		err = relay->page ? 0 : -ENOMEM;
	}
	if (err) {
		usm_relay_destroy(relay);
		return err;
	}
	*out = relay;
	return 0;
}

void usm_relay_destroy(struct usm_relay *relay)
{
	if (!relay)
		return;
	free(relay->page);
	usm_mailbox_fini(&relay->changed);
	free(relay);
}

void usm_relay_ring(struct usm_relay *relay, void (*ring)(void *ctx), void *ctx)
{
	relay->ring = ring;
	relay->ring_ctx = ctx;
}

/* What it is to see was stored before. */
static void ring(const struct usm_relay *relay)
{
	if (relay->ring)
		relay->ring(relay->ring_ctx);
}

void usm_relay_placed(struct usm_relay *relay, uint32_t frame, uint32_t member,
		      uint64_t addr)
{
	struct page *page;

	if (frame >= relay->nr_frames)
		return;
	page = &relay->page[frame];
	__atomic_store_n(&page->addr, addr, __ATOMIC_RELAXED);
	__atomic_store_n(&page->member, member, __ATOMIC_RELAXED);
	usm_mailbox_put(&relay->changed, frame);
}

void usm_relay_removed(void *ctx, uint32_t frame)
{
	usm_relay_placed(ctx, frame, 0, 0);
}

void usm_relay_hand(struct usm_relay *relay, uint32_t slot)
{
	/* As the kernel does with PFQ. */
	__atomic_fetch_or(&relay->handed.leaf[slot / 64], 1ULL << slot % 64,
			  __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&relay->handed.summary, 1ULL << slot / 64,
			  __ATOMIC_SEQ_CST);
	ring(relay);
}

static void raise(struct usm_relay *relay, bool *flag)
{
	/* Whoever raised it first rings. */
	if (!__atomic_exchange_n(flag, true, __ATOMIC_SEQ_CST))
		ring(relay);
}

void usm_relay_want(struct usm_relay *relay)
{
	raise(relay, &relay->wanted);
}

void usm_relay_see(struct usm_relay *relay, uint32_t nr_free)
{
	if (nr_free < __atomic_load_n(&relay->low, __ATOMIC_RELAXED) &&
	    !__atomic_load_n(&relay->wanted, __ATOMIC_RELAXED))
		usm_relay_want(relay);
}

void usm_relay_suspect(struct usm_relay *relay)
{
	raise(relay, &relay->suspicion);
}

uint32_t usm_relay_keep(const struct usm_relay *relay)
{
	return __atomic_load_n(&relay->keep, __ATOMIC_RELAXED);
}

bool usm_relay_hopeful(const struct usm_relay *relay)
{
	return __atomic_load_n(&relay->hopeful, __ATOMIC_RELAXED);
}

bool usm_relay_pending(const struct usm_relay *relay)
{
	return usm_bitfield_snapshot(&relay->handed) ||
	       __atomic_load_n(&relay->wanted, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&relay->suspicion, __ATOMIC_RELAXED);
}

uint64_t usm_relay_take_handed(struct usm_relay *relay, uint32_t *word)
{
	uint64_t words = usm_bitfield_snapshot(&relay->handed), bits = 0;

	for (; words && !bits; words &= words - 1) {
		*word = (uint32_t)__builtin_ctzll(words);
		bits = usm_bitfield_take(&relay->handed, *word, ~0ULL);
	}
	return bits;
}

static bool take(bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_RELAXED) &&
	       __atomic_exchange_n(flag, false, __ATOMIC_SEQ_CST);
}

bool usm_relay_take_wanted(struct usm_relay *relay)
{
	return take(&relay->wanted);
}

bool usm_relay_take_suspicion(struct usm_relay *relay)
{
	return take(&relay->suspicion);
}

static void pass_on(void *ctx, uint32_t frame)
{
	struct usm_relay *relay = ctx;
	const struct page *page = &relay->page[frame];

	relay->tell(relay->tell_ctx, frame,
		    __atomic_load_n(&page->member, __ATOMIC_RELAXED),
		    __atomic_load_n(&page->addr, __ATOMIC_RELAXED));
}

void usm_relay_drain(struct usm_relay *relay,
		     void (*tell)(void *ctx, uint32_t frame, uint32_t member,
				  uint64_t addr),
		     void *ctx)
{
	if (!usm_mailbox_pending(&relay->changed))
		return;
	relay->tell = tell;
	relay->tell_ctx = ctx;
	usm_mailbox_drain(&relay->changed, pass_on, relay);
}

void usm_relay_set(struct usm_relay *relay, uint32_t low, uint32_t keep,
		   bool hopeful)
{
	__atomic_store_n(&relay->keep, keep, __ATOMIC_RELAXED);
	__atomic_store_n(&relay->low, low, __ATOMIC_RELAXED);
	__atomic_store_n(&relay->hopeful, hopeful, __ATOMIC_RELAXED);
}
