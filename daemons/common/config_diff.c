/* SPDX-License-Identifier: MIT */
#include "config_diff.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const policy_fields[] = {
	"alloc",	 "alloc_options", "evict",
	"evict_options", "prefetch",	  "prefetch_options",
};

/* Leaves only what two configurations are compared by. */
static void drop_policies(cJSON *root)
{
	cJSON *policy = cJSON_GetObjectItemCaseSensitive(root, "policy");
	size_t i;

	for (i = 0; i < sizeof(policy_fields) / sizeof(policy_fields[0]); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(policy,
							policy_fields[i]);
}

/* The first member of one that is not the same in other; false: none. */
static bool differs(const cJSON *one, const cJSON *other, const char *path,
		    char *field)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, one) {
		const cJSON *twin =
			cJSON_GetObjectItemCaseSensitive(other, member->string);
		char here[USM_JSON_FIELD_SIZE];

		snprintf(here, sizeof(here), "%s%s%s", path, *path ? "." : "",
			 member->string);
		if (cJSON_IsObject(member) && cJSON_IsObject(twin)) {
			if (differs(member, twin, here, field))
				return true;
		} else if (!cJSON_Compare(member, twin, true)) {
			memcpy(field, here, sizeof(here));
			return true;
		}
	}
	return false;
}

int usm_config_diff(const struct usm_config *one,
		    const struct usm_config *other, bool policies,
		    char field[USM_JSON_FIELD_SIZE])
{
	char found[USM_JSON_FIELD_SIZE] = "";
	cJSON *a = NULL, *b = NULL;
	int err = -ENOMEM;

	usm_config_print(one, &a);
	usm_config_print(other, &b);
	if (a && b) {
		if (!policies) {
			drop_policies(a);
			drop_policies(b);
		}
		/* Both ways: a member may be in one of them only. */
		if (!differs(a, b, "", found))
			differs(b, a, "", found);
		memcpy(field, found, sizeof(found));
		err = 0;
	}
	cJSON_Delete(a);
	cJSON_Delete(b);
	return err;
}
