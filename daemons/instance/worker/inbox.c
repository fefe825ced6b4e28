/* SPDX-License-Identifier: MIT */
#include "instance/worker/inbox.h"

#include <ck_ring.h>
#include <errno.h>
#include <stdlib.h>

/* Members that end between two faults; a power of two, as ck_ring wants. */
#define INBOX_SIZE 1024

/* ThreadSanitizer does not follow the assembler of ConcurrencyKit. */
#if defined(__SANITIZE_THREAD__)
#define USM_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define USM_TSAN 1
#endif
#endif
#ifdef USM_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#else
#define __tsan_acquire(addr) ((void)(addr))
#define __tsan_release(addr) ((void)(addr))
#endif

struct usm_inbox {
	ck_ring_t ring;
	ck_ring_buffer_t buffer[INBOX_SIZE];
};

int usm_inbox_create(struct usm_inbox **out)
{
	/* ck_ring keeps its two ends on cache lines of their own. */
	struct usm_inbox *inbox = aligned_alloc(
		CK_MD_CACHELINE, (sizeof(*inbox) + CK_MD_CACHELINE - 1) &
					 ~(size_t)(CK_MD_CACHELINE - 1));

	if (!inbox)
		return -ENOMEM;
	ck_ring_init(&inbox->ring, INBOX_SIZE);
	*out = inbox;
	return 0;
}

void usm_inbox_destroy(struct usm_inbox *inbox)
{
	free(inbox);
}

bool usm_inbox_post(struct usm_inbox *inbox, uint32_t member)
{
	__tsan_release(inbox);
	return ck_ring_enqueue_spsc(&inbox->ring, inbox->buffer,
				    (void *)(uintptr_t)member);
}

bool usm_inbox_take(struct usm_inbox *inbox, uint32_t *member)
{
	void *message;

	if (!ck_ring_dequeue_spsc(&inbox->ring, inbox->buffer, &message))
		return false;
	__tsan_acquire(inbox);
	*member = (uint32_t)(uintptr_t)message;
	return true;
}
