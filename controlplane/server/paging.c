// SPDX-License-Identifier: MIT
#include "paging.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/name.h"

static int wrong(struct usm_problem *problem, const char *key, const char *why)
{
	return usm_problem_set(problem, USM_PROBLEM_INVALID_QUERY, "%s: %s",
			       key, why);
}

static bool parse_limit(const char *text, unsigned int *out)
{
	/* More digits than the largest limit has. */
	if (!*text || strlen(text) > 9 ||
	    text[strspn(text, "0123456789")] != '\0')
		return false;
	*out = (unsigned int)strtoul(text, NULL, 10);
	return *out >= 1 && *out <= USM_PAGE_LIMIT_MAX;
}

int usm_paging_parse(const struct usm_query *query, size_t nr,
		     struct usm_paging *out, struct usm_problem *problem)
{
	struct usm_paging paging = { .limit = USM_PAGE_LIMIT_MAX };
	bool after = false, limit = false;

	for (size_t i = 0; i < nr; i++) {
		const char *value = query[i].value ? query[i].value : "";

		if (!strcmp(query[i].key, "after")) {
			if (after)
				return wrong(problem, "after", "given twice");
			if (!usm_name_valid(value))
				return wrong(problem, "after",
					     "must be the name of an instance");
			strcpy(paging.after, value);
			after = true;
		} else if (!strcmp(query[i].key, "limit")) {
			if (limit)
				return wrong(problem, "limit", "given twice");
			if (!parse_limit(value, &paging.limit))
				return wrong(
					problem, "limit",
					"must be a whole number from 1 to 1024");
			limit = true;
		} else {
			return usm_problem_set(
				problem, USM_PROBLEM_INVALID_QUERY,
				"this call takes after and limit only");
		}
	}
	*out = paging;
	return 0;
}
