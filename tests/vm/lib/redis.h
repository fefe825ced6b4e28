/* SPDX-License-Identifier: MIT */
/*
 * redis.h - a redis server as a tenant, and its client, which knows every value
 * and checks each answer.
 */
#ifndef USM_VM_REDIS_H
#define USM_VM_REDIS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/child.h"
#include "lib/instance.h"

#define REDIS_KEYS 24000U

/* Of all keys; with redis's own overhead they take more than twice as much. */
#define REDIS_HALF "12M"

/* Commands of one round of redis_some(). */
#define REDIS_ROUND_COMMANDS 128U

struct redis {
	struct child child;
	char socket[64];
	int fd;
	FILE *in;
	uint64_t random;
	uint32_t version[REDIS_KEYS];
};

/* Is there a server to start? */
bool redis_here(void);

/* Starts one under `name` and binds it; ends the program when it cannot. */
void redis_start(struct redis *redis, const char *name,
		 const struct instance *instance);

/* Writes every key; how many answers were wrong. */
uint32_t redis_set_all(struct redis *redis);

/* Reads every key; how many values were wrong. */
uint32_t redis_get_all(struct redis *redis);

/*
 * Reads and writes keys at random; how many answers were wrong.  hot: every
 * other round is for an eighth of the keys.
 */
uint32_t redis_some(struct redis *redis, unsigned int rounds, bool hot);

/* Kills the server. */
void redis_end(struct redis *redis);

#endif /* USM_VM_REDIS_H */
