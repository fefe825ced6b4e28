/* SPDX-License-Identifier: MIT */
/*
 * inherit.h - who is served after fork, exec and a change of credentials.
 * That is seen from where the pages of a buffer lie that a process writes.
 */
#ifndef USM_VM_INHERIT_H
#define USM_VM_INHERIT_H

#include "lib/instance.h"

/*
 * This very program as an executed image: "PATH probe FD" writes the buffer;
 * "PATH launch FD NEXT" stops at STEP_LAUNCH and executes "NEXT probe FD".
 * FD is child.shared_fd.
 */
#define PROBE_ARGUMENT "probe"
#define LAUNCH_ARGUMENT "launch"

#define STEP_LAUNCH 1
#define STEP_PROBED 2

/* Writes a buffer and stops at STEP_PROBED; 0 when it reads back right. */
int probe(struct child *self);

/* main() of an executed image. */
int image_main(int argc, char **argv);

/* Executes `path` as probe of `self`; returns only on failure. */
int image_execute(struct child *self, const char *path);

enum probe_result {
	PROBE_SERVED, /* nearly all in the partition; the rest came too late */
	PROBE_KERNEL, /* none in the pool */
	PROBE_MIXED,
};

/* Waits for the probe (whoever wrote it), looks at its pages, lets it on. */
enum probe_result probe_look(const struct instance *instance,
			     struct child *child);

/*
 * The life of a bound child that ends in a probe: checks where the pages are,
 * how it ends, and that every frame comes home.
 */
void probe_child(const struct instance *instance, enum usm_inherit inherit,
		 int (*main)(struct child *, void *), void *arg,
		 enum probe_result expected, const char *what);
/* The second half, of a child that is bound and goes on. */
void probe_finish(const struct instance *instance, struct child *child,
		  enum probe_result expected, const char *what);

/* Children of fork, images after exec, for each way to inherit. */
void test_fork(const struct instance *instance);
void test_exec(const struct instance *instance, const char *program);

/* What loses the tag: a privileged image, other credentials, unbinding. */
void test_privileged(const struct instance *instance, const char *program);
void test_unbind(const struct instance *instance);

#endif /* USM_VM_INHERIT_H */
