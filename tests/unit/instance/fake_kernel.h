/* SPDX-License-Identifier: MIT */
/*
 * fake_kernel.h - the module's side of a channel in plain memory.
 *
 * Keeps the frame states and the rules of usm.h (a reply must name the current
 * generation and a FREE frame) and counts what it had to refuse.
 */
#ifndef USM_TESTS_FAKE_KERNEL_H
#define USM_TESTS_FAKE_KERNEL_H

#include <stdint.h>

#include "instance/kernel.h"
#include "instance/worker/local_manager.h"
#include "usm.h"

#define FAKE_FIRST 100 /* first frame of the partition */
#define FAKE_BASE_PFN 0x80000
#define FAKE_SLOTS 256

struct fake_kernel {
	struct usm_kernel ops;
	struct usm_bitfield pfq;
	struct usm_slot slots[FAKE_SLOTS];
	struct usm_doorbell bell;
	struct usm_extent extent;
	struct usm_frame_info *frames; /* [extent.frames] */
	uint32_t *home; /* queue of frames that came home */
	uint32_t nr_home;
	uint64_t mapped[FAKE_SLOTS]; /* reply that USM_IOC_MAP brought */
	uint32_t hidden; /* home frames that only a scan finds */
	/* what was asked of it */
	unsigned int scans, maps, map_entries, refused, workers;
	/* See fake_ahead.h. */
	struct usm_notices notices;
	char *pool;
	uint32_t low, armed; /* of the last push */
	uint32_t gone; /* a member that is not there any more */
	uint64_t push_order;
	unsigned int pushes, grants;
	unsigned int lies; /* vouched for, and not zero */
};

void fake_kernel_init(struct fake_kernel *fake, uint32_t nr_frames);
void fake_kernel_fini(struct fake_kernel *fake);

struct usm_channel_view fake_kernel_view(struct fake_kernel *fake);

/* State of a frame of the partition, by pool frame. */
uint8_t *fake_state(struct fake_kernel *fake, uint32_t frame);

/* A thread faults: fills the slot and sets its PFQ bit. */
void fake_fault(struct fake_kernel *fake, uint32_t index, uint32_t member,
		uint64_t addr);

/*
 * The spinning thread looks at its slot: returns the frame it got, and is
 * gone from the slot; USM_FRAME_NONE if it is to be served otherwise, or the
 * reply was refused; -1 while there is no reply.
 */
int64_t fake_consume(struct fake_kernel *fake, uint32_t index);

/* The thread goes to sleep, or gives up its request. */
void fake_sleep(struct fake_kernel *fake, uint32_t slot);
void fake_abandon(struct fake_kernel *fake, uint32_t slot);

/* A used frame comes home; hidden: not noticed until a scan. */
void fake_come_home(struct fake_kernel *fake, uint32_t frame, int hidden);

/* Small reproducible random numbers. */
uint64_t fake_random(uint64_t *state);

#endif /* USM_TESTS_FAKE_KERNEL_H */
