/* SPDX-License-Identifier: MIT */
/*
 * Whoever dies, stops or has nothing to give: the tenant goes on, its data is
 * right, nothing hangs, and no frame is lost.
 */
#include "death/death.h"
#include "lib/check.h"

#define LIMIT_S 200

int main(void)
{
	unsigned int round;
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	for (round = 0; round < test_count(1, 50); round++) {
		test_daemon_killed(dev, true);
		test_daemon_killed(dev, false);
		test_tenant_killed(dev);
		test_daemon_stopped(dev);
		test_daemon_refuses(dev);
		test_no_worker(dev);
		test_partition_full(dev);
		test_signals(dev);
		test_few_slots(dev);
	}
	return test_end();
}
