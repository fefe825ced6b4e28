/* SPDX-License-Identifier: MIT */
#include "instance/reload.h"

#include <errno.h>
#include <string.h>

#include "common/config_diff.h"

static int wrong_file(const struct usm_reload *reload, int err,
		      const struct usm_config_error *error,
		      struct usm_failure *failure)
{
	if (err == -EINVAL)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL, "%s: %s%s%s",
				reload->path, error->field,
				*error->field ? ": " : "", error->reason);
	return usm_fail(failure, USM_EXIT_USAGE, -err, "%s: %s", reload->path,
			strerror(-err));
}

/* 0: .next_config has other policies, or may have. */
static int read_file(struct usm_reload *reload, struct usm_failure *failure)
{
	struct usm_config_error error = { 0 };
	char field[USM_JSON_FIELD_SIZE] = "";
	int err = usm_config_load(reload->path, &reload->next_config, &error);

	if (!err)
		err = usm_config_diff(&reload->config, &reload->next_config,
				      false, field);
	if (!err && *field)
		err = usm_json_error(&error, field,
				     "cannot be changed while the instance "
				     "runs");
	return err ? wrong_file(reload, err, &error, failure) : 0;
}

static bool same_settings(const struct usm_settings *one,
			  const struct usm_settings *other)
{
	unsigned int i;

	for (i = 0; i < one->nr && one->nr == other->nr; i++)
		if (strcmp(one->setting[i].key, other->setting[i].key) ||
		    strcmp(one->setting[i].value, other->setting[i].value))
			return false;
	return one->nr == other->nr;
}

/*
 * What is built in and configured as before goes on with what it has learnt.
 * A file is loaded again in any case: it may be another version.  False: there
 * is nothing new.
 */
static bool compare(struct usm_reload *reload)
{
	const struct usm_policy_selection *now = reload->selection;
	const struct usm_policy_selection *next = reload->next;
	struct usm_exchange *exchange = &reload->exchange;

	bool alloc =
		next->alloc != now->alloc ||
		!same_settings(&next->alloc_settings, &now->alloc_settings);
	bool evict =
		next->evict != now->evict ||
		!same_settings(&next->evict_settings, &now->evict_settings);

	*exchange = (struct usm_exchange){ 0 };
	if (alloc && !reload->elsewhere.alloc) {
		exchange->alloc = next->alloc;
		exchange->alloc_settings = &next->alloc_settings;
	}
	if (evict && !reload->elsewhere.evict) {
		exchange->evict = next->evict;
		exchange->evict_settings = &next->evict_settings;
	}
	if (next->prefetch.prefetch != now->prefetch.prefetch ||
	    !same_settings(&next->prefetch_settings, &now->prefetch_settings)) {
		exchange->prefetch_too = true;
		exchange->prefetch = next->prefetch.prefetch;
		exchange->prefetch_settings = &next->prefetch_settings;
	}
	return alloc || evict || exchange->prefetch_too;
}

static void drop(struct usm_policy_selection **selection)
{
	usm_policy_selection_destroy(*selection);
	*selection = NULL;
}

int usm_reload_prepare(struct usm_reload *reload, struct usm_failure *failure)
{
	int err;

	if (reload->next)
		return usm_fail(failure, USM_EXIT_FAILED, EBUSY,
				"the last change is still under way");
	err = read_file(reload, failure);
	if (!err)
		err = usm_policy_selection_open(&reload->next_config,
						&reload->where, &reload->next,
						failure);
	if (!err)
		err = usm_policy_selection_load(reload->next, failure);
	if (!err && !compare(reload))
		err = usm_fail(failure, USM_EXIT_OK, EALREADY,
			       "the policies are as configured");
	if (err)
		drop(&reload->next);
	return err;
}

int usm_reload_finish(struct usm_reload *reload, struct usm_failure *failure)
{
	int err = reload->exchange.result;

	if (err) {
		*failure = reload->exchange.failure;
		drop(&reload->next);
		return err;
	}
	drop(&reload->selection);
	reload->selection = reload->next;
	reload->config = reload->next_config;
	reload->next = NULL;
	return 0;
}

void usm_reload_fini(struct usm_reload *reload)
{
	drop(&reload->next);
	drop(&reload->selection);
	usm_process_policies_close(&reload->processes);
	usm_named_policy_close(&reload->oom);
}
