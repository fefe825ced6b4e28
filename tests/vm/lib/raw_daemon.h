/* SPDX-License-Identifier: MIT */
/*
 * raw_daemon.h - a claim held by the test program itself, which then can
 * answer faults in every wrong way.  A process with one is a daemon to the
 * module: it cannot be bound, its children (forked before or after) can.
 */
#ifndef USM_VM_RAW_DAEMON_H
#define USM_VM_RAW_DAEMON_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

struct raw_daemon {
	int dev; /* holds the claim */
	struct usm_claim claim;
	struct usm_channel *channel;
	struct usm_bitfield *pfq;
	struct usm_slot *slots;
	/* Of raw_daemon_serve(). */
	pthread_t thread;
	uint32_t answer; /* first frame to answer with, or USM_FRAME_NONE */
	uint32_t given;
	uint32_t refused; /* answers that the module did not take */
	int error; /* of registering as a worker */
	bool serving;
	bool stop;
};

/* Claims; ends the program when that fails. */
void raw_daemon_open(struct raw_daemon *daemon, const char *name,
		     uint32_t frames, uint32_t flags, uint32_t deadline_ms);

/* The same, for a user who may bind besides root. */
void raw_daemon_open_for(struct raw_daemon *daemon, const char *name,
			 uint32_t frames, uint32_t flags, uint32_t deadline_ms,
			 uint32_t owner_uid);

/* The same with everything that a claim can say. */
void raw_daemon_claim(struct raw_daemon *daemon, const struct usm_claim *claim);

/* Ends the thread, the mappings and the claim. */
void raw_daemon_close(struct raw_daemon *daemon);

/* The calling thread becomes worker 0. 0 or -errno. */
int raw_daemon_register(struct raw_daemon *daemon);

/*
 * A thread that answers every fault with the frames of the first extent in
 * order, or with USM_FRAME_NONE when `refuse`; waits until it is a worker.
 */
void raw_daemon_serve(struct raw_daemon *daemon, bool refuse);

/* Takes a pending slot out of the PFQ: its number, or -1. */
int raw_daemon_next(struct raw_daemon *daemon);

/* The same, waiting for one. */
int raw_daemon_wait(struct raw_daemon *daemon, unsigned int limit_ms);

/* One USM_IOC_MAP of one entry: its result, or the call's error. */
int raw_daemon_answer(struct raw_daemon *daemon, uint32_t slot, uint32_t gen,
		      uint32_t frame);

/* State of a frame (enum usm_frame_state), or -errno. */
int raw_daemon_frame(struct raw_daemon *daemon, uint32_t frame);

#endif /* USM_VM_RAW_DAEMON_H */
