/* SPDX-License-Identifier: MIT */
/* Nobody gains rights through the module, and bad commands change nothing. */
#include "lib/check.h"
#include "lib/instance.h"
#include "refusals/refusals.h"

#define LIMIT_S 120

int main(void)
{
	unsigned int round;
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	for (round = 0; round < test_count(1, 50); round++) {
		test_stranger(dev);
		test_untouchables(dev);
		test_claims(dev);
		test_mappings(dev);
		test_bad_commands(dev);
		test_reserved(dev);
	}
	return test_end();
}
