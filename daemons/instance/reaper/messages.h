/* SPDX-License-Identifier: MIT */
/*
 * messages.h - what a daemon and its reaper say to each other, packet by packet.
 */
#ifndef USM_INSTANCE_REAPER_MESSAGES_H
#define USM_INSTANCE_REAPER_MESSAGES_H

#include <stdint.h>

enum usm_reaper_word {
	USM_REAPER_SERVE = 1, /* the first word, and no other one */
	USM_REAPER_KILL = 2,
};

struct usm_reaper_request {
	uint32_t word; /* enum usm_reaper_word */
	uint32_t instance; /* SERVE */
};

/* The reaper's first word: 0, or -errno of starting. */
struct usm_reaper_started {
	int32_t error;
	int32_t reserved;
};

#endif /* USM_INSTANCE_REAPER_MESSAGES_H */
