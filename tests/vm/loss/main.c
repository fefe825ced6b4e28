/* SPDX-License-Identifier: MIT */
/*
 * A daemon is lost, falls silent, or comes back: every mode does what it says,
 * nobody hangs who should not, and nothing is lost.
 */
#include "lib/check.h"
#include "lib/instance.h"
#include "loss/loss.h"

#define LIMIT_S 240

int main(void)
{
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	test_fallback(dev);
	test_queue(dev);
	test_fail(dev);
	test_queue_unbound(dev);
	test_queue_ends(dev);
	test_queue_killed(dev);
	test_stopped(dev);
	test_looping(dev);
	test_never_starts(dev);
	test_reattach(dev);
	return test_end();
}
