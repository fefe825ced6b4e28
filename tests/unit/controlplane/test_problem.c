// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <string.h>

#include "server/problem.h"

Test(problem, every_code_has_status_and_name)
{
	for (int i = USM_PROBLEM_NONE + 1; i < USM_PROBLEM_CODES; i++) {
		unsigned int status =
			usm_problem_status((enum usm_problem_code)i);

		cr_assert(status >= 400 && status < 600, "code %d", i);
		for (int j = USM_PROBLEM_NONE + 1; j < i; j++)
			cr_assert_str_neq(
				usm_problem_name((enum usm_problem_code)i),
				usm_problem_name((enum usm_problem_code)j));
	}
}

Test(problem, renders_the_document)
{
	struct usm_problem problem;
	cJSON *json;
	char *text;

	cr_assert_eq(usm_problem_set(&problem, USM_PROBLEM_POOL_TOO_FULL,
				     "%s wanted, %s left in the pool", "2G",
				     "1G"),
		     -1);
	json = usm_problem_render(&problem);
	text = cJSON_PrintUnformatted(json);
	cr_assert_str_eq(text,
			 "{\"type\":\"urn:usm:problem:pool-too-full\","
			 "\"title\":\"Not enough pool left\",\"status\":409,"
			 "\"code\":\"pool-too-full\","
			 "\"detail\":\"2G wanted, 1G left in the pool\"}");
	cJSON_free(text);
	cJSON_Delete(json);
}

Test(problem, names_the_field_of_a_document)
{
	struct usm_config_error err = { "policy.alloc", "no such policy" };
	struct usm_problem problem;

	usm_problem_from_config(&problem, &err);
	cr_assert_eq(problem.code, USM_PROBLEM_INVALID_FIELD);
	cr_assert_str_eq(problem.field, "policy.alloc");
	cr_assert_str_eq(problem.detail, "policy.alloc: no such policy");
	err.field[0] = 0;
	usm_problem_from_config(&problem, &err);
	cr_assert_eq(problem.code, USM_PROBLEM_MALFORMED_JSON);
	cr_assert_str_eq(problem.field, "");
}
