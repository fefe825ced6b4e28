/* SPDX-License-Identifier: MIT */
/* Every allocation of every operation fails once; nothing is lost by it. */
#include <unistd.h>

#include "inject/inject.h"
#include "lib/check.h"
#include "lib/instance.h"

#define LIMIT_S 150
#define DEADLINE_MS 5000
#define LIMIT_MS 30000

int main(void)
{
	struct swapper swapper;
	uint32_t id;
	int dev;

	test_begin(LIMIT_S);
	if (!inject_set_up())
		test_skip("this kernel cannot let allocations fail");
	inject_begin();
	dev = device_open();
	test_instance(dev);
	swapper_open(&swapper, "inject", INJECT_FRAMES, DEADLINE_MS);
	id = swapper.daemon.claim.instance;
	test_pages(&swapper);
	test_moving(&swapper);
	test_member(&swapper);
	swapper_close(&swapper);
	check(instance_gone(dev, id, LIMIT_MS), "all of it came back");
	close(dev);
	return test_end();
}
