/* SPDX-License-Identifier: MIT */
/*
 * The module leaves when nobody uses it, whatever else the machine is doing,
 * and not a moment earlier.
 */
#include "lib/check.h"
#include "unload/module.h"
#include "unload/unload.h"

#define LIMIT_S 280

int main(void)
{
	test_begin(LIMIT_S);
	module_find();
	test_in_use();
	test_ftrace();
	test_asleep_untagged();
	test_asleep_in_shared_buckets();
	test_asleep_once_tagged();
	test_asleep_in_wait();
	test_cycles();
	test_parameters();
	test_missing();
	test_taken();
	return test_end();
}
