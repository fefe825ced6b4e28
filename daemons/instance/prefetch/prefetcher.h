/* SPDX-License-Identifier: MIT */
/*
 * prefetcher.h - reads evicted pages before they are needed.
 *
 * A policy says at each fault which pages will be needed; those that are out
 * are read, beside the reads that faults wait for and never before them, and
 * stand on a shelf until a fault asks for them.  How many may is a window that
 * follows how many of them are needed.  Belongs to the pager; its thread.
 */
#ifndef USM_INSTANCE_PREFETCH_PREFETCHER_H
#define USM_INSTANCE_PREFETCH_PREFETCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "instance/failure.h"
#include "instance/policies/prefetch/checked.h"
#include "instance/records/archive.h"
#include "instance/records/roster.h"
#include "instance/swap/map.h"
#include "usm_policy.h"

/* Wanted and not begun yet: two answers of a policy; more are dropped. */
#define USM_PREFETCH_QUEUE (2 * USM_PREFETCH_WANTS_MAX)

/* Reads under way, of the USM_READS_MAX that faults need as well. */
#define USM_PREFETCH_LOADS_MAX 64U

/*
 * A page that was not needed while so many faults were, and twice as many as
 * the window has pages, was read for nothing: what is read for a stream is
 * needed within as many faults as there are pages of all streams.
 */
#define USM_PREFETCH_AGE 64U

struct usm_prefetcher;

/* How it reads. */
struct usm_prefetcher_io {
	void *ctx;
	/*
	 * Starts reading a slot; usm_prefetcher_loaded(token) follows a 0,
	 * possibly before it returns.  -EAGAIN: not now; -EOPNOTSUPP: this
	 * device reads at once, and there is nothing to gain.
	 */
	int (*begin)(void *ctx, uint32_t slot, void *page, uint32_t token);
	/* Waits until some read has ended; false: the caller cannot wait. */
	bool (*join)(void *ctx);
};

/*
 * For the slots of a map (borrowed), without a policy: does nothing, and has no
 * memory to speak of.  *out is the caller's.  ENOMEM.
 */
int usm_prefetcher_create(const struct usm_swap_map *map,
			  struct usm_prefetcher **out);

/* Frees it; no read may be under way.  NULL is fine. */
void usm_prefetcher_destroy(struct usm_prefetcher *prefetcher);

/* Copied.  Without it nothing is read. */
void usm_prefetcher_read_by(struct usm_prefetcher *prefetcher,
			    const struct usm_prefetcher_io *io);

/*
 * Where policies that remember programs do (both borrowed): the names of members,
 * written by others, and what is kept.  Without it nothing is remembered.
 * Before the first policy.
 */
void usm_prefetcher_remember_in(struct usm_prefetcher *prefetcher,
				struct usm_roster *roster,
				struct usm_archive *archive);

/*
 * Another policy (borrowed) in two steps: makes it ready, and what it takes
 * (*out is the caller's); then, without fail, finishes the old one.  What was
 * read stays.  NULL in the second: none from here on.  ENOMEM, EINVAL, what the
 * policy answers: *failure (NULL is fine) says why.
 */
int usm_prefetcher_prepare(struct usm_prefetcher *prefetcher,
			   const struct usm_prefetch_policy *policy,
			   const struct usm_settings *settings,
			   struct usm_checked_prefetch **out,
			   struct usm_failure *failure);
void usm_prefetcher_adopt(struct usm_prefetcher *prefetcher,
			  struct usm_checked_prefetch *policy);

/* The page at addr of a member is stored, under this cookie. */
void usm_prefetcher_stored(struct usm_prefetcher *prefetcher, uint64_t cookie,
			   uint32_t member, uint64_t addr);

/* A fault was given a frame: asks the policy what comes next. */
void usm_prefetcher_fault(struct usm_prefetcher *prefetcher,
			  const struct usm_fault *fault);

/*
 * Fills a frame with the page of a cookie that the map holds, if it was read
 * ahead; the calling workee may wait for it.  -ENOENT: it was not, or cannot be
 * had this way; -EFAULT: the frame cannot be written.
 */
int usm_prefetcher_fill(struct usm_prefetcher *prefetcher, uint64_t cookie,
			void *frame);

/* Begins reading what is wanted, as far as there is room. */
void usm_prefetcher_work(struct usm_prefetcher *prefetcher);

/* A read has ended: 0 or its error. */
void usm_prefetcher_loaded(void *ctx, uint32_t token, int result);

/* Is the slot being read?  It is not to be stored to then. */
bool usm_prefetcher_is_loading(const struct usm_prefetcher *prefetcher,
			       uint32_t slot);

/* An address space is there (it may be told again), or ended. */
void usm_prefetcher_member_new(struct usm_prefetcher *prefetcher,
			       const struct usm_process *process);
void usm_prefetcher_member_gone(struct usm_prefetcher *prefetcher,
				uint32_t member);

/*
 * Counters, at most nr: "read", pages whose reading was begun; of those "used",
 * "late" (used, but a fault had to wait for them), "unused", "gone" (unmapped
 * before they were needed) and "failed"; "dropped", wanted but too many;
 * "window"; then the policy's; then, of one that remembers programs, how many
 * "records" there are, and files of them "records_written", "records_failed" and
 * "records_damaged".  Returns how many.
 */
uint32_t usm_prefetcher_stats(const struct usm_prefetcher *prefetcher,
			      struct usm_policy_stat *stats, uint32_t nr);

/* The name of its policy; NULL: none. */
const char *usm_prefetcher_policy_name(const struct usm_prefetcher *prefetcher);

#endif /* USM_INSTANCE_PREFETCH_PREFETCHER_H */
