/* SPDX-License-Identifier: MIT */
/*
 * fake_ahead.h - magazines and range grants of the fake kernel, by the rules of
 * usm.h, and members that use them.
 */
#ifndef USM_TESTS_FAKE_AHEAD_H
#define USM_TESTS_FAKE_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "fake_kernel.h"

/* Makes room for them and puts the calls into fake->ops; after its init. */
void fake_ahead_init(struct fake_kernel *fake);
void fake_ahead_fini(struct fake_kernel *fake);

/*
 * A member touches a page: the frame it got without a question, or
 * USM_FRAME_NONE.  Frames that were vouched for are looked at, and every used
 * one gets something written into it.
 */
uint32_t fake_ahead_touch(struct fake_kernel *fake, uint32_t member,
			  uint64_t addr);

/* The member is gone: what it had not used comes home. */
void fake_ahead_exit(struct fake_kernel *fake, uint32_t member);

/* The kernel moves a page into a FREE frame of its own choice. */
void fake_ahead_adopt(struct fake_kernel *fake, uint32_t frame);

/* Frame f of the pool. */
char *fake_ahead_page(struct fake_kernel *fake, uint32_t frame);

/* Frames given ahead, as the kernel counts them. */
uint32_t fake_ahead_nr(const struct fake_kernel *fake);

#endif /* USM_TESTS_FAKE_AHEAD_H */
