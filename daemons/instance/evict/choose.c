/* SPDX-License-Identifier: MIT */
#include "instance/evict/choose.h"

#include <stdbool.h>

uint32_t usm_choose(struct usm_checked_evict *policy, usm_choose_look look,
		    void *ctx, uint32_t *victims, uint32_t nr)
{
	uint32_t frames[USM_CHOOSE_LOOK], chosen = 0;
	int i;

	for (i = 1; i <= USM_CHOOSE_LOOKS && chosen < nr; i++) {
		/* Everything in sight is in use: take what comes. */
		bool any = i == USM_CHOOSE_LOOKS && !chosen;

		if (!any && usm_checked_evict_looks(policy))
			look(ctx, frames,
			     usm_checked_evict_upcoming(policy, frames,
							USM_CHOOSE_LOOK));
		chosen +=
			usm_checked_evict_choose(policy, USM_CHOOSE_LOOK, any,
						 victims + chosen, nr - chosen);
	}
	return chosen;
}
