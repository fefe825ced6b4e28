/* SPDX-License-Identifier: MIT */
/*
 * swapper.h - a policy in the test program that serves every fault, and evicts
 * to a store in its own memory on demand: each step of an eviction can be
 * taken alone, to look at what lies between.
 */
#ifndef USM_VM_SWAPPER_H
#define USM_VM_SWAPPER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/raw_daemon.h"
#include "lib/turns.h"

/* What a cookie stands for. */
struct stored {
	bool used;
	uint32_t frame; /* not stored yet: still in there */
	uint8_t bytes[4096];
};

struct swapper {
	struct raw_daemon daemon;
	char *slice; /* the whole pool; only own frames can be touched */
	uint32_t pool_frames;
	uint64_t base_pfn;
	int freed_fd;

	struct turns lock; /* what follows */
	struct usm_extents extents;
	uint32_t *free;
	uint32_t nr_free;
	struct stored *store; /* by cookie, from 1 on */
	uint32_t nr_store;
	uint32_t swapins;
	uint32_t dropped; /* notices of that type */
	uint32_t retaken;
	bool mute; /* answers nothing */

	pthread_t thread;
	int error;
	bool serving;
	bool stop;
};

/* Claims and serves from a thread of its own; ends the program on failure. */
void swapper_open(struct swapper *swapper, const char *name, uint32_t frames,
		  uint32_t deadline_ms);
void swapper_close(struct swapper *swapper);

/*
 * Takes one page away: into .frame of the new cookie.  The cookie, or -errno.
 */
int swapper_take(struct swapper *swapper, uint32_t member, uint64_t addr);
/* Copies what a cookie's frame holds into the store and frees the frame. */
int swapper_store(struct swapper *swapper, uint32_t cookie);
/* Both for `pages` pages; how many went, the others were refused. */
uint32_t swapper_evict(struct swapper *swapper, uint32_t member, uint64_t addr,
		       uint32_t pages);

/*
 * Another size for the partition, and the free frames counted anew: nothing is
 * answered meanwhile, because moving pages takes free frames.  0 or -errno.
 */
int swapper_resize(struct swapper *swapper, uint32_t frames,
		   struct usm_resize *out);

/* Stops answering for a while. */
void swapper_mute(struct swapper *swapper, bool mute);

/* Cookies in use, after reading the notices. */
uint32_t swapper_cookies(struct swapper *swapper);

/* Binds a process; its member id, or -errno. */
int swapper_bind(struct swapper *swapper, int pidfd, uint32_t inherit);

#endif /* USM_VM_SWAPPER_H */
