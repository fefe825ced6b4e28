/* SPDX-License-Identifier: MIT */
/*
 * reaper.h - a process beside the daemon that may kill members, and nothing
 * else.
 *
 * The daemon has no rights, and runs policies that others wrote.  So it cannot
 * kill, and is not to be able to.  This process keeps CAP_KILL alone and takes
 * one request: kill the member with the most frames.  Who that is it asks the
 * kernel itself; it serves the one instance it was told of before the daemon
 * gave up its rights, as long as that is the daemon's, and kills one process a
 * second at most.  It ends with the daemon.
 */
#ifndef USM_INSTANCE_REAPER_REAPER_H
#define USM_INSTANCE_REAPER_REAPER_H

#include <stdint.h>
#include <sys/types.h>

#include "instance/control.h"
#include "instance/failure.h"

/* Between two killings: the memory of one is back by then, as a rule. */
#define USM_REAPER_PAUSE_NS 1000000000ULL

struct usm_reaper;

/* Who was killed. */
struct usm_reaped {
	int32_t pid;
	uint32_t member;
	uint32_t frames; /* it had */
	char comm[16];
};

/*
 * Starts it, under uid and gid; device as for usm_session_open().  As root,
 * before there are other threads and before the session is opened, whose claim
 * must not be held by two.  *out belongs to the caller.
 */
int usm_reaper_start(const char *device, uid_t uid, gid_t gid,
		     struct usm_reaper **out, struct usm_failure *failure);

/* Tells it, once, whose members it is about.  -errno. */
int usm_reaper_serve(struct usm_reaper *reaper, uint32_t instance);

/* Asks for a killing; never waits.  Any thread.  ctx: the reaper. */
void usm_reaper_ask(void *ctx);

/* When the last killing was heard of, by usm_now_ns(); 0: never.  Any thread. */
uint64_t usm_reaper_killed_at(void *ctx);

/* The source by which the main thread hears of killings: told(reaped). */
void usm_reaper_source(struct usm_reaper *reaper,
		       void (*told)(const struct usm_reaped *reaped),
		       struct usm_control_source *source);

/* Ends it and frees; NULL is fine. */
void usm_reaper_stop(struct usm_reaper *reaper);

#endif /* USM_INSTANCE_REAPER_REAPER_H */
