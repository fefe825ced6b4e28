/* SPDX-License-Identifier: MIT */
/* stress.h - what stress-ng is asked to do, and where its memory is. */
#ifndef USM_VM_STRESS_H
#define USM_VM_STRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/child.h"
#include "lib/instance.h"

#define JOB_ARGS_MAX 12

struct job {
	const char *name;
	const char
		*const args[JOB_ARGS_MAX]; /* of stress-ng, NULL at the end */
	/* May declare memory bad, and be hit by that itself. */
	bool poisons;
};

extern const struct job jobs[];
extern const size_t nr_jobs;

/* The program runs a job for so many seconds; output goes to a file. */
struct job_run {
	const struct job *job;
	unsigned int seconds;
	char output[96];
};

/* A child's main: becomes stress-ng. `arg` is a struct job_run. */
int job_exec(struct child *self, void *arg);

/* Lines of its output that tell of a failure; -errno when unreadable. */
int job_failures(const struct job_run *run);

/* Frames of an instance's members, by their page tables. */
struct look {
	size_t own; /* in the partition */
	size_t foreign; /* elsewhere in the pool */
	size_t members; /* processes whose tables could be read */
};

/* 0 or -errno. Members may come and go meanwhile. */
int look_at_members(const struct instance *instance, struct look *out);

#endif /* USM_VM_STRESS_H */
