/* SPDX-License-Identifier: MIT */
#include "instance/worker/inbox.h"

#include <ck_ring.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Members that come and go between two passes; ck_ring wants a power of two. */
#define INBOX_SIZE 1024

/*
 * ThreadSanitizer does not follow the assembler that orders ConcurrencyKit's
 * plain accesses, so it is told to look away inside the ring.
 */
#if defined(__SANITIZE_THREAD__)
#define USM_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define USM_TSAN 1
#endif
#endif
#ifdef USM_TSAN
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
#define RING_BEGIN()                                           \
	do {                                                   \
		AnnotateIgnoreReadsBegin(__FILE__, __LINE__);  \
		AnnotateIgnoreWritesBegin(__FILE__, __LINE__); \
	} while (0)
#define RING_END()                                           \
	do {                                                 \
		AnnotateIgnoreWritesEnd(__FILE__, __LINE__); \
		AnnotateIgnoreReadsEnd(__FILE__, __LINE__);  \
	} while (0)
#else
#define RING_BEGIN() ((void)0)
#define RING_END() ((void)0)
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

/* A message travels in place of the pointer that the ring carries. */
_Static_assert(sizeof(void *) == sizeof(struct usm_inbox_message),
	       "a message is as large as a pointer");

bool usm_inbox_post(struct usm_inbox *inbox, struct usm_inbox_message message)
{
	void *carried;
	bool posted;

	memcpy(&carried, &message, sizeof(carried));

	RING_BEGIN();
	posted = ck_ring_enqueue_spsc(&inbox->ring, inbox->buffer, carried);
	RING_END();
	return posted;
}

bool usm_inbox_take(struct usm_inbox *inbox, struct usm_inbox_message *message)
{
	void *carried = NULL;
	bool taken;

	RING_BEGIN();
	taken = ck_ring_dequeue_spsc(&inbox->ring, inbox->buffer, &carried);
	RING_END();
	if (taken)
		memcpy(message, &carried, sizeof(*message));
	return taken;
}
