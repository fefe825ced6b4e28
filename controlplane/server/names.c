// SPDX-License-Identifier: MIT
#include "names.h"

const char *const usm_wake_names[USM_WAKE_SOURCES] = {
	[USM_WAKE_SELF] = "self",
	[USM_WAKE_WAKER] = "waker",
	[USM_WAKE_UIPI] = "uipi",
	[USM_WAKE_KERNEL] = "kernel",
};

const char *const usm_fallback_names[USM_FALLBACK_REASONS] = {
	[USM_FALLBACK_NO_DAEMON] = "no_daemon",
	[USM_FALLBACK_LATE] = "late",
	[USM_FALLBACK_REFUSED] = "refused",
	[USM_FALLBACK_NO_SLOT] = "no_slot",
	[USM_FALLBACK_CONTEXT] = "context",
	[USM_FALLBACK_QUARANTINED] = "quarantined",
};
