/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * usm_policy.h - all that the author of a policy needs.
 *
 * A policy is a constant table of functions.  It is built into usm-instance,
 * or compiled on its own into NAME.so and loaded by name; the table is the
 * same.  The shape of this (a table that states its own size, one registration
 * macro, required and optional callbacks) is that of nbdkit's plugins.
 *
 *	static const struct usm_evict_policy policy = {
 *		USM_POLICY_HEAD(struct usm_evict_policy),
 *		.name = "mine",
 *		...
 *	};
 *	USM_REGISTER_EVICT_POLICY(policy)
 *
 * What holds for every policy:
 *  - Calls on one context never overlap, though the thread may change.  There
 *    may be several contexts of one policy at once, on several threads: keep
 *    everything in the context, nothing in variables of the file.
 *  - Most calls are made in the path of somebody's page fault: where it is not
 *    said otherwise no locks, no system calls, no allocation, no waiting.
 *  - Policies decide, nothing else: all they touch is their own context and,
 *    where they are given one, the arena.
 *  - Answers are checked.  A wrong one is not carried out and counted; it never
 *    harms another frame, page or instance.
 *  - Frames are pool frame numbers: neighbours in number are neighbours in
 *    physical memory.
 *
 * How this header grows: members are only ever added at the end of a table.  A
 * policy built with an older header has a smaller .struct_size: what it lacks
 * is NULL.  One built with a newer header has a larger one: what the daemon
 * does not know is never called.  .api_version changes only when that does not
 * suffice, and then the daemon refuses the policy.  Structures that policies
 * are given keep reserved room, which reads zero until it gets a meaning.
 */
#ifndef USM_POLICY_H
#define USM_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "usm.h"

#define USM_POLICY_API_VERSION 1

/* The first two members of every table. */
#define USM_POLICY_HEAD(type) \
	.struct_size = sizeof(type), .api_version = USM_POLICY_API_VERSION

/* ---- what policies are told ------------------------------------------------- */

/*
 * Which page it is, as opposed to in which frame it stands at the moment: the
 * same for a page that was evicted and comes back.  Unlike the frame it says
 * nothing about where; use it to recognise pages, not to find them.
 *
 * Unique while addresses are below 2^48 (without 5-level page tables they all
 * are) and below 2^28 processes were members since the module was loaded, whose
 * numbers are not reused; beyond that two pages may look the same, which makes
 * a decision worse and nothing wrong.  Memory that is unmapped and mapped anew
 * at the same address looks the same, too.  0 is no page.
 */
static inline uint64_t usm_page_id(uint32_t member, uint64_t addr)
{
	return (uint64_t)member << 36 ^ addr >> 12;
}

/* A fault that wants a frame. */
struct usm_fault {
	uint64_t addr; /* page-aligned */
	uint64_t vma_start; /* of the mapping around it */
	uint64_t vma_end;
	uint64_t cookie; /* SWAPIN: which page; not for policies */
	uint32_t member; /* whose */
	uint32_t tgid;
	uint32_t tid;
	uint16_t flags; /* USM_FAULT_REMOTE */
	uint8_t kind; /* enum usm_fault_kind */
	uint8_t order; /* of the run of frames asked for: 0, one */
	uint64_t reserved[4]; /* zero */
};

/* A process that became a member: bound, or forked by one. */
struct usm_process {
	uint32_t member; /* its number from here on, never used again */
	uint32_t tgid;
	uint64_t reserved[6];
};

/* A counter with a name of its own. */
struct usm_policy_stat {
	const char *name; /* [a-z0-9_]+, outlives the context */
	uint64_t value;
};

/* ---- the arena -------------------------------------------------------------- */

/*
 * The free frames of one worker.  Allocation policies are given one to take
 * frames out of and to put them back.  All functions are O(1) and check their
 * arguments.  Which frames it owns changes when workers even out; its runs, by
 * number, are those of the whole partition and stay.
 */
struct usm_arena;

/* Frames of a run at most: the free ones are a mask of one word. */
#define USM_RUN_FRAMES_MAX 64U

/* Frames it owns, frames free now, frames in a run. */
uint32_t usm_arena_nr_owned(const struct usm_arena *arena);
uint32_t usm_arena_nr_free(const struct usm_arena *arena);
uint32_t usm_arena_run_frames(const struct usm_arena *arena);

/* Is it part of the partition; is it free?  Any frame number may be asked. */
bool usm_arena_owns(const struct usm_arena *arena, uint32_t frame);
bool usm_arena_is_free(const struct usm_arena *arena, uint32_t frame);

/* Adds a free frame.  EPERM: not owned; EEXIST: free already. */
int usm_arena_give(struct usm_arena *arena, uint32_t frame);

/* Takes this frame if it is free; false when it is not. */
bool usm_arena_take(struct usm_arena *arena, uint32_t frame);

/* Takes the lowest free frame; USM_FRAME_NONE when there is none. */
uint32_t usm_arena_take_lowest(struct usm_arena *arena);

/*
 * Takes a free frame whose run is broken already, so that whole runs last
 * longer; USM_FRAME_NONE when only whole runs (or nothing) are left.
 */
uint32_t usm_arena_take_scrap(struct usm_arena *arena);

/* First frame of the lowest wholly free run, not taken; USM_FRAME_NONE. */
uint32_t usm_arena_find_run(const struct usm_arena *arena);

/*
 * Runs by number, [0, nr_runs): those that it owns frames of.  A frame must be
 * owned to be asked for its run.  Runs that do not exist have nothing free.
 */
uint32_t usm_arena_nr_runs(const struct usm_arena *arena);
uint32_t usm_arena_run_of(const struct usm_arena *arena, uint32_t frame);
uint32_t usm_arena_run_first(const struct usm_arena *arena, uint32_t run);
bool usm_arena_run_is_whole(const struct usm_arena *arena, uint32_t run);

/* Bit i: frame i of the run is free. */
uint64_t usm_arena_run_free(const struct usm_arena *arena, uint32_t run);

/* Takes those frames of `mask` that are free. */
void usm_arena_run_take(struct usm_arena *arena, uint32_t run, uint64_t mask);

/* Adds those frames of `mask` that are owned and not free. */
void usm_arena_run_give(struct usm_arena *arena, uint32_t run, uint64_t mask);

/* ---- frames given ahead of faults -------------------------------------------- */

/*
 * What an allocation policy may want besides answering faults.  The daemon
 * carries it out as far as frames allow (a quarter of those free or given ahead
 * at most), and takes back what is not used when frames run short.
 *
 * A magazine: frames in the kernel's hands for whatever pages a member touches
 * next, without a question.  It begins small, deepens while it is used up
 * quickly and shrinks while it lasts.  Filled with zeroed frames, as far as
 * there are some, else with those that pick() names for a fault with .addr 0.
 */
struct usm_magazine_wish {
	uint32_t depth; /* frames at most, up to USM_MAGAZINE_MAX; 0: none */
	/*
	 * Frames the daemon is to keep zeroed, which its workers do while they
	 * have nothing else to do.  It alone says of a frame that it is zero.
	 */
	uint32_t zeroed;
	uint64_t reserved[3];
};

/*
 * A range: pages [addr, addr + frames) of the member that faulted are backed by
 * frames [first, first + frames) when they are touched.
 */
struct usm_range_wish {
	uint64_t addr;
	uint32_t first;
	uint32_t frames; /* up to USM_RANGE_FRAMES_MAX */
	uint32_t
		around; /* neighbours one fault maps too, up to USM_AROUND_MAX */
	uint32_t reserved0;
	uint64_t reserved[2];
};

/* What a fault that goes no further leaves behind unused is bounded by that. */
#define USM_RANGE_FRAMES_MAX 512U

/* ---- allocation: which free frame answers this fault? ----------------------- */

struct usm_alloc_policy {
	uint32_t struct_size; /* USM_POLICY_HEAD */
	uint32_t api_version;
	const char *name; /* as in the configuration: [a-z0-9-]{1,31} */
	const char *summary; /* one line, for people */

	/* Frames in a run of the arena it works on; a power of two, <= 64. */
	uint32_t run_frames;

	/*
	 * Makes the context over `arena`, which outlives it and has no frame
	 * yet.  -ENOMEM.  May allocate.
	 */
	int (*init)(struct usm_arena *arena, void **ctx);

	/* Frees the context; NULL is fine. */
	void (*fini)(void *ctx);

	/*
	 * Takes the frame for this fault out of the arena (or out of what it
	 * took before).  It is asked only while there are free frames; when it
	 * finds none (USM_FRAME_NONE) the daemon takes the lowest itself.
	 */
	uint32_t (*pick)(void *ctx, const struct usm_fault *fault);

	/*
	 * A frame that pick() gave out is free again, or was not used after
	 * all.  Goes to the arena or stays with the policy.  Also called for
	 * frames pick() never gave out, when the arena is filled.  Every frame
	 * is owned; one that is free already is ignored.
	 */
	void (*released)(void *ctx, uint32_t frame);

	/*
	 * Optional: an address space is there.  A hint: faults may have come
	 * before, it may be told again, or not at all when very many come.
	 */
	void (*process_new)(void *ctx, const struct usm_process *process);

	/*
	 * Optional: an address space is gone, a hint as well; its frames come
	 * home later.
	 */
	void (*process_exit)(void *ctx, uint32_t member);

	/*
	 * Optional: an option of the configuration, after init() and before
	 * anything else; may allocate.  -ENOENT: there is no such option;
	 * -EINVAL: not this value, *why may say why in constant text.
	 */
	int (*config)(void *ctx, const char *key, const char *value,
		      const char **why);

	/* Optional: writes at most nr counters, returns how many. */
	uint32_t (*stats)(const void *ctx, struct usm_policy_stat *stats,
			  uint32_t nr);

	/*
	 * Optional: the magazine that every member is to have; *wish is zeroed
	 * and stays so for none.  Asked often; the answer may change.
	 */
	void (*magazine)(const void *ctx, struct usm_magazine_wish *wish);

	/*
	 * Optional: a first touch (USM_FAULT_ANON) of a member was just given
	 * `frame` by pick(): shall pages beside it have frames as well?  False:
	 * no.  True: those of *wish, which is zeroed before, and whose frames
	 * the policy takes out of the arena (or out of what it took before);
	 * pages inside the mapping, without the one that faulted.  What is not
	 * used, or not carried out, is told by released().
	 */
	bool (*range)(void *ctx, const struct usm_fault *fault, uint32_t frame,
		      struct usm_range_wish *wish);
};

/* ---- eviction: which frames are to give up their pages? --------------------- */

struct usm_evict_policy {
	uint32_t struct_size; /* USM_POLICY_HEAD */
	uint32_t api_version;
	const char *name; /* as in the configuration: [a-z0-9-]{1,31} */
	const char *summary; /* one line, for people */

	/*
	 * Makes the context for frames [0, nr_frames), none of which holds a
	 * page yet.  -ENOMEM.  May allocate.
	 */
	int (*init)(uint32_t nr_frames, void **ctx);

	/* Frees the context; NULL is fine. */
	void (*fini)(void *ctx);

	/*
	 * The frame holds a page now, or still; it held one before: fine.
	 * page: which (usm_page_id()).
	 */
	void (*placed)(void *ctx, uint32_t frame, uint64_t page);

	/* The frame holds no page any more; it did not before: fine. */
	void (*removed)(void *ctx, uint32_t frame);

	/* Optional: its page was used since the daemon last looked. */
	void (*accessed)(void *ctx, uint32_t frame);

	/*
	 * Optional: the frames choose() would pass next, at most nr, whose
	 * accessed bits it wants to know.  Returns how many.
	 */
	uint32_t (*upcoming)(const void *ctx, uint32_t *frames, uint32_t nr);

	/*
	 * Passes at most `look` frames and writes up to nr victims, which are
	 * as removed until they are placed again.  any: take what comes, used
	 * or not, and at least one if there is any.  Returns how many.
	 */
	uint32_t (*choose)(void *ctx, uint32_t look, bool any,
			   uint32_t *victims, uint32_t nr);

	/* Optional, all four: as for allocation. */
	void (*process_new)(void *ctx, const struct usm_process *process);
	void (*process_exit)(void *ctx, uint32_t member);
	int (*config)(void *ctx, const char *key, const char *value,
		      const char **why);
	uint32_t (*stats)(const void *ctx, struct usm_policy_stat *stats,
			  uint32_t nr);
};

/* ---- prefetch: which evicted pages will be needed next? --------------------- */

/* Pages one answer may name: what a fast disk brings while one fault is served. */
#define USM_PREFETCH_WANTS_MAX 64U

/*
 * Bytes that may be remembered of a program: a few for each of the pages that a
 * start needs in its first minute.
 */
#define USM_PREFETCH_MEMORY_MAX 65536U

/* What a prefetch policy sees and decides is about pages, not frames. */
struct usm_prefetch_policy {
	uint32_t struct_size; /* USM_POLICY_HEAD */
	uint32_t api_version;
	const char *name; /* as in the configuration: [a-z0-9-]{1,31} */
	const char *summary; /* one line, for people */

	/* Makes the context.  -ENOMEM.  May allocate. */
	int (*init)(void **ctx);

	/* Frees the context; NULL is fine. */
	void (*fini)(void *ctx);

	/*
	 * A member needs a page that it does not have: for the first time, or
	 * (.kind USM_FAULT_SWAPIN) one that was evicted, whether it was read
	 * ahead or not.  Writes up to nr addresses of pages of the same member
	 * that will be needed soon, the soonest first; pages that are not out,
	 * or being read already, may be among them.  nr is at most
	 * USM_PREFETCH_WANTS_MAX and what there is room for, 0 when there is
	 * none.  Returns how many.
	 */
	uint32_t (*fault)(void *ctx, const struct usm_fault *fault,
			  uint64_t *wants, uint32_t nr);

	/*
	 * Optional: what became of a page that was read because it was wanted:
	 * it was needed; or it was not for so long that its room is wanted for
	 * others.
	 */
	void (*used)(void *ctx, uint32_t member, uint64_t addr);
	void (*unused)(void *ctx, uint32_t member, uint64_t addr);

	/* Optional, all four: as for allocation. */
	void (*process_new)(void *ctx, const struct usm_process *process);
	void (*process_exit)(void *ctx, uint32_t member);
	int (*config)(void *ctx, const char *key, const char *value,
		      const char **why);
	uint32_t (*stats)(const void *ctx, struct usm_policy_stat *stats,
			  uint32_t nr);

	/*
	 * Optional: what it learnt of a process is kept for the next one of the
	 * same name (comm).  remember(): the process is about to be told as
	 * ended, or the policy to be finished: writes at most room bytes,
	 * returns how many; 0: nothing that is worth it.  recall(): after
	 * process_new(), what the last process of that name left, if any did.
	 * It may come from a file: every byte is to be checked.  Processes
	 * choose their names, so it may be another program's.  May allocate.
	 */
	uint32_t (*remember)(void *ctx, uint32_t member, void *data,
			     uint32_t room);
	void (*recall)(void *ctx, uint32_t member, const void *data,
		       uint32_t bytes);
};

/* ---- out of memory: what becomes of a fault that finds no frame? ------------- */

/*
 * No frame is free and no page can be evicted.  Only fresh pages come to this:
 * the kernel's own allocator can serve them.  A page that was evicted is
 * nobody else's to bring, and waits for as long as it takes.
 */
struct usm_oom {
	uint64_t waited_ns; /* since the fault first found nothing */
	/* It has been answered by then, whatever the policy says. */
	uint64_t limit_ns;
	/* Since a member was last killed for this; UINT64_MAX: never. */
	uint64_t killed_ns;
	uint32_t member; /* whose fault it is */
	uint32_t tgid;
	uint64_t reserved[4];
};

enum usm_oom_verdict {
	USM_OOM_FALLBACK = 0, /* the kernel's allocator serves it */
	USM_OOM_WAIT = 1, /* asked again half a millisecond later or so */
	/*
	 * As WAIT, and the member with the most frames gets SIGKILL; within a
	 * second one at most, and none that is no member of the instance.
	 */
	USM_OOM_KILL = 2,
};

struct usm_oom_policy {
	uint32_t struct_size; /* USM_POLICY_HEAD */
	uint32_t api_version;
	const char *name; /* as in the configuration: [a-z0-9-]{1,31} */
	const char *summary; /* one line, for people */

	/* Makes the context, one for each worker.  -ENOMEM.  May allocate. */
	int (*init)(void **ctx);

	/* Frees the context; NULL is fine. */
	void (*fini)(void *ctx);

	/* What becomes of this fault: enum usm_oom_verdict. */
	uint32_t (*decide)(void *ctx, const struct usm_oom *oom);

	/* Optional, both: as for allocation. */
	int (*config)(void *ctx, const char *key, const char *value,
		      const char **why);
	uint32_t (*stats)(const void *ctx, struct usm_policy_stat *stats,
			  uint32_t nr);
};

/* ---- registration of a policy in a file of its own -------------------------- */

enum usm_policy_kind {
	USM_POLICY_ALLOC = 1,
	USM_POLICY_EVICT = 2,
	USM_POLICY_PREFETCH = 3,
	USM_POLICY_OOM = 4,
};

/* The one symbol a NAME.so exports. */
struct usm_policy_registration {
	uint32_t kind; /* enum usm_policy_kind */
	uint32_t reserved;
	union {
		const struct usm_alloc_policy *alloc;
		const struct usm_evict_policy *evict;
		const struct usm_prefetch_policy *prefetch;
		const struct usm_oom_policy *oom;
	} policy;
};

#define USM_POLICY_SYMBOL "usm_policy_registration"

#define USM_REGISTER_POLICY(a_kind, member, table)                           \
	extern const struct usm_policy_registration usm_policy_registration; \
	__attribute__((visibility("default")))                               \
	const struct usm_policy_registration usm_policy_registration = {     \
		.kind = a_kind,                                              \
		.policy = { .member = &(table) },                            \
	};

/* Once per file, at its end, with the table. */
#define USM_REGISTER_ALLOC_POLICY(table) \
	USM_REGISTER_POLICY(USM_POLICY_ALLOC, alloc, table)
#define USM_REGISTER_EVICT_POLICY(table) \
	USM_REGISTER_POLICY(USM_POLICY_EVICT, evict, table)
#define USM_REGISTER_PREFETCH_POLICY(table) \
	USM_REGISTER_POLICY(USM_POLICY_PREFETCH, prefetch, table)
#define USM_REGISTER_OOM_POLICY(table) \
	USM_REGISTER_POLICY(USM_POLICY_OOM, oom, table)

#endif /* USM_POLICY_H */
