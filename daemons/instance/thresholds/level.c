/* SPDX-License-Identifier: MIT */
#include "instance/thresholds/level.h"

unsigned int usm_threshold_level(const struct usm_config_thresholds *thresholds,
				 uint32_t frames, uint32_t nr_free,
				 unsigned int was)
{
	uint64_t used = nr_free < frames ? frames - nr_free : 0;
	unsigned int level = was < thresholds->nr ? was : thresholds->nr;

	while (level &&
	       used * 100 <
		       (uint64_t)frames *
			       (thresholds->threshold[level - 1].used_percent -
				USM_THRESHOLD_BACK))
		level--;
	while (level < thresholds->nr &&
	       used * 100 >= (uint64_t)frames *
				     thresholds->threshold[level].used_percent)
		level++;
	return level;
}
