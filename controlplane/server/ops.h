/* SPDX-License-Identifier: MIT */
/*
 * ops.h - what the control plane asks of the manager, and nothing else.
 *
 * The server turns HTTP into these calls and their results into JSON; it knows
 * neither ioctls nor processes.  All calls are made from the thread that runs
 * the server.  A call that returns -1 has filled *problem and changed nothing.
 */
#ifndef USM_CONTROLPLANE_OPS_H
#define USM_CONTROLPLANE_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/config.h"
#include "problem.h"
#include "usm.h"

/* Who is at the other end of the socket. */
struct usm_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

enum usm_cp_state {
	USM_CP_STARTING,
	USM_CP_RUNNING,
	USM_CP_RECOVERING,
	USM_CP_QUARANTINED,
	USM_CP_DRAINING,
	USM_CP_FAILED,
	USM_CP_STOPPED,
	USM_CP_STATES,
};

struct usm_cp_pool {
	char backend[USM_BACKEND_SIZE];
	uint64_t bytes;
	uint64_t free;
};

/* What runs here. */
struct usm_cp_info {
	char kernel[65]; /* release, as uname(2) has it */
	char backend[USM_BACKEND_SIZE];
	unsigned int abi;
	uint64_t features; /* USM_FEATURE_* */
	bool waker; /* it is registered and answers */
};

struct usm_cp_member {
	pid_t pid;
	uint64_t start_time; /* ns, CLOCK_BOOTTIME */
	char comm[16];
	enum usm_inherit inherit;
	uint64_t mapped; /* bytes */
	uint64_t evicted; /* bytes of it that are out now */
	uint64_t unmanaged; /* bytes: resident, but not from the pool */
	uint64_t faults;
	uint64_t faults_range;
	uint64_t faults_magazine;
	uint64_t upcalls;
	uint64_t fallbacks;
	uint64_t evictions; /* pages, as the one below */
	uint64_t swapins;
};

/* Figures of the policy daemon's own cgroup. */
struct usm_cp_cgroup {
	bool present;
	uint64_t memory_current; /* bytes */
	uint64_t memory_max; /* bytes, 0: no limit */
	uint64_t cpu_usage_us;
	uint64_t cpu_throttled_us;
	unsigned int cpu_max_percent; /* of one processor, 0: no limit */
	uint64_t oom_kills;
};

struct usm_cp_instance {
	struct usm_config config;
	bool managed; /* started by this manager; else config has the name only */
	enum usm_cp_state state;
	unsigned int id; /* the kernel's, 0: none yet */
	pid_t daemon_pid; /* 0: none */
	unsigned int restarts;
	char last_exit[96]; /* empty: never ended unexpectedly */

	/* Bytes, as all up to .outside_pool; the five after it are its parts. */
	uint64_t owned;
	uint64_t mapped;
	uint64_t
		granted; /* given to the kernel ahead of faults, not used yet */
	uint64_t storing; /* taken away, its content not stored yet */
	uint64_t free;
	uint64_t bad; /* never handed out again */
	uint64_t evicted; /* out, in no frame */
	uint64_t outside_pool;

	uint64_t faults;
	uint64_t faults_range;
	uint64_t faults_magazine;
	uint64_t upcalls;
	uint64_t fallbacks[USM_FALLBACK_REASONS];
	uint64_t evictions; /* pages, as the two below */
	uint64_t swapins;
	uint64_t retaken; /* evictions undone by a touch in time */
	uint64_t around; /* pages mapped beside a fault */
	uint64_t freed; /* frames that came home */
	uint64_t bad_commands;
	uint64_t p50_ns;
	uint64_t p99_ns;
	uint64_t wakes[USM_WAKE_SOURCES];

	struct usm_cp_cgroup cgroup;
	struct usm_cp_member *members; /* owned, usm_cp_instance_clear() */
	size_t nr_members;
};

/*
 * Ends a create or a destroy: problem is NULL when it succeeded, and valid
 * during the call only.  Called exactly once, from the server's thread,
 * possibly before the operation itself returns.
 */
typedef void (*usm_cp_done)(void *token, const struct usm_problem *problem);

struct usm_cp_ops {
	/* 0 when requests can be served, else a problem that says why not. */
	int (*ready)(void *manager, struct usm_problem *problem);
	int (*info)(void *manager, struct usm_cp_info *out,
		    struct usm_problem *problem);
	int (*pool)(void *manager, struct usm_cp_pool *out,
		    struct usm_problem *problem);
	/* *out: array owned by the caller, usm_cp_instances_free(). */
	int (*list)(void *manager, struct usm_cp_instance **out, size_t *nr,
		    struct usm_problem *problem);
	int (*get)(void *manager, const char *name, struct usm_cp_instance *out,
		   struct usm_problem *problem);
	void (*create)(void *manager, const struct usm_config *config,
		       usm_cp_done done, void *token);
	void (*destroy)(void *manager, const char *name, usm_cp_done done,
			void *token);
	int (*bind)(void *manager, const char *name,
		    const struct usm_peer *peer, pid_t pid,
		    enum usm_inherit inherit, struct usm_problem *problem);
	int (*unbind)(void *manager, const char *name,
		      const struct usm_peer *peer, pid_t pid,
		      struct usm_problem *problem);
};

/* Frees what the instance owns, not the structure. */
void usm_cp_instance_clear(struct usm_cp_instance *instance);

/* Frees an array of instances; NULL is fine. */
void usm_cp_instances_free(struct usm_cp_instance *instances, size_t nr);

/* "running" and so on; a string literal. */
const char *usm_cp_state_name(enum usm_cp_state state);

#endif /* USM_CONTROLPLANE_OPS_H */
