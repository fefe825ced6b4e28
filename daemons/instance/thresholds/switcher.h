/* SPDX-License-Identifier: MIT */
/*
 * switcher.h - puts the policies of a threshold in place when it is reached,
 * and the others back when it is left.  The control thread, but for .watch.
 */
#ifndef USM_INSTANCE_THRESHOLDS_SWITCHER_H
#define USM_INSTANCE_THRESHOLDS_SWITCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/control.h"
#include "instance/reload.h"
#include "instance/thresholds/policies.h"
#include "instance/thresholds/watch.h"
#include "instance/turn.h"
#include "instance/worker/exchange.h"

struct usm_threshold_switcher {
	struct usm_threshold_policies policies; /* owned */
	struct usm_threshold_watch watch;
	struct usm_reload *reload; /* the instance's own policies; borrowed */
	struct usm_turn *turn; /* borrowed */
	/* Starts an exchange, as usm_instance_exchange(); set before it runs. */
	void (*start)(void *ctx, struct usm_exchange *exchange);
	void *start_ctx;
	void (*report)(const char *text); /* one line for each change */
	int done_fd; /* the workers have made the exchange */
	struct usm_exchange exchange; /* under way */
	struct usm_threshold_choice next; /* what it is for */
	struct usm_threshold_choice now; /* what is in force */
	uint64_t switches; /* made so far */
	uint64_t refused;
};

/*
 * Opens its descriptors; .policies are the caller's, who opened and loaded
 * them.  frames: of the partition.  -errno.
 */
int usm_threshold_switcher_open(struct usm_threshold_switcher *switcher,
				uint32_t frames);

/* The two sources that bring all this about; switcher must outlive them. */
void usm_threshold_switcher_sources(struct usm_threshold_switcher *switcher,
				    struct usm_control_source *source);

/* Closes and unloads; the instance must be gone.  A zeroed one is fine. */
void usm_threshold_switcher_close(struct usm_threshold_switcher *switcher);

/*
 * Fills in what has to be exchanged so that `next` is in force; false: nothing,
 * it is the same policies.
 */
bool usm_threshold_switcher_prepare(
	const struct usm_threshold_switcher *switcher,
	const struct usm_threshold_choice *next, struct usm_exchange *exchange);

#endif /* USM_INSTANCE_THRESHOLDS_SWITCHER_H */
