/* SPDX-License-Identifier: MIT */
#include "bench/guest/redis.h"

#include <stdio.h>

#include "bench/guest/clock.h"
#include "bench/guest/cpu.h"
#include "bench/guest/output.h"
#include "lib/redis.h"
#include "lib/wait.h"

#define ROW "redis-lru-lz4"
#define SWAP "64M"
/* No answer is to be late, whatever the machine is busy with. */
#define DEADLINE_MS 10000
/* Of one measurement, some tenths of a second. */
#define ROUNDS 40
/* Until what is used often is known to be. */
#define WARM_UP 3

struct side {
	struct instance_options options;
	struct instance instance;
	struct redis redis;
	double ns; /* a command */
};

static struct side sides[] = {
	{ .options = { .name = "fifo-file", .evict = "fifo" } },
	{ .options = { .name = "lru-lz4",
		       .evict = "lru",
		       .swap_device = "lz4" } },
};

static uint32_t start(struct bench *bench, struct side *side)
{
	side->options.memory = REDIS_HALF;
	side->options.swap = SWAP;
	side->options.deadline_ms = DEADLINE_MS;
	instance_start(&side->instance, bench->policy.dev, &side->options);
	redis_start(&side->redis, side->options.name, &side->instance);
	return redis_set_all(&side->redis);
}

static uint32_t measure(struct side *side)
{
	uint64_t from = clock_now(MEASURE_TIME);
	uint32_t bad = redis_some(&side->redis, ROUNDS, true);

	side->ns = (double)(clock_now(MEASURE_TIME) - from) /
		   (ROUNDS * REDIS_ROUND_COMMANDS);
	return bad;
}

/* Was it about eviction at all? */
static bool evicted(struct bench *bench, const struct side *side)
{
	struct usm_instance_info info;

	return !instance_info(bench->policy.dev, side->instance.id, &info) &&
	       info.evictions && info.swapins && !instance_fallbacks(&info);
}

static uint32_t turns(unsigned int seconds)
{
	uint64_t begin = now_ms();
	unsigned int turn, passed;
	uint32_t bad = 0;

	for (turn = 0; !bad; turn++) {
		passed = (unsigned int)((now_ms() - begin) / 1000);
		if (passed >= seconds)
			break;
		output_progress("seconds of redis", passed, seconds);
		bad += measure(&sides[turn % 2]);
		bad += measure(&sides[1 - turn % 2]);
		if (turn >= WARM_UP)
			output_value(ROW, sides[1].ns, sides[0].ns);
	}
	return bad;
}

void redis_run(struct bench *bench, unsigned int seconds)
{
	uint32_t bad;
	int i;

	if (!redis_here()) {
		output_invalid(ROW, "there is no redis-server");
		return;
	}
	/* Servers and daemons run where they like. */
	cpu_unpin();
	bad = start(bench, &sides[0]) + start(bench, &sides[1]);
	bad += turns(seconds);
	for (i = 0; i < 2; i++) {
		bad += redis_get_all(&sides[i].redis);
		if (!evicted(bench, &sides[i]))
			output_invalid(ROW, "not all was served by eviction");
		redis_end(&sides[i].redis);
		instance_stop(&sides[i].instance);
	}
	if (bad)
		output_invalid(ROW, "values were wrong");
	cpu_pin(0, bench->other_cpu);
}
