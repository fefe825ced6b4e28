/* SPDX-License-Identifier: MIT */
/* Partitions and memory that change while their processes run. */
#include <unistd.h>

#include "lib/check.h"
#include "lib/instance.h"
#include "live/live.h"

#define LIMIT_S 400

int main(void)
{
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	test_resize(dev);
	test_resize_lost(dev);
	test_shrink_busy(dev);
	test_shrink_full(dev);
	test_shrink_pinned(dev);
	test_shrink_crumbs(dev);
	test_move(dev);
	test_adopt_and_drain(dev);
	test_adopt_withholds(dev);
	test_adopt_kinds(dev);
	test_adopt_refused(dev);
	test_drain_limited(dev);
	test_shrink_evicted(dev);
	test_grow_evicted(dev);
	test_move_evicted(dev);
	test_drain_evicted(dev);
	test_end_evicted(dev);
	test_all_at_once(dev);
	close(dev);
	return test_end();
}
