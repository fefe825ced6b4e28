/* SPDX-License-Identifier: MIT */
#include "instance/policies/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The first two members of every table. */
struct head {
	uint32_t struct_size;
	uint32_t api_version;
};

/* The members a table must have: all up to the last required one. */
#define ALLOC_LEAST offsetof(struct usm_alloc_policy, process_new)
#define EVICT_LEAST offsetof(struct usm_evict_policy, process_new)
#define PREFETCH_LEAST offsetof(struct usm_prefetch_policy, used)
#define OOM_LEAST offsetof(struct usm_oom_policy, config)

_Static_assert(offsetof(struct usm_alloc_policy, api_version) ==
		       offsetof(struct head, api_version),
	       "tables begin alike");
_Static_assert(offsetof(struct usm_evict_policy, api_version) ==
		       offsetof(struct head, api_version),
	       "tables begin alike");

_Static_assert(offsetof(struct usm_prefetch_policy, api_version) ==
		       offsetof(struct head, api_version),
	       "tables begin alike");

_Static_assert(offsetof(struct usm_oom_policy, api_version) ==
		       offsetof(struct head, api_version),
	       "tables begin alike");

int usm_policy_table_read(const void *table, size_t ours, size_t least,
			  void *out, const char **why)
{
	const struct head *head = table;
	size_t theirs = head->struct_size;

	if (head->api_version != USM_POLICY_API_VERSION) {
		*why = "it was built for another version of usm_policy.h";
		return -EINVAL;
	}
	if (theirs < least) {
		*why = "its table is too small: .struct_size must be the "
		       "size of the table (USM_POLICY_HEAD)";
		return -EINVAL;
	}
	memset(out, 0, ours);
	memcpy(out, table, theirs < ours ? theirs : ours);
	return 0;
}

static const char *check_alloc(const struct usm_alloc_policy *policy)
{
	uint32_t run = policy->run_frames;

	if (!policy->init || !policy->fini || !policy->pick ||
	    !policy->released)
		return "needs .init, .fini, .pick and .released";
	if (!run || run > USM_RUN_FRAMES_MAX || run & (run - 1))
		return ".run_frames must be a power of two up to 64";
	return NULL;
}

static const char *check_evict(const struct usm_evict_policy *policy)
{
	if (!policy->init || !policy->fini || !policy->placed ||
	    !policy->removed || !policy->choose)
		return "needs .init, .fini, .placed, .removed and .choose";
	return NULL;
}

static const char *check_prefetch(const struct usm_prefetch_policy *policy)
{
	if (!policy->init || !policy->fini || !policy->fault)
		return "needs .init, .fini and .fault";
	return NULL;
}

static const char *check_oom(const struct usm_oom_policy *policy)
{
	if (!policy->init || !policy->fini || !policy->decide)
		return "needs .init, .fini and .decide";
	return NULL;
}

static const char *check_names(const char *name, const char *summary,
			       const char *wanted)
{
	if (!name || strcmp(name, wanted))
		return ".name is not the name of the file";
	return summary ? NULL : "needs .summary";
}

/* Returns what is wrong, or NULL. */
static const char *
read_registration(const struct usm_policy_registration *registration,
		  enum usm_policy_kind kind, const char *name,
		  struct usm_policy_library *out)
{
	struct usm_alloc_policy *alloc = &out->table.alloc;
	struct usm_evict_policy *evict = &out->table.evict;
	struct usm_prefetch_policy *prefetch = &out->table.prefetch;
	struct usm_oom_policy *oom = &out->table.oom;
	const char *why = NULL;

	if (registration->kind != kind)
		return "it is a policy of another kind";
	if (!registration->policy.alloc)
		return "it registers no table";
	switch (kind) {
	case USM_POLICY_ALLOC:
		if (usm_policy_table_read(registration->policy.alloc,
					  sizeof(*alloc), ALLOC_LEAST, alloc,
					  &why))
			return why;
		why = check_names(alloc->name, alloc->summary, name);
		return why ? why : check_alloc(alloc);
	case USM_POLICY_EVICT:
		if (usm_policy_table_read(registration->policy.evict,
					  sizeof(*evict), EVICT_LEAST, evict,
					  &why))
			return why;
		why = check_names(evict->name, evict->summary, name);
		return why ? why : check_evict(evict);
	case USM_POLICY_PREFETCH:
		if (usm_policy_table_read(registration->policy.prefetch,
					  sizeof(*prefetch), PREFETCH_LEAST,
					  prefetch, &why))
			return why;
		why = check_names(prefetch->name, prefetch->summary, name);
		return why ? why : check_prefetch(prefetch);
	case USM_POLICY_OOM:
		if (usm_policy_table_read(registration->policy.oom,
					  sizeof(*oom), OOM_LEAST, oom, &why))
			return why;
		why = check_names(oom->name, oom->summary, name);
		return why ? why : check_oom(oom);
	}
	return "it is a policy of another kind";
}

/* What dlerror() says after the path, which is a number to people. */
static const char *loading_error(const char *path)
{
	const char *text = dlerror();
	size_t len = strlen(path);

	if (!text)
		return "cannot be loaded";
	if (!strncmp(text, path, len) && !strncmp(text + len, ": ", 2))
		text += len + 2;
	return text;
}

int usm_policy_library_load(int fd, enum usm_policy_kind kind, const char *what,
			    const char *name, struct usm_policy_library *out,
			    struct usm_failure *failure)
{
	const struct usm_policy_registration *registration;
	const char *why;
	char path[32];

	*out = (struct usm_policy_library){ .fd = fd };
	/*
	 * The loader knows libraries by this path: the descriptor stays open
	 * as long as the library is there, so that no other gets its number.
	 */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	out->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!out->handle)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"%s: %s.so: %s", what, name,
				loading_error(path));
	registration = dlsym(out->handle, USM_POLICY_SYMBOL);
	why = registration ? read_registration(registration, kind, name, out)
			   : "it registers no policy (USM_REGISTER_..._POLICY)";
	if (why)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"%s: %s.so: %s", what, name, why);
	return 0;
}

void usm_policy_library_close(struct usm_policy_library *library)
{
	if (library->handle)
		dlclose(library->handle);
	if (library->fd >= 0)
		close(library->fd);
	*library = (struct usm_policy_library)USM_POLICY_LIBRARY_NONE;
}
