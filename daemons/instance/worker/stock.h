/* SPDX-License-Identifier: MIT */
/*
 * stock.h - a worker's supply of frames: arena, policy, and what comes back.
 *
 * Everything that decides whether a frame is free in the daemon's books goes
 * through here, so that the books match the kernel's: a frame is in stock
 * exactly when the kernel calls it FREE and no unanswered reply names it.
 */
#ifndef USM_INSTANCE_WORKER_STOCK_H
#define USM_INSTANCE_WORKER_STOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/arena/balance.h"
#include "instance/arena/returned.h"
#include "instance/arena/shared.h"
#include "instance/kernel.h"
#include "instance/policies/alloc/checked.h"
#include "usm.h"
#include "usm_policy.h"

struct usm_stock;

/*
 * An empty stock for the frames of `extents` under `policy`.  kernel and
 * returned are borrowed.  *out belongs to the caller.  EINVAL, ENOMEM.
 */
int usm_stock_create(const struct usm_extent *extents, unsigned int nr_extents,
		     const struct usm_alloc_policy *policy,
		     const struct usm_kernel *kernel,
		     struct usm_returned *returned, struct usm_stock **out);

/*
 * From now on it is the stock of one worker among several: it owns nothing but
 * what it fetches from shared when it has little, and returns there what it has
 * too much of.  Right after it was created, and after usm_returned_share().
 * All are borrowed.
 */
void usm_stock_share(struct usm_stock *stock, struct usm_shared_arena *shared,
		     struct usm_balance *balance, unsigned int worker);

/* Frees it; NULL is fine. */
void usm_stock_destroy(struct usm_stock *stock);

/*
 * Tells watch(ctx, frame) of every frame that comes into stock from here on,
 * and so holds no page any more.
 */
void usm_stock_watch(struct usm_stock *stock,
		     void (*watch)(void *ctx, uint32_t frame), void *ctx);

/* Who gives frames of the stock away ahead of faults. */
struct usm_stock_lender {
	void *ctx;
	/*
	 * Somebody brings this frame into stock: before it is there, even if
	 * it was there all along.
	 */
	void (*arrived)(void *ctx, uint32_t frame);
	/* The stock is empty: true when something was given back to it. */
	bool (*take_back)(void *ctx);
};

/* Copied. */
void usm_stock_lend(struct usm_stock *stock,
		    const struct usm_stock_lender *lender);

/*
 * Between these two no frame becomes FREE but by this worker's doing, and what
 * has become so before is in stock: a frame that is in stock now and FREE in
 * the kernel's books has been both since it came there.
 */
void usm_stock_quiet(struct usm_stock *stock);
void usm_stock_unquiet(struct usm_stock *stock);

/* The frames with their policy; the stock's. */
struct usm_checked_alloc *usm_stock_frames(struct usm_stock *stock);

/* A frame is FREE again that the daemon itself made so. */
void usm_stock_give(struct usm_stock *stock, uint32_t frame);

/*
 * A FREE frame, out of stock, is being filled: however the books are put
 * right meanwhile, it stays out of stock, of all workers, until it is let go
 * of.  One for each slot at most.  False: the partition had another size in
 * between, so that the frame may have left it and come back empty.
 */
void usm_stock_hold(struct usm_stock *stock, uint32_t frame);
bool usm_stock_let_go(struct usm_stock *stock, uint32_t frame);

/* The kernel used this frame without being told to; it may be in stock. */
void usm_stock_lose(struct usm_stock *stock, uint32_t frame);

/* Frames in stock. */
uint32_t usm_stock_nr(const struct usm_stock *stock);

/* Free frames of the whole instance: about, where there are other workers. */
uint32_t usm_stock_nr_all(const struct usm_stock *stock);

/* An address space is there (it may be told again), or ended. */
void usm_stock_member_new(struct usm_stock *stock,
			  const struct usm_process *process);
void usm_stock_member_gone(struct usm_stock *stock, uint32_t member);

/* As usm_checked_alloc_stats(), and whose they are. */
uint32_t usm_stock_stats(const struct usm_stock *stock,
			 struct usm_policy_stat *stats, uint32_t nr);
const char *usm_stock_policy_name(const struct usm_stock *stock);

/* Is the frame in stock?  Any frame number may be asked. */
bool usm_stock_has(const struct usm_stock *stock, uint32_t frame);

#endif /* USM_INSTANCE_WORKER_STOCK_H */
