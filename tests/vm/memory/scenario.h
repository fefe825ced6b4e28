/* SPDX-License-Identifier: MIT */
/*
 * scenario.h - what members do with memory. Each is the life of one child
 * process; the test binds it before (or, "running", while) it works.
 */
#ifndef USM_VM_MEMORY_SCENARIO_H
#define USM_VM_MEMORY_SCENARIO_H

#include <stddef.h>

#include "lib/child.h"
#include "lib/instance.h"
#include "lib/pattern.h"

/* child_shared.word[]: where the buffer is. */
#define WORD_BUFFER 0

struct scene {
	const struct instance *instance;
	const char *policy;
	size_t pages; /* of the scenario's buffer */
};

struct scenario {
	const char *name;
	bool small; /* does not gain from a large buffer */
	/* The member; 0, or a number that tells where it found data wrong. */
	int (*member)(struct child *self, void *scene);
	/* The test's side between binding and the end; may be NULL. */
	void (*test)(const struct scene *scene, struct child *child);
};

extern const struct scenario scenario_touch;
extern const struct scenario scenario_threads;
extern const struct scenario scenario_running;
extern const struct scenario scenario_fork;
extern const struct scenario scenario_orphan;
extern const struct scenario scenario_remote;
extern const struct scenario scenario_remap;
extern const struct scenario scenario_whole;

#endif /* USM_VM_MEMORY_SCENARIO_H */
