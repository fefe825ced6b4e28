/* SPDX-License-Identifier: MIT */
/* Nothing leaks from one tenant to the next, by content or by mapping. */
#include <stdbool.h>
#include <unistd.h>

#include "handover/handover.h"
#include "lib/check.h"
#include "lib/instance.h"

#define LIMIT_S 200

int main(void)
{
	unsigned int round;
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	for (round = 0; round < test_count(1, 100); round++) {
		test_zeroed(dev);
		test_zeroed_late(dev);
		test_mapping_of_killed(dev, false);
		test_mapping_of_killed(dev, true);
		test_mapping_of_destroyed(dev);
	}
	close(dev);
	return test_end();
}
