/* SPDX-License-Identifier: MIT */
/* Tags pass on to children and images as asked for, and never with privilege. */
#include <unistd.h>

#include "inherit/inherit.h"
#include "lib/check.h"

#define LIMIT_S 120
#define PATH_BYTES 512

int main(int argc, char **argv)
{
	const struct instance_options options = {
		.name = "inherit",
		.memory = "16M",
	};
	struct instance instance;
	char program[PATH_BYTES];
	unsigned int round;
	ssize_t n;

	if (argc > 1)
		return image_main(argc, argv);
	test_begin(LIMIT_S);
	n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	require(n > 0, "the path of this program");
	program[n] = '\0';
	instance_start(&instance, device_open(), &options);
	for (round = 0; round < test_count(1, 50); round++) {
		test_fork(&instance);
		test_exec(&instance, program);
		test_privileged(&instance, program);
		test_unbind(&instance);
	}
	check_eq(instance_stop(&instance), 0, "the daemon ends cleanly");
	return test_end();
}
