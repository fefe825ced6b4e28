/* SPDX-License-Identifier: MIT */
/*
 * optimum.h - the fewest faults that any policy could have.
 *
 * L. A. Belady's MIN ("A study of replacement algorithms for a virtual-storage
 * computer", IBM Systems Journal, 1966): the page that is used again last goes.
 * It knows the future, so it is a bound and no policy.
 */
#ifndef USM_INSTANCE_REPLAY_OPTIMUM_H
#define USM_INSTANCE_REPLAY_OPTIMUM_H

#include <stdint.h>

#include "instance/replay/trace.h"

/*
 * Faults of the trace in a memory of so many frames (at least 1), filled on
 * demand.  Linear in the trace.  ENOMEM.
 */
int usm_optimum(const struct usm_trace *trace, uint32_t frames,
		uint64_t *faults);

#endif /* USM_INSTANCE_REPLAY_OPTIMUM_H */
