/* SPDX-License-Identifier: MIT */
#include "instance/replay/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/name.h"
#include "instance/policies/evict/registry.h"
#include "instance/policies/library.h"
#include "instance/policies/prefetch/registry.h"
#include "instance/replay/optimum.h"
#include "instance/replay/report.h"
#include "instance/replay/simulate.h"

/* Sizes of memory unless one is given, in percent of the footprint. */
static const uint32_t default_percent[] = { 10, 25, 50 };

#define NR_DEFAULTS (sizeof(default_percent) / sizeof(default_percent[0]))

/* What is played; both lists end with NULL. */
struct policies {
	const struct usm_evict_policy *const *evict;
	const struct usm_prefetch_policy *const *prefetch; /* none: a NULL */
};

/* Makes the list of sizes; how many, or -EINVAL. */
static int choose_sizes(const struct usm_replay_options *options,
			const struct usm_trace *trace, uint32_t *frames,
			struct usm_failure *failure)
{
	uint64_t wanted = options->frames;
	unsigned int i;

	if (!options->frames && !options->memory_bytes) {
		for (i = 0; i < NR_DEFAULTS; i++)
			frames[i] = (uint32_t)((uint64_t)trace->nr_pages *
					       default_percent[i] / 100);
		wanted = frames[0];
	} else {
		if (options->memory_bytes)
			wanted = options->memory_bytes / trace->page_bytes;
		i = 1;
	}
	/* What it left out would be hits only in larger ones. */
	if (wanted <= trace->window)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"%s: a memory of %" PRIu64
				" frames is too small: the trace leaves out "
				"what comes within %" PRIu32 " other pages",
				options->path, wanted, trace->window);
	if (wanted > USM_TRACE_PAGES_MAX)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"a memory of %" PRIu64
				" frames: at most %u are possible",
				wanted, USM_TRACE_PAGES_MAX);
	if (i == 1)
		frames[0] = (uint32_t)wanted;
	return (int)i;
}

static int add_optimum(struct usm_replay_report *report, uint32_t frames,
		       struct usm_failure *failure)
{
	struct usm_replay_row row = { .frames = frames };
	uint64_t faults = 0;
	int err = usm_optimum(report->trace, frames, &faults);

	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err, "optimum: %s",
				strerror(-err));
	row.outcome.faults = faults;
	row.outcome.evictions = faults > frames ? faults - frames : 0;
	report->rows[report->nr_rows++] = row;
	return 0;
}

static int add_pair(struct usm_replay_report *report, uint32_t frames,
		    const struct usm_evict_policy *policy,
		    const struct usm_prefetch_policy *prefetch,
		    struct usm_failure *failure)
{
	struct usm_simulation simulation = {
		.trace = report->trace,
		.policy = policy,
		.prefetch = prefetch,
		.frames = frames,
		.batch = report->batch,
	};
	struct usm_replay_row row = {
		.frames = frames,
		.policy = policy->name,
		.prefetch = prefetch ? prefetch->name : NULL,
	};
	int err = usm_simulate(&simulation, &row.outcome, failure);

	if (!err)
		report->rows[report->nr_rows++] = row;
	return err;
}

/* An eviction policy, with each of the others if there are any. */
static int add_policy(struct usm_replay_report *report, uint32_t frames,
		      const struct usm_evict_policy *policy,
		      const struct usm_prefetch_policy *const *prefetch,
		      struct usm_failure *failure)
{
	int err = 0;

	if (!*prefetch)
		return add_pair(report, frames, policy, NULL, failure);
	for (; *prefetch && !err; prefetch++)
		err = add_pair(report, frames, policy, *prefetch, failure);
	return err;
}

static uint32_t count_pairs(const struct policies *policies)
{
	uint32_t evict = 0, prefetch = 0;

	while (policies->evict[evict])
		evict++;
	while (policies->prefetch[prefetch])
		prefetch++;
	return prefetch ? evict * prefetch : evict;
}

static int play(const struct usm_replay_options *options,
		const struct policies *policies,
		struct usm_replay_report *report, struct usm_failure *failure)
{
	uint32_t frames[NR_DEFAULTS] = { 0 };
	int sizes = choose_sizes(options, report->trace, frames, failure);
	int i, err = 0;

	if (sizes < 0)
		return sizes;
	report->rows = calloc((size_t)sizes * (count_pairs(policies) + 1),
			      sizeof(*report->rows));
	if (!report->rows)
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	for (i = 0; i < sizes && !err; i++) {
		uint32_t j;

		err = add_optimum(report, frames[i], failure);
		for (j = 0; policies->evict[j] && !err; j++)
			err = add_policy(report, frames[i], policies->evict[j],
					 policies->prefetch, failure);
	}
	return err;
}

static int print(const struct usm_replay_report *report, bool json, FILE *out,
		 struct usm_failure *failure)
{
	int err = 0;

	if (json)
		err = usm_replay_json(report, out);
	else
		usm_replay_table(report, out);
	if (!err && (fflush(out) || ferror(out)))
		err = -EIO;
	return err ? usm_fail(failure, USM_EXIT_FAILED, -err,
			      "printing the result: %s", strerror(-err))
		   : 0;
}

/*
 * Nothing of what guards the daemon's directory is asked for here: a replay has
 * the rights of who starts it and chose the directory, and no others.
 */
static int load(const struct usm_replay_options *options,
		enum usm_policy_kind kind, const char *what, const char *name,
		struct usm_policy_library *library, struct usm_failure *failure)
{
	char path[PATH_MAX];
	int fd;

	if (!usm_name_valid(name))
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"%s: \"%s\" is not [a-z0-9-]+", what, name);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s.so",
			     options->policy_dir, name) >= sizeof(path))
		return usm_fail(failure, USM_EXIT_USAGE, ENAMETOOLONG,
				"--policy-dir: too long");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return usm_fail(failure, USM_EXIT_USAGE, errno,
				"%s: \"%s\" is not built in, and %s: %s", what,
				name, path, strerror(errno));
	return usm_policy_library_load(fd, kind, what, name, library, failure);
}

/* What a name stands for: one policy, or all that are built in. */
static bool means_all(const char *name)
{
	return !strcmp(name, "all");
}

static int choose_evict(const struct usm_replay_options *options,
			struct usm_policy_library *library,
			const struct usm_evict_policy **one,
			struct policies *out, struct usm_failure *failure)
{
	const char *name = options->evict ? options->evict : "all";
	int err = 0;

	out->evict = means_all(name) ? usm_evict_registry : one;
	one[0] = usm_evict_policy_find(name);
	if (!means_all(name) && !one[0]) {
		err = load(options, USM_POLICY_EVICT, "--evict", name, library,
			   failure);
		one[0] = &library->table.evict;
	}
	return err;
}

static int choose_prefetch(const struct usm_replay_options *options,
			   struct usm_policy_library *library,
			   const struct usm_prefetch_policy **one,
			   struct policies *out, struct usm_failure *failure)
{
	const char *name = options->prefetch;
	int err = 0;

	out->prefetch = name && means_all(name) ? usm_prefetch_registry : one;
	if (!name || means_all(name))
		return 0;
	one[0] = usm_prefetch_policy_find(name);
	if (!one[0]) {
		err = load(options, USM_POLICY_PREFETCH, "--prefetch", name,
			   library, failure);
		one[0] = &library->table.prefetch;
	}
	return err;
}

static int play_and_print(const struct usm_replay_options *options,
			  struct usm_replay_report *report, FILE *out,
			  struct usm_failure *failure)
{
	struct usm_policy_library evict_library = USM_POLICY_LIBRARY_NONE;
	struct usm_policy_library prefetch_library = USM_POLICY_LIBRARY_NONE;
	const struct usm_evict_policy *one_evict[] = { NULL, NULL };
	const struct usm_prefetch_policy *one_prefetch[] = { NULL, NULL };
	struct policies policies = { 0 };
	int err = choose_evict(options, &evict_library, one_evict, &policies,
			       failure);

	if (!err)
		err = choose_prefetch(options, &prefetch_library, one_prefetch,
				      &policies, failure);
	if (!err)
		err = play(options, &policies, report, failure);
	/* Before their names go. */
	if (!err)
		err = print(report, options->json, out, failure);
	usm_policy_library_close(&evict_library);
	usm_policy_library_close(&prefetch_library);
	return err;
}

int usm_replay(const struct usm_replay_options *options, FILE *out,
	       struct usm_failure *failure)
{
	struct usm_trace trace = { 0 };
	struct usm_replay_report report = {
		.path = options->path,
		.trace = &trace,
		.batch = options->batch,
	};
	int err = usm_trace_read(options->path, &trace, failure);

	if (!err)
		err = play_and_print(options, &report, out, failure);
	free(report.rows);
	usm_trace_fini(&trace);
	return err;
}
