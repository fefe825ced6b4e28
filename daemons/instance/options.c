/* SPDX-License-Identifier: MIT */
#include "instance/options.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "common/policy_files.h"
#include "common/size.h"
#include "instance/privileges.h"
#include "instance/replay/simulate.h"

enum {
	KEY_CONFIG = 'c',
	KEY_NAME = 'n',
	KEY_MEMORY = 'm',
	KEY_ALLOC = 'a',
	KEY_EVICT = 'e',
	KEY_PREFETCH = 'p',
	KEY_SWAP = 's',
	KEY_VERBOSE = 'v',
	KEY_MANAGED = 0x100,
	KEY_SWAP_DIR,
	KEY_SWAP_DEVICE,
	KEY_SWAP_MEMORY_MAX,
	KEY_SWAP_MEMORY_DIR,
	KEY_RECORD_DIR,
	KEY_POLICY_DIR,
	KEY_UID,
	KEY_GID,
	KEY_READY_FD,
	KEY_CHECK,
	KEY_DEVICE,
	KEY_CPU,
	KEY_REPLAY,
	KEY_FRAMES,
	KEY_BATCH,
	KEY_JSON,
	KEY_WORKERS,
};

static const struct argp_option option_table[] = {
	{ .doc = "What to claim: a file, or name and memory:" },
	{ "config", KEY_CONFIG, "FILE", 0, "Configuration, a JSON object", 0 },
	{ "name", KEY_NAME, "NAME", 0, "Name of the instance", 0 },
	{ "memory", KEY_MEMORY, "SIZE", 0, "Size of its partition: 128M, 1G",
	  0 },
	{ "alloc", KEY_ALLOC, "POLICY", 0,
	  "Allocation policy (default first-fit); see docs/policies.md", 0 },
	{ "swap", KEY_SWAP, "SIZE", 0,
	  "Evict pages when frames run short, as many as go in this size", 0 },
	{ "swap-device", KEY_SWAP_DEVICE, "DEVICE", 0,
	  "Where to: file (default); packed, in memory: lz4 or zstd; tiered: "
	  "in memory, and what does not fit to a file",
	  0 },
	{ "swap-memory-max", KEY_SWAP_MEMORY_MAX, "SIZE", 0,
	  "Memory that packed pages may take (default: half of --swap)", 0 },
	{ "evict", KEY_EVICT, "POLICY", 0, "Eviction policy (default clock)",
	  0 },
	{ "prefetch", KEY_PREFETCH, "POLICY", 0,
	  "Which evicted pages are read before they are needed (default: none)",
	  0 },
	{ "check", KEY_CHECK, "FILE", 0,
	  "Only check a configuration file; needs no rights and no module", 0 },
	{ .doc = "Instead of serving anybody:" },
	{ "replay", KEY_REPLAY, "TRACE", 0,
	  "Play a trace to eviction policies (--evict NAME, or all) in 10, 25 "
	  "and 50 % of its footprint, or in --memory SIZE, and say how many "
	  "faults each has, and with --prefetch NAME (or all) how many of them "
	  "wait; needs no rights and no module",
	  0 },
	{ "frames", KEY_FRAMES, "N", 0, "Size of the memory, in frames", 0 },
	{ "batch", KEY_BATCH, "N", 0, "Victims per decision (default 1)", 0 },
	{ "json", KEY_JSON, NULL, 0, "The result as JSON", 0 },
	{ .doc = "How to run:" },
	{ "managed", KEY_MANAGED, NULL, 0,
	  "The partition outlives this process; take over one that waits", 0 },
	{ "uid", KEY_UID, "UID", 0, "Run under this uid (default 1884640000)",
	  0 },
	{ "gid", KEY_GID, "GID", 0, "Run under this gid (default: the uid)",
	  0 },
	{ "workers", KEY_WORKERS, "N", 0,
	  "Threads that serve faults: 1, 2, 4, ... (default 1)", 0 },
	{ "cpu", KEY_CPU, "CPU", 0,
	  "Pin the workers to this CPU and those after it", 0 },
	{ "swap-dir", KEY_SWAP_DIR, "DIR", 0,
	  "Where the swap file is, NAME.swap (default " USM_SWAP_DIR ")", 0 },
	{ "swap-memory-dir", KEY_SWAP_MEMORY_DIR, "DIR", 0,
	  "Where packed pages are, a directory of a tmpfs (default " USM_SWAP_MEMORY_DIR
	  ")",
	  0 },
	{ "record-dir", KEY_RECORD_DIR, "DIR", 0,
	  "Where a prefetch policy remembers programs, in a directory NAME "
	  "(default " USM_RECORD_DIR ")",
	  0 },
	{ "policy-dir", KEY_POLICY_DIR, "DIR", 0,
	  "Where policies are that are not built in, NAME.so (default " USM_POLICY_DIR
	  ")",
	  0 },
	{ "ready-fd", KEY_READY_FD, "FD", 0,
	  "Write \"ready instance=ID\" there once faults are served", 0 },
	{ "device", KEY_DEVICE, "PATH", 0, "Device (default /dev/USMMcd)", 0 },
	{ "verbose", KEY_VERBOSE, NULL, 0,
	  "Print every announcement of the kernel", 0 },
	{ 0 },
};

static const char doc[] =
	"Policy daemon of one USM instance: claims a partition of the pool and "
	"decides which of its frames serve the page faults of its members.\v"
	"Starts as root and gives up every right before it serves. "
	"SIGTERM ends it cleanly; without --managed its partition dissolves. "
	"SIGHUP reads the policies of the --config file again, SIGUSR1 prints "
	"what policies have counted.\n\n"
	"Exit codes: 0 ended on request, 1 failed, 2 usage or configuration, "
	"3 no module or another ABI, 5 name in use, other size or pool too "
	"full, 6 not enough rights.";

/* What argp collects; checked as a whole afterwards. */
struct arguments {
	struct usm_options options;
	const char *config;
	const char *name;
	const char *memory;
	const char *alloc;
	const char *evict;
	const char *prefetch;
	const char *swap;
	const char *swap_device;
	const char *swap_memory_max;
	unsigned long workers; /* 0: the default */
	bool has_gid;
};

static unsigned long number(struct argp_state *state, const char *option,
			    const char *arg, unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(arg, &end, 10);
	if (errno || end == arg || *end || *arg == '-' || value > max)
		argp_error(state, "--%s: \"%s\" is not a number of 0 to %lu",
			   option, arg, max);
	return value;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;
	struct usm_options *options = &args->options;

	switch (key) {
	case KEY_CONFIG:
		args->config = arg;
		return 0;
	case KEY_NAME:
		args->name = arg;
		return 0;
	case KEY_MEMORY:
		args->memory = arg;
		return 0;
	case KEY_ALLOC:
		args->alloc = arg;
		return 0;
	case KEY_EVICT:
		args->evict = arg;
		return 0;
	case KEY_PREFETCH:
		args->prefetch = arg;
		return 0;
	case KEY_SWAP:
		args->swap = arg;
		return 0;
	case KEY_SWAP_DEVICE:
		args->swap_device = arg;
		return 0;
	case KEY_SWAP_MEMORY_MAX:
		args->swap_memory_max = arg;
		return 0;
	case KEY_SWAP_MEMORY_DIR:
		options->swap_memory_dir = arg;
		return 0;
	case KEY_SWAP_DIR:
		options->swap_dir = arg;
		return 0;
	case KEY_RECORD_DIR:
		options->record_dir = arg;
		return 0;
	case KEY_POLICY_DIR:
		options->policy_dir = arg;
		return 0;
	case KEY_CHECK:
		options->check = arg;
		return 0;
	case KEY_MANAGED:
		options->managed = true;
		return 0;
	case KEY_VERBOSE:
		options->verbose = true;
		return 0;
	case KEY_DEVICE:
		options->device = arg;
		return 0;
	case KEY_UID:
		options->uid = (uid_t)number(state, "uid", arg, UINT_MAX - 1);
		return 0;
	case KEY_GID:
		options->gid = (gid_t)number(state, "gid", arg, UINT_MAX - 1);
		args->has_gid = true;
		return 0;
	case KEY_READY_FD:
		options->ready_fd =
			(int)number(state, "ready-fd", arg, INT_MAX);
		return 0;
	case KEY_WORKERS:
		args->workers = number(state, "workers", arg, USM_WORKERS_MAX);
		return 0;
	case KEY_CPU:
		options->cpu = (int)number(state, "cpu", arg, CPU_SETSIZE - 1);
		return 0;
	case KEY_REPLAY:
		options->replay.path = arg;
		return 0;
	case KEY_FRAMES:
		options->replay.frames = (uint32_t)number(state, "frames", arg,
							  USM_TRACE_PAGES_MAX);
		return 0;
	case KEY_BATCH:
		options->replay.batch = (uint32_t)number(
			state, "batch", arg, USM_SIMULATE_BATCH_MAX);
		return 0;
	case KEY_JSON:
		options->replay.json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\": takes options only", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int config_failure(struct usm_failure *failure, int err,
			  const char *source,
			  const struct usm_config_error *error)
{
	if (err == -EINVAL)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL, "%s: %s%s%s",
				source, error->field, *error->field ? ": " : "",
				error->reason);
	return usm_fail(failure, USM_EXIT_USAGE, -err, "%s: %s", source,
			strerror(-err));
}

static int load_file(const char *path, struct usm_config *out,
		     struct usm_failure *failure)
{
	struct usm_config_error error = { 0 };
	int err = usm_config_load(path, out, &error);

	return err ? config_failure(failure, err, path, &error) : 0;
}

/* Through JSON, so that both ways are checked by the same rules. */
static int from_arguments(const struct arguments *args, struct usm_config *out,
			  struct usm_failure *failure)
{
	struct usm_config_error error = { 0 };
	cJSON *root = cJSON_CreateObject();
	cJSON *policy = cJSON_AddObjectToObject(root, "policy");
	cJSON *swap = NULL;
	char *text = NULL;
	int err = -ENOMEM;

	cJSON_AddStringToObject(root, "name", args->name);
	cJSON_AddStringToObject(root, "memory", args->memory);
	if (args->alloc)
		cJSON_AddStringToObject(policy, "alloc", args->alloc);
	if (args->evict)
		cJSON_AddStringToObject(policy, "evict", args->evict);
	if (args->prefetch)
		cJSON_AddStringToObject(policy, "prefetch", args->prefetch);
	if (args->swap || args->swap_device || args->swap_memory_max)
		swap = cJSON_AddObjectToObject(root, "swap");
	if (args->swap)
		cJSON_AddStringToObject(swap, "size", args->swap);
	if (args->swap_device)
		cJSON_AddStringToObject(swap, "device", args->swap_device);
	if (args->swap_memory_max)
		cJSON_AddStringToObject(swap, "memory_max",
					args->swap_memory_max);
	if (args->workers)
		cJSON_AddNumberToObject(root, "workers", (double)args->workers);
	if (root)
		text = cJSON_PrintUnformatted(root);
	if (text)
		err = usm_config_parse(text, strlen(text), out, &error);
	cJSON_free(text);
	cJSON_Delete(root);
	return err ? config_failure(failure, err, "command line", &error) : 0;
}

/* Is there anything on the command line that a file says? */
static bool says_what(const struct arguments *args)
{
	return args->name || args->memory || args->alloc || args->evict ||
	       args->prefetch || args->swap || args->swap_device ||
	       args->swap_memory_max || args->workers;
}

/* --replay takes its own options, and three of the configuration's. */
static int read_replay(struct arguments *args, struct usm_failure *failure)
{
	struct usm_replay_options *replay = &args->options.replay;

	if (args->options.check || args->config || args->name || args->alloc ||
	    args->swap || args->swap_device || args->swap_memory_max ||
	    args->workers)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"--replay goes without --check, --config, "
				"--name, --alloc, --workers and those of "
				"swap");
	if (args->memory && replay->frames)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"--memory and --frames say the same");
	if (args->memory && usm_size_parse(args->memory, &replay->memory_bytes))
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"--memory: \"%s\" is no size", args->memory);
	if (!replay->batch)
		replay->batch = 1;
	replay->evict = args->evict;
	replay->prefetch = args->prefetch;
	replay->policy_dir = args->options.policy_dir;
	return 0;
}

static int read_config(struct arguments *args, struct usm_failure *failure)
{
	struct usm_config *config = &args->options.config;
	struct usm_config_error error = { 0 };
	int err;

	if (args->options.replay.path)
		return read_replay(args, failure);
	if (args->options.replay.frames || args->options.replay.batch ||
	    args->options.replay.json)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"--frames, --batch and --json go with "
				"--replay only");
	if (args->options.check)
		err = load_file(args->options.check, config, failure);
	else if (args->config && says_what(args))
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"--config goes without --name, --memory, "
				"--alloc, --evict, --prefetch, --swap and "
				"--workers");
	else if (args->config)
		err = load_file(args->config, config, failure);
	else if (!args->name || !args->memory)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"needs --config, or --name and --memory; "
				"see --help");
	else
		err = from_arguments(args, config, failure);
	if (err)
		return err;
	args->options.config_path = args->config;
	err = usm_policy_files_check(config, args->options.policy_dir, &error);
	return err ? config_failure(failure, err,
				    args->options.check ? args->options.check
				    : args->config	? args->config
							: "command line",
				    &error)
		   : 0;
}

int usm_options_parse(int argc, char **argv, struct usm_options *out,
		      struct usm_failure *failure)
{
	struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = doc,
	};
	struct arguments args = {
		.options =
			{
				.uid = USM_INSTANCE_UID,
				.swap_dir = USM_SWAP_DIR,
				.swap_memory_dir = USM_SWAP_MEMORY_DIR,
				.record_dir = USM_RECORD_DIR,
				.policy_dir = USM_POLICY_DIR,
				.ready_fd = -1,
				.cpu = -1,
			},
	};
	int err;

	argp_err_exit_status = USM_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (!args.has_gid)
		args.options.gid = args.options.uid;
	err = read_config(&args, failure);
	if (!err)
		*out = args.options;
	return err;
}
