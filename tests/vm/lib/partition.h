/* SPDX-License-Identifier: MIT */
/*
 * partition.h - which physical frames belong to an instance, asked of the
 * module on the daemon's own open file.
 */
#ifndef USM_VM_PARTITION_H
#define USM_VM_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct partition {
	uint64_t base_pfn;
	uint32_t pool_frames;
	uint32_t owned;
	uint8_t *state; /* enum usm_frame_state by frame; POOL: another's */
};

/*
 * A duplicate of the device descriptor of a daemon, or -errno.  While it is
 * open the daemon's death goes unnoticed by the module: close it soon.
 */
int daemon_device(pid_t daemon);

/* 0 or -errno; release with partition_free(). */
int partition_read(pid_t daemon, struct partition *out);

/* The same on the claiming file itself. */
int partition_read_fd(int claim_fd, struct partition *out);

void partition_free(struct partition *partition);

/* Its first frame, as an index in the pool; ends the program without one. */
uint32_t partition_first(const struct partition *partition);

bool partition_has(const struct partition *partition, uint64_t pfn);

/* Is it a frame of the pool, whoever owns it? */
bool partition_in_pool(const struct partition *partition, uint64_t pfn);

#endif /* USM_VM_PARTITION_H */
