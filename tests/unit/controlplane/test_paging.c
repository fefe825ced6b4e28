// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <string.h>

#include "server/paging.h"
#include "server/render.h"

static struct usm_paging parsed(const struct usm_query *query, size_t nr)
{
	struct usm_paging paging;
	struct usm_problem problem;

	cr_assert_eq(usm_paging_parse(query, nr, &paging, &problem), 0);
	return paging;
}

static void refused(const struct usm_query *query, size_t nr, const char *why)
{
	struct usm_paging paging = { .limit = 7 };
	struct usm_problem problem;

	cr_assert_eq(usm_paging_parse(query, nr, &paging, &problem), -1);
	cr_assert_eq(problem.code, USM_PROBLEM_INVALID_QUERY);
	cr_assert(strstr(problem.detail, why), "%s", problem.detail);
	cr_assert_eq(paging.limit, 7);
}

Test(paging, takes_a_name_and_a_limit)
{
	const struct usm_query both[] = { { "limit", "1" },
					  { "after", "b-2" } };
	struct usm_paging paging = parsed(NULL, 0);

	cr_assert_str_eq(paging.after, "");
	cr_assert_eq(paging.limit, USM_PAGE_LIMIT_MAX);
	paging = parsed(both, 2);
	cr_assert_str_eq(paging.after, "b-2");
	cr_assert_eq(paging.limit, 1);
}

Test(paging, refuses_the_rest_and_says_why)
{
	static const char *const limits[] = { "",
					      "0",
					      "1025",
					      "-1",
					      "+1",
					      " 1",
					      "1 ",
					      "1e2",
					      "x",
					      "0x10",
					      "99999999999999999999" };
	const struct usm_query twice[] = { { "limit", "1" }, { "limit", "1" } };

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		refused(&(struct usm_query){ "limit", limits[i] }, 1,
			"limit: must be");
	refused(&(struct usm_query){ "limit", NULL }, 1, "limit: must be");
	refused(&(struct usm_query){ "after", "A" }, 1, "after: must be");
	refused(&(struct usm_query){ "after", NULL }, 1, "after: must be");
	refused(&(struct usm_query){ "offset", "1" }, 1,
		"after and limit only");
	refused(twice, 2, "limit: given twice");
}

/* The names of a page, in order, and its "next". */
static void expect_page(const struct usm_cp_instance *instances, size_t nr,
			const struct usm_paging *paging, const char *names,
			const char *next)
{
	cJSON *page = usm_render_instances(instances, nr, paging);
	const cJSON *list = cJSON_GetObjectItem(page, "instances"), *item;
	const cJSON *link = cJSON_GetObjectItem(page, "next");
	char found[64] = "";

	cJSON_ArrayForEach(item, list)
		strcat(found, cJSON_GetObjectItem(item, "name")->valuestring);
	cr_assert_str_eq(found, names);
	if (next)
		cr_assert_str_eq(link->valuestring, next);
	else
		cr_assert(cJSON_IsNull(link));
	cJSON_Delete(page);
}

Test(paging, goes_through_a_list_in_order_of_names)
{
	struct usm_cp_instance instances[5] = { 0 };
	struct usm_paging paging = { .limit = 2 };

	for (int i = 0; i < 5; i++)
		instances[i].config.name[0] = "dbeca"[i];
	expect_page(instances, 5, &paging, "ab",
		    "/v1/instances?limit=2&after=b");
	strcpy(paging.after, "b");
	expect_page(instances, 5, &paging, "cd",
		    "/v1/instances?limit=2&after=d");
	strcpy(paging.after, "d");
	expect_page(instances, 5, &paging, "e", NULL);
	/* Deleted meanwhile: the page goes on after where it would be. */
	strcpy(paging.after, "bb");
	expect_page(instances, 5, &paging, "cd",
		    "/v1/instances?limit=2&after=d");
	strcpy(paging.after, "z");
	expect_page(instances, 5, &paging, "", NULL);
	paging = (struct usm_paging){ .limit = 5 };
	expect_page(instances, 5, &paging, "abcde", NULL);
	expect_page(NULL, 0, &paging, "", NULL);
}
