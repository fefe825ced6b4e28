/* SPDX-License-Identifier: MIT */
/*
 * liars.h - policies that are wrong, each in a way of its own.
 */
#ifndef USM_TESTS_LIARS_H
#define USM_TESTS_LIARS_H

#include "usm_policy.h"

/* NULL at the end. */
extern const struct usm_alloc_policy *const liar_allocs[];
extern const struct usm_evict_policy *const liar_evicts[];

#endif /* USM_TESTS_LIARS_H */
