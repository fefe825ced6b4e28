/* SPDX-License-Identifier: MIT */
/*
 * paging.h - which part of a list a request asks for.  Pure.
 *
 * A page begins after a name, not at a number, so that what is created or
 * deleted meanwhile makes nothing appear twice or not at all.
 */
#ifndef USM_CONTROLPLANE_PAGING_H
#define USM_CONTROLPLANE_PAGING_H

#include <stddef.h>

#include "problem.h"
#include "usm.h"

/* As many instances as there can be: without a limit all are listed. */
#define USM_PAGE_LIMIT_MAX USM_INSTANCES_MAX

/* A parameter of the query, as sent, not decoded. */
struct usm_query {
	const char *key;
	const char *value; /* NULL: a key alone */
};

struct usm_paging {
	char after[USM_NAME_SIZE]; /* empty: from the first */
	unsigned int limit; /* 1 to USM_PAGE_LIMIT_MAX */
};

/*
 * Reads "after" (the name of an instance, which need not exist) and "limit".
 * Returns 0, or -1 with *problem filled; then *out is untouched.
 */
int usm_paging_parse(const struct usm_query *query, size_t nr,
		     struct usm_paging *out, struct usm_problem *problem);

#endif /* USM_CONTROLPLANE_PAGING_H */
