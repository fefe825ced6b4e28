/* SPDX-License-Identifier: MIT */
/*
 * backoff.h - how long to wait before a daemon that died is started again.
 * Pure.
 */
#ifndef USM_MANAGER_BACKOFF_H
#define USM_MANAGER_BACKOFF_H

#include <stdint.h>

/*
 * The first restart comes soon, because until then every fault of the tenant
 * falls back; a daemon that keeps dying must not eat a processor.
 */
#define USM_BACKOFF_FIRST_MS 250U
#define USM_BACKOFF_MAX_MS 30000U

/* A daemon that ran for so long is well again. */
#define USM_BACKOFF_HEALTHY_MS 60000U

struct usm_backoff {
	unsigned int next_ms; /* 0: nothing failed lately */
};

/* The delay in ms after a run of ran_ms that ended in a failure. */
unsigned int usm_backoff_after(struct usm_backoff *backoff, uint64_t ran_ms);

#endif /* USM_MANAGER_BACKOFF_H */
