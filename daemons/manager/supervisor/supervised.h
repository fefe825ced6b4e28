/* SPDX-License-Identifier: MIT */
/*
 * supervised.h - one instance and its policy daemon.
 *
 *   starting ──ready──▶ running ──died──▶ failed ──delay──▶ recovering ─▶ running
 *       │ died                │ destroy                 (ready)
 *       ▼                     ▼
 *     gone                 draining ──ended──▶ gone
 */
#ifndef USM_MANAGER_SUPERVISED_H
#define USM_MANAGER_SUPERVISED_H

#include "backoff.h"
#include "server/ops.h"
#include "supervision.h"

/*
 * Uids no distribution hands out; the first is a daemon's that runs without a
 * manager.
 */
#define USM_INSTANCE_UID_FIRST 0x70555300U

struct usm_supervised {
	TAILQ_ENTRY(usm_supervised) link;
	struct usm_supervisor *supervisor;
	struct usm_config config;
	enum usm_cp_state state;
	unsigned int uid;
	unsigned int restarts;
	char last_exit[96];
	struct usm_backoff backoff;

	pid_t pid; /* 0: no daemon */
	int pidfd;
	int ready_fd; /* -1: ready, or no daemon */
	uint64_t started_us; /* CLOCK_MONOTONIC */
	bool timed_out; /* killed because it did not become ready */
	sd_event_source *exit_source;
	sd_event_source *ready_source;
	sd_event_source *timer;

	/* The daemon ended, whatever the reason, and is forgotten. */
	void (*ended)(struct usm_supervised *instance, uint64_t ran_ms,
		      bool was_ready);

	/* The create or the destroy that is under way. */
	usm_cp_done done;
	void *token;
};

/*
 * A new one in the supervisor's list, with no daemon.  ended() is called
 * whenever it had one that ended; it may free the instance.  NULL: no memory.
 */
struct usm_supervised *
usm_supervised_new(struct usm_supervisor *supervisor,
		   const struct usm_config *config,
		   void (*ended)(struct usm_supervised *instance,
				 uint64_t ran_ms, bool was_ready));

/* Takes it out of the list and frees it; its daemon is not touched. */
void usm_supervised_free(struct usm_supervised *instance);

/*
 * Starts a daemon; state says whether for the first time (starting) or again
 * (recovering).  -1 with *problem filled: nothing runs.
 */
int usm_supervised_start(struct usm_supervised *instance,
			 struct usm_problem *problem);

/* Watches a daemon that an earlier manager started.  -errno. */
int usm_supervised_adopt(struct usm_supervised *instance, pid_t pid);

/* Starts a daemon after a delay that grows with every failure. */
void usm_supervised_restart_later(struct usm_supervised *instance,
				  uint64_t ran_ms);

/* Asks the daemon to end, and kills it when it does not. */
void usm_supervised_stop(struct usm_supervised *instance);

/* Gives partition, cgroup and file back.  -EBUSY: processes are bound. */
int usm_supervised_dissolve(struct usm_supervised *instance);

/* Answers the create or destroy under way, if there is one. */
void usm_supervised_answer(struct usm_supervised *instance,
			   const struct usm_problem *problem);

#endif /* USM_MANAGER_SUPERVISED_H */
