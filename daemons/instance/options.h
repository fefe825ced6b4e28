/* SPDX-License-Identifier: MIT */
/*
 * options.h - the command line of usm-instance.
 */
#ifndef USM_INSTANCE_OPTIONS_H
#define USM_INSTANCE_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/config.h"
#include "instance/failure.h"
#include "instance/replay/replay.h"

/*
 * Where swap files are made, by root.  Not in the configuration: who may ask
 * for an instance is not to say which files root writes to.
 */
#define USM_SWAP_DIR "/var/lib/usm/swap"

/* And the files of a tmpfs in which packed pages are. */
#define USM_SWAP_MEMORY_DIR "/dev/shm/usm"

/* And the directories in which is what policies remember of programs. */
#define USM_RECORD_DIR "/var/lib/usm/records"

struct usm_options {
	struct usm_config config;
	const char *config_path; /* NULL: all was on the command line */
	const char *check; /* only check this file and say what is wrong */
	struct usm_replay_options replay; /* .path: only play that trace */
	const char *device; /* NULL: the usual path */
	const char *swap_dir; /* never NULL */
	const char *swap_memory_dir; /* never NULL */
	const char *record_dir; /* never NULL */
	const char *policy_dir; /* never NULL */
	uid_t uid;
	gid_t gid;
	int ready_fd; /* -1: none */
	int cpu; /* -1: chosen */
	bool managed;
	bool verbose;
};

/*
 * Reads the command line and the configuration it names; with --replay there
 * is none.  Wrong usage, --help
 * and --version end the process here, as argp does (exit code 2, 0, 0).
 * On failure *failure says why; *out is untouched.
 */
int usm_options_parse(int argc, char **argv, struct usm_options *out,
		      struct usm_failure *failure);

#endif /* USM_INSTANCE_OPTIONS_H */
