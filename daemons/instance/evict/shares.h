/* SPDX-License-Identifier: MIT */
/*
 * shares.h - whose pages go: how many of a batch each group of processes gives.
 *
 * A group's share is in proportion to the pages it has in frames and to how
 * readily they go, which every ten points of priority halve: of two pages, one
 * of priority 0 and one of 100, the first goes 1024 times as often.  So low
 * priority goes first, and high priority is not spared where it alone has
 * pages left.
 *
 * Shares are dealt page by page, by the smooth weighted round robin known from
 * nginx's balancing of servers: what rounding takes from a group in one batch
 * it gives in a later one, and no group is ever more than one page from what
 * is due.  Pure decisions, O(groups) for each page.
 */
#ifndef USM_INSTANCE_EVICT_SHARES_H
#define USM_INSTANCE_EVICT_SHARES_H

#include <stdbool.h>
#include <stdint.h>

/* Those of the configuration, and who is in none of them. */
#define USM_SHARES_MAX 17U

struct usm_due {
	unsigned int priority; /* 0: goes first, to 100 */
	uint32_t pages; /* it has in frames */
	bool spared; /* gives nothing this time, unless all are spared */
	uint32_t due; /* the answer: pages it is to give */
	int64_t credit; /* what rounding owes; kept between calls, 0 at first */
};

/* How readily a page of this priority goes, [10, 10240]. */
uint32_t usm_shares_weight(unsigned int priority);

/*
 * Deals `want` pages among nr (at most USM_SHARES_MAX) groups: fills in .due,
 * at most .pages each.  Less in sum only when they have less.
 */
void usm_shares_deal(struct usm_due *shares, unsigned int nr, uint32_t want);

#endif /* USM_INSTANCE_EVICT_SHARES_H */
