/* SPDX-License-Identifier: MIT */
/*
 * magazines.h - how deep each member's magazine is to be.
 *
 * A place per member by its number, which are given in order: as many members
 * in a row never share one.  Who shares one begins small again whenever the
 * other was there, which costs questions and nothing else.
 */
#ifndef USM_INSTANCE_AHEAD_MAGAZINES_H
#define USM_INSTANCE_AHEAD_MAGAZINES_H

#include <stdbool.h>
#include <stdint.h>

/* Members whose depths are remembered: 24 KiB. */
#define USM_MAGAZINES_MAX 1024U

struct usm_magazine_state {
	uint64_t filled_ns;
	uint32_t member; /* 0: nobody's */
	uint32_t depth;
};

struct usm_magazines {
	struct usm_magazine_state of[USM_MAGAZINES_MAX];
};

/* How many frames to push, and at how many left to ring. */
struct usm_refill {
	uint32_t frames; /* 0: none */
	uint32_t low;
};

/*
 * What a member's magazine is to get that holds `stocked` frames, asked for at
 * now_ns, with at most `max` in it; its depth changes with how long the last
 * refill lasted.
 */
struct usm_refill usm_magazines_refill(struct usm_magazines *magazines,
				       uint32_t member, uint32_t stocked,
				       uint32_t max, uint64_t now_ns);

/* The member is gone. */
void usm_magazines_drop(struct usm_magazines *magazines, uint32_t member);

/* All were taken back because frames ran short. */
void usm_magazines_taken_back(struct usm_magazines *magazines);

#endif /* USM_INSTANCE_AHEAD_MAGAZINES_H */
