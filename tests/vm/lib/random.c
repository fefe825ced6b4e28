/* SPDX-License-Identifier: MIT */
#include "lib/random.h"

#include "usm.h"

void random_init(struct random_state *random, uint64_t seed)
{
	random->x = (seed + 1) * 0x9e3779b97f4a7c15ULL;
	/* The one state that xorshift never leaves. */
	if (!random->x)
		random->x = 1;
}

uint64_t random_next(struct random_state *random)
{
	/* xorshift64* */
	uint64_t x = random->x;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->x = x;
	return x * 0x2545f4914f6cdd1dULL;
}

uint32_t random_below(struct random_state *random, uint32_t end)
{
	return (uint32_t)(random_next(random) >> 33) % end;
}

bool random_once_in(struct random_state *random, uint32_t times)
{
	return random_below(random, times) == 0;
}

uint64_t random_value(struct random_state *random)
{
	static const uint64_t edges[] = {
		0,
		1,
		UINT32_MAX,
		UINT32_MAX - 1,
		INT32_MAX,
		(uint64_t)INT64_MAX,
		UINT64_MAX,
		1ULL << 40,
		USM_BATCH_MAX + 1,
	};

	switch (random_below(random, 3)) {
	case 0:
		return random_below(random, 64);
	case 1:
		return edges[random_below(random,
					  sizeof(edges) / sizeof(edges[0]))];
	default:
		return random_next(random);
	}
}
