/* SPDX-License-Identifier: MIT */
/*
 * level.h - how many thresholds are reached.  Pure.
 */
#ifndef USM_INSTANCE_THRESHOLDS_LEVEL_H
#define USM_INSTANCE_THRESHOLDS_LEVEL_H

#include <stdint.h>

#include "common/config_thresholds.h"

/*
 * With so many frames of the partition free, and the level it was: each
 * threshold is reached at its percentage of used frames, and left
 * USM_THRESHOLD_BACK points below.  0: none.
 */
unsigned int usm_threshold_level(const struct usm_config_thresholds *thresholds,
				 uint32_t frames, uint32_t nr_free,
				 unsigned int was);

#endif /* USM_INSTANCE_THRESHOLDS_LEVEL_H */
