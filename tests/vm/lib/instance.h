/* SPDX-License-Identifier: MIT */
/*
 * instance.h - real policy daemons (usm-instance) under the test's control,
 * and what the module says about them.  `dev` is a descriptor of the device
 * that has no claim.
 */
#ifndef USM_VM_INSTANCE_H
#define USM_VM_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/child.h"
#include "usm.h"

struct instance_options {
	const char *name;
	const char *memory; /* "128M" */
	const char *alloc; /* NULL: first-fit */
	unsigned int deadline_ms; /* 0: the default */
	unsigned int slots; /* 0: the default */
	unsigned int workers; /* 0: the default */
	const char *on_loss; /* NULL: fallback */
	const char *swap; /* size of its swap file, NULL: none */
	const char *swap_device; /* NULL: file */
	const char *evict; /* NULL: clock */
	const char *oom; /* NULL: fallback */
	const char *prefetch; /* NULL: none */
	const char *policy_dir; /* NULL: the default */
	/* More members of its configuration: ",\"KEY\":VALUE"; NULL: none. */
	const char *more;
	const char *output; /* file that gets its standard output; NULL: ours */
	bool managed; /* the partition outlives the daemon */
};

/* Where swap files are: DIR/NAME.swap. */
#define INSTANCE_SWAP_DIR "/tmp/swap"
#define INSTANCE_RECORD_DIR "/tmp/records"

struct instance {
	pid_t pid;
	uint32_t id;
	int dev;
};

/* The device, open; ends the program when it cannot be. */
int device_open(void);

/* Starts one and waits until it serves; ends the program when it does not. */
void instance_start(struct instance *instance, int dev,
		    const struct instance_options *options);

/*
 * What it prints on SIGUSR1, with an .output: text[size] is filled with all of
 * it.  False: nothing came within the limit.
 */
bool instance_ask(const struct instance *instance, const char *output,
		  char *text, size_t size, unsigned int limit_ms);

/* SIGTERM; its exit code. */
int instance_stop(struct instance *instance);

/* SIGKILL and reaped. */
void instance_kill(struct instance *instance);

/* From USM_IOC_LIST; ENOENT once the instance is gone. */
int instance_info(int dev, uint32_t id, struct usm_instance_info *out);

/* The instance is gone from the list within the limit. */
bool instance_gone(int dev, uint32_t id, unsigned int limit_ms);

/*
 * Every frame is FREE (or HOME, with home_counts), none out, within the limit.
 */
bool instance_all_free(int dev, uint32_t id, bool home_counts,
		       unsigned int limit_ms);

/* Sum over all reasons. */
uint64_t instance_fallbacks(const struct usm_instance_info *info);

/* Binds a child (USM_INHERIT_ALL): 0 or -errno; the member's id. */
int instance_bind(const struct instance *instance, const struct child *child,
		  uint32_t *member);

/* Of a member of any instance; ENOENT. */
int member_info(int dev, uint32_t instance, uint32_t member,
		struct usm_member_info *out);

#endif /* USM_VM_INSTANCE_H */
