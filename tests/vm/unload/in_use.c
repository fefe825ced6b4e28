/* SPDX-License-Identifier: MIT */
/* Refused while somebody uses it; and the hooks cannot be disarmed. */
#include <errno.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/load.h"
#include "lib/raw_daemon.h"
#include "unload/module.h"
#include "unload/unload.h"

#define FRAMES 256
#define FTRACE_ENABLED "/proc/sys/kernel/ftrace_enabled"
#define GONE_LIMIT_MS 20000

static int hold_memory(struct child *self, void *arg)
{
	(void)arg;
	child_stop_at(self, 1);
	return 0;
}

void test_in_use(void)
{
	struct raw_daemon daemon;
	struct child member;
	int dev = device_open();

	check_eq(module_unload(), -EAGAIN,
		 "unloading while the device is open is refused");
	child_start(&member, hold_memory, NULL);
	raw_daemon_open(&daemon, "in-use", FRAMES, 0, 100);
	check_eq(module_unload(), -EAGAIN,
		 "unloading while a partition is claimed is refused");
	require(!usm_client_bind(dev, daemon.claim.instance, member.pidfd,
				 USM_INHERIT_ALL, NULL),
		"a member is bound");
	close(dev);
	check_eq(module_unload(), -EAGAIN,
		 "unloading while a process is tagged is refused");
	child_kill(&member);
	raw_daemon_close(&daemon);

	dev = device_open();
	raw_daemon_open(&daemon, "in-use", FRAMES, USM_CLAIM_PERSIST, 100);
	raw_daemon_close(&daemon);
	close(dev);
	check_eq(module_unload(), -EAGAIN,
		 "unloading while a partition waits for a daemon is refused");
	raw_daemon_open(&daemon, "in-use", FRAMES, 0, 100);
	raw_daemon_close(&daemon);

	check_eq(module_unload_soon(UNLOAD_LIMIT_MS), 0,
		 "unloading when nobody uses it");
	check(!module_left_traces(), "it leaves nothing behind");
	require(!module_load(NULL), "it loads again");
}

void test_ftrace(void)
{
	const struct instance_options options = { .name = "ftrace",
						  .memory = "8M" };
	struct usm_instance_info before, after;
	struct instance instance;
	struct child tenant;
	uint32_t member;
	int dev = device_open();

	instance_start(&instance, dev, &options);
	child_start(&tenant, load_main, NULL);
	require(!instance_bind(&instance, &tenant, &member),
		"a tenant is bound");
	child_let(&tenant, 0);
	require(load_moves_on(&tenant, 64, GONE_LIMIT_MS), "it faults");
	check_eq(file_write(FTRACE_ENABLED, "0"), -EBUSY,
		 "disarming the hooks with " FTRACE_ENABLED " is refused");
	instance_info(dev, instance.id, &before);
	check(load_moves_on(&tenant, 512, GONE_LIMIT_MS), "it faults on");
	instance_info(dev, instance.id, &after);
	check_compare(after.upcalls - before.upcalls, >=, 256,
		      "and is still served by its policy");
	check_eq(load_end(&tenant, GONE_LIMIT_MS), 0, "its data is right");
	check_eq(instance_stop(&instance), 0, "the instance ends cleanly");
	close(dev);
}
