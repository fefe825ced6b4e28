/* SPDX-License-Identifier: MIT */
/* A program that knows nothing of all this: redis, with twice the partition. */
#include "lib/redis.h"

#include "lib/check.h"
#include "overcommit.h"

#define REDIS_SWAP "64M"

void test_redis(int dev)
{
	const struct instance_options options = {
		.name = "redis",
		.memory = REDIS_HALF,
		.swap = REDIS_SWAP,
		.managed = true,
		.on_loss = "queue",
		.deadline_ms = LONG_DEADLINE_MS,
	};
	static struct redis redis;
	struct usm_instance_info info;
	struct instance instance;

	if (!redis_here()) {
		test_note("redis: there is no server");
		return;
	}
	instance_start(&instance, dev, &options);
	redis_start(&redis, "redis", &instance);
	check_eq(redis_set_all(&redis), 0, "redis: all keys are set");
	check_eq(redis_some(&redis, test_count(40, 20000), false), 0,
		 "redis: values read and written at random are right");
	instance_kill(&instance);
	instance_start(&instance, dev, &options);
	check_eq(redis_get_all(&redis), 0,
		 "redis: every value is right, with another daemon");
	require(!instance_info(dev, instance.id, &info), "redis: it is there");
	check(info.evictions > 1000, "redis: %llu pages went out",
	      info.evictions);
	check(info.swapins > 1000, "redis: %llu came back", info.swapins);
	redis_end(&redis);
	overcommit_end_right(&instance, "redis");
}
