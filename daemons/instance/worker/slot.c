/* SPDX-License-Identifier: MIT */
#include "instance/worker/slot.h"

#include "common/frame_size.h"

#define LOAD(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

bool usm_slot_read(const struct usm_slot *slot, uint32_t *gen,
		   struct usm_fault *fault)
{
	uint32_t before = __atomic_load_n(&slot->gen, __ATOMIC_ACQUIRE);
	struct usm_fault copy = {
		.addr = LOAD(slot->addr),
		.vma_start = LOAD(slot->vma_start),
		.vma_end = LOAD(slot->vma_end),
		.cookie = LOAD(slot->cookie),
		.member = LOAD(slot->member),
		.tgid = LOAD(slot->tgid),
		.tid = LOAD(slot->tid),
		.flags = LOAD(slot->flags),
		.kind = LOAD(slot->kind),
		.order = LOAD(slot->order),
	};
	uint32_t state = LOAD(slot->state);

	/* The copy is whole if the generation is still the same after it. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (LOAD(slot->gen) != before || !before || state == USM_SLOT_IDLE)
		return false;
	/* Policies may rely on the fault being inside its mapping. */
	if (copy.addr < copy.vma_start || copy.addr >= copy.vma_end) {
		copy.vma_start = copy.addr;
		copy.vma_end = copy.addr + USM_FRAME_BYTES;
	}
	*gen = before;
	*fault = copy;
	return true;
}

int usm_slot_error(const struct usm_slot *slot)
{
	return LOAD(slot->error);
}

void usm_slot_reply(struct usm_slot *slot, uint32_t gen, uint32_t frame)
{
	__atomic_store_n(&slot->reply, USM_REPLY(gen, frame), __ATOMIC_RELEASE);
}

uint64_t usm_slot_last_reply(const struct usm_slot *slot)
{
	return __atomic_load_n(&slot->reply, __ATOMIC_ACQUIRE);
}

bool usm_slot_reply_after(struct usm_slot *slot, uint64_t *before, uint32_t gen,
			  uint32_t frame)
{
	__u64 expected = *before;
	bool stored = __atomic_compare_exchange_n(
		&slot->reply, &expected, USM_REPLY(gen, frame), false,
		__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);

	*before = expected;
	return stored;
}

bool usm_slot_is_asleep(const struct usm_slot *slot)
{
	return LOAD(slot->state) == USM_SLOT_ASLEEP;
}
