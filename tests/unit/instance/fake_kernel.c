/* SPDX-License-Identifier: MIT */
#include "fake_kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "instance/worker/bitfield.h"

uint8_t *fake_state(struct fake_kernel *fake, uint32_t frame)
{
	return &fake->frames[frame - fake->extent.first].state;
}

static int owned(const struct fake_kernel *fake, uint32_t frame)
{
	return frame - fake->extent.first < fake->extent.frames;
}

/* Grants the frame for a reply, or says why not. */
static int grant(struct fake_kernel *fake, uint32_t frame)
{
	if (frame == USM_FRAME_NONE)
		return 0;
	if (!owned(fake, frame))
		return -EPERM;
	if (*fake_state(fake, frame) != USM_FRAME_FREE)
		return -EBUSY;
	*fake_state(fake, frame) = USM_FRAME_MAPPED;
	return 0;
}

static int fake_worker(void *ctx, uint32_t worker)
{
	struct fake_kernel *fake = ctx;

	fake->workers |= 1U << worker;
	return 0;
}

static int fake_map(void *ctx, struct usm_map_entry *entries, uint32_t nr)
{
	struct fake_kernel *fake = ctx;
	uint32_t i;

	fake->maps++;
	fake->map_entries += nr;
	for (i = 0; i < nr; i++) {
		struct usm_slot *slot = &fake->slots[entries[i].slot];

		if (slot->gen != entries[i].gen ||
		    slot->state == USM_SLOT_IDLE) {
			entries[i].result = -ESTALE;
			continue;
		}
		entries[i].result = grant(fake, entries[i].frame);
		if (entries[i].result)
			fake->refused++;
		else
			fake->mapped[entries[i].slot] =
				USM_REPLY(slot->gen, entries[i].frame);
		slot->state = USM_SLOT_IDLE;
	}
	return 0;
}

static int fake_scan(void *ctx, uint32_t *home)
{
	struct fake_kernel *fake = ctx;

	fake->scans++;
	*home = fake->hidden;
	fake->hidden = 0;
	return 0;
}

static int fake_frames(void *ctx, uint32_t first, struct usm_frame_info *out,
		       uint32_t *nr)
{
	struct fake_kernel *fake = ctx;
	uint32_t i;

	for (i = 0; i < *nr; i++) {
		memset(&out[i], 0, sizeof(out[i]));
		if (owned(fake, first + i))
			out[i] = fake->frames[first + i - fake->extent.first];
	}
	return 0;
}

static int fake_read_freed(void *ctx, uint64_t *pfns, uint32_t *nr)
{
	struct fake_kernel *fake = ctx;
	uint32_t seen = fake->nr_home - fake->hidden, i;

	if (!seen)
		return -EAGAIN;
	if (*nr > seen)
		*nr = seen;
	for (i = 0; i < *nr; i++) {
		*fake_state(fake, fake->home[i]) = USM_FRAME_FREE;
		pfns[i] = FAKE_BASE_PFN + fake->home[i];
	}
	fake->nr_home -= *nr;
	memmove(fake->home, fake->home + *nr,
		fake->nr_home * sizeof(*fake->home));
	return 0;
}

void fake_kernel_init(struct fake_kernel *fake, uint32_t nr_frames)
{
	uint32_t i;

	memset(fake, 0, sizeof(*fake));
	fake->extent.first = FAKE_FIRST;
	fake->extent.frames = nr_frames;
	fake->frames = calloc(nr_frames, sizeof(*fake->frames));
	fake->home = calloc(nr_frames, sizeof(*fake->home));
	for (i = 0; i < nr_frames; i++)
		fake->frames[i].state = USM_FRAME_FREE;
	fake->ops = (struct usm_kernel){
		.ctx = fake,
		.worker = fake_worker,
		.map = fake_map,
		.scan = fake_scan,
		.frames = fake_frames,
		.read_freed = fake_read_freed,
	};
}

void fake_kernel_fini(struct fake_kernel *fake)
{
	free(fake->frames);
	free(fake->home);
}

struct usm_channel_view fake_kernel_view(struct fake_kernel *fake)
{
	return (struct usm_channel_view){
		.pfq = &fake->pfq,
		.slots = fake->slots,
		.nr_slots = FAKE_SLOTS,
		.notices = &fake->notices,
	};
}

void fake_fault(struct fake_kernel *fake, uint32_t index, uint32_t member,
		uint64_t addr)
{
	struct usm_slot *slot = &fake->slots[index];

	slot->addr = addr;
	slot->vma_start = addr & ~0xffffffULL;
	slot->vma_end = slot->vma_start + 0x1000000;
	slot->member = member;
	slot->error = 0;
	slot->state = USM_SLOT_SPINNING;
	__atomic_store_n(&slot->gen, slot->gen + 1, __ATOMIC_RELEASE);
	__atomic_fetch_or(&fake->pfq.leaf[index / 64], 1ULL << (index % 64),
			  __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&fake->pfq.summary, 1ULL << (index / 64),
			  __ATOMIC_SEQ_CST);
}

int64_t fake_consume(struct fake_kernel *fake, uint32_t index)
{
	struct usm_slot *slot = &fake->slots[index];
	uint64_t reply = __atomic_load_n(&slot->reply, __ATOMIC_ACQUIRE);
	uint32_t frame = (uint32_t)reply;

	if (fake->mapped[index] >> 32 == slot->gen && slot->gen) {
		frame = (uint32_t)fake->mapped[index];
		fake->mapped[index] = 0;
		return frame;
	}
	if (slot->state == USM_SLOT_IDLE || reply >> 32 != slot->gen)
		return -1;
	slot->error = grant(fake, frame);
	if (slot->error) {
		fake->refused++;
		frame = USM_FRAME_NONE;
	}
	slot->state = USM_SLOT_IDLE;
	return frame;
}

void fake_sleep(struct fake_kernel *fake, uint32_t slot)
{
	fake->slots[slot].state = USM_SLOT_ASLEEP;
}

void fake_abandon(struct fake_kernel *fake, uint32_t slot)
{
	fake->slots[slot].state = USM_SLOT_IDLE;
}

void fake_come_home(struct fake_kernel *fake, uint32_t frame, int hidden)
{
	*fake_state(fake, frame) = USM_FRAME_HOME;
	/* Hidden ones stay behind the seen ones in the queue. */
	if (!hidden && fake->hidden) {
		uint32_t seen = fake->nr_home - fake->hidden;

		memmove(&fake->home[seen + 1], &fake->home[seen],
			fake->hidden * sizeof(*fake->home));
		fake->home[seen] = frame;
	} else {
		fake->home[fake->nr_home] = frame;
	}
	fake->nr_home++;
	fake->hidden += hidden ? 1 : 0;
}

uint64_t fake_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}
