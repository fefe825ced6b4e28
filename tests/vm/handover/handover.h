/* SPDX-License-Identifier: MIT */
/* handover.h - what a frame's next owner sees, and what its last one still can. */
#ifndef USM_VM_HANDOVER_H
#define USM_VM_HANDOVER_H

#include <stdbool.h>

/* Frames that members wrote, and frames that only the daemon wrote. */
void test_zeroed(int dev);

/* Frames that were still out when their instance ended. */
void test_zeroed_late(int dev);

/* Mappings that somebody else holds when a daemon dies or destroys. */
void test_mapping_of_killed(int dev, bool persist);
void test_mapping_of_destroyed(int dev);

#endif /* USM_VM_HANDOVER_H */
