/* SPDX-License-Identifier: MIT */
/* The parts of the fuzzer of the kernel's interface, one file each. */
#ifndef USM_VM_FUZZ_H
#define USM_VM_FUZZ_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/child.h"
#include "lib/random.h"
#include "lib/raw_daemon.h"

/* "nobody" of most systems: a user without any right. */
#define NOBODY 65534

#define FUZZ_NAME "fuzz"
#define FUZZ_FRAMES 2048
/*
 * Writes to shared memory for every call and answer: they cost nothing, and few
 * are looked at before the next one.
 */
#define WRITES_EACH 128
#define FUZZ_TENANTS 3
#define FUZZ_MEMBERS 64
/* Frames whose states a caller has in mind: one call tells so many. */
#define FUZZ_KNOWN USM_BATCH_MAX

/* Where every tenant has its memory. */
#define REGION_ADDR 0x200000000000UL
#define REGION_PAGES 1024

/* child_shared.word[] of a tenant */
#define TENANT_STEPS 0
#define TENANT_FAULTS 1 /* accesses that got a signal */
#define TENANT_SEED 2

/* enough for a number of every command of the ABI */
#define COMMANDS_MAX 64

/* Between all processes of the test, in shared memory. */
struct stage {
	uint64_t seed; /* of this round */
	/* What the daemon did in this round. */
	uint64_t calls;
	uint64_t answers; /* right and wrong ones */
	uint64_t writes; /* to what it shares with the kernel */
	uint64_t quota; /* of calls, when the round is over */
	uint32_t round;
	uint32_t instance;
	uint32_t neighbour; /* an instance that no root may be asked to harm */
	bool scribbles; /* the daemon writes anywhere in its channel */
	bool privileged; /* the daemon keeps the rights of root */
	int tenant_pidfd[FUZZ_TENANTS];
	int cgroup_fd;
	uint32_t members[FUZZ_MEMBERS]; /* seen lately */
	uint32_t nr_members;
	uint64_t tried[COMMANDS_MAX];
	uint64_t done[COMMANDS_MAX]; /* calls, or entries of batches */
	uint64_t spent_ms[COMMANDS_MAX];
};

/* ---- commands.c: calls that could well succeed ------------------------------- */

/* A thread that calls. */
struct caller {
	struct random_state random;
	struct stage *stage;
	int dev; /* what it calls mostly */
	int other_dev; /* without a claim, or -1 */
	/* Of the daemon whose thread it is, or NULL. */
	const struct raw_daemon *daemon;
	struct usm_extents extents;
	/* What it learnt a moment ago. */
	struct usm_frame_info frames[FUZZ_KNOWN];
	uint32_t first_frame; /* of those */
	struct usm_evicted_info evicted[FUZZ_MEMBERS];
	uint32_t nr_evicted;
	bool plain; /* nothing odd */
	char *arrays; /* what pointers point to */
	unsigned long last_request;
	bool confined; /* its rights reach further than it is to go */
};

#define ARRAYS_BYTES (128 * 1024)
/* Larger than every structure of the ABI. */
#define ARGUMENT_BYTES 1024

struct command {
	const char *name;
	unsigned long request;
	void (*fill)(struct caller *caller, void *argument);
	uint32_t done_at; /* offset of the u32 that counts, or 0 */
	bool anyone; /* also a stranger may */
};

extern const struct command commands[];
extern const uint32_t nr_commands;

uint32_t some_frame(struct caller *caller);
/* One that was in that state (enum usm_frame_state) a moment ago, mostly. */
uint32_t some_frame_in(struct caller *caller, uint8_t state);
/* Looks at frames, members and evicted pages again. */
void caller_learn(struct caller *caller);

/* ---- caller.c: and the same with something wrong ------------------------------ */

void caller_init(struct caller *caller, struct stage *stage, int dev,
		 uint64_t seed);
/*
 * One call, mostly mutated.  Its result; *which is the command, or -1 when not
 * even that is one.
 */
int caller_call(struct caller *caller, int *which);

/* ---- the processes ------------------------------------------------------------ */

/*
 * The argument of both is the stage.
 * daemon.c: claims or takes over, stops at step 1, fuzzes until the quota is
 * reached, stops at step 2 answering faults only, and ends.
 */
int daemon_main(struct child *self, void *arg);
/* tenant.c: uses memory in every way there is, for ever, as nobody. */
int tenant_main(struct child *self, void *arg);
/* stranger.c: all that somebody without rights may not. */
void test_stranger(int dev, struct stage *stage);
/* places.c: frames are where they may be, and nowhere twice. */
void check_places(const struct child *tenants, uint32_t nr, pid_t daemon,
		  const char *whose);

/* 0 when root is given up for good. */
int become_nobody(void);

#endif /* USM_VM_FUZZ_H */
