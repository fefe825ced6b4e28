/* SPDX-License-Identifier: MIT */
/*
 * Frames given ahead, seen from outside: which frame each page got is read from
 * the kernel's page tables, and compared with what was granted and announced.
 */
#include <string.h>

#include "grants/grants.h"
#include "lib/check.h"
#include "lib/instance.h"

#define LIMIT_S 280

static const struct {
	const char *name;
	void (*run)(int dev);
} tests[] = {
	{ "order", test_magazine_order },
	{ "zeroed", test_magazine_zeroed },
	{ "low", test_magazine_low },
	{ "copies", test_magazine_copies },
	{ "fork", test_magazine_fork },
	{ "refused", test_push_refused },
	{ "free", test_free },
	{ "member", test_member_ends },
	{ "range", test_range },
	{ "range-refused", test_range_refused },
	{ "range-free", test_range_free },
	{ "around", test_around },
	{ "around-edges", test_around_edges },
	{ "around-zeroed", test_around_zeroed },
	{ "around-evicted", test_around_evicted },
	{ "large", test_large },
	{ "large-in-the-way", test_large_in_the_way },
	{ "large-pmd", test_large_pmd },
	{ "large-unmapped", test_large_unmapped },
	{ "large-moved", test_large_moved },
	{ "large-relocated", test_large_relocated },
	{ "large-forked", test_large_forked },
	{ "large-evicted", test_large_evicted },
	{ "large-storm", test_large_storm },
	{ "daemon", test_daemon_ends },
	{ "full", test_notices_full },
};

int main(int argc, char **argv)
{
	unsigned int round;
	size_t i;
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	for (round = 0; round < test_count(1, 20); round++)
		for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
			if (argc < 2 || !strcmp(argv[1], tests[i].name))
				tests[i].run(dev);
	return test_end();
}
