/* SPDX-License-Identifier: MIT */
#include "instance/evict/shares.h"

#define PRIORITY_MAX 100U
#define POINTS_TO_HALVE 10U

/* Between two powers of two in a straight line. */
uint32_t usm_shares_weight(unsigned int priority)
{
	unsigned int low =
		priority < PRIORITY_MAX ? PRIORITY_MAX - priority : 0;

	return (POINTS_TO_HALVE + low % POINTS_TO_HALVE)
	       << low / POINTS_TO_HALVE;
}

static bool gives(const struct usm_due *share, bool all_spared)
{
	return share->due < share->pages && (all_spared || !share->spared);
}

static bool is_all_spared(const struct usm_due *shares, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (shares[i].pages && !shares[i].spared)
			return false;
	return true;
}

/* Below 2^46: 2^32 frames in all, weights below 2^14. */
static int64_t due_of(const struct usm_due *share)
{
	return (int64_t)share->pages * usm_shares_weight(share->priority);
}

/* The group that the next page comes from, nr: none has one. */
static unsigned int deal_one(struct usm_due *shares, unsigned int nr,
			     bool all_spared)
{
	unsigned int best = nr, i;
	int64_t sum = 0;

	for (i = 0; i < nr; i++) {
		if (!gives(&shares[i], all_spared))
			continue;
		shares[i].credit += due_of(&shares[i]);
		sum += due_of(&shares[i]);
		if (best == nr || shares[i].credit > shares[best].credit)
			best = i;
	}
	if (best < nr)
		shares[best].credit -= sum;
	return best;
}

void usm_shares_deal(struct usm_due *shares, unsigned int nr, uint32_t want)
{
	bool all_spared = is_all_spared(shares, nr);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		shares[i].due = 0;
		/* What it owed as long as it had pages is forgotten. */
		if (!shares[i].pages)
			shares[i].credit = 0;
	}
	for (; want; want--) {
		unsigned int group = deal_one(shares, nr, all_spared);

		if (group == nr)
			return;
		shares[group].due++;
	}
}
