/* SPDX-License-Identifier: MIT */
#include "unload/module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/client.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/wait.h"

#define NAME "usm_lkmRM"
#define SYSFS "/sys/module/usm_lkmRM"
#define RETRY_MS 20

static char file[512];
static char given[128];

void module_find(void)
{
	const char *build = getenv("USM_BUILD");
	char pool[64];
	struct utsname uts;

	uname(&uts);
	snprintf(file, sizeof(file), "%s/kernel/%s/%s.ko",
		 build ? build : "build", uts.release, NAME);
	require(!access(file, R_OK), "the module's file can be read");
	require(file_read(SYSFS "/parameters/pool", pool, sizeof(pool)) > 0,
		"the module is loaded");
	pool[strcspn(pool, "\n")] = '\0';
	snprintf(given, sizeof(given), "pool=%s", pool);
}

const char *module_file(void)
{
	return file;
}

const char *module_parameters(void)
{
	return given;
}

int module_load(const char *parameters)
{
	usm_auto_fd fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, parameters ? parameters : given, 0))
		return -errno;
	return 0;
}

int module_unload(void)
{
	return syscall(SYS_delete_module, NAME, O_NONBLOCK) ? -errno : 0;
}

int module_unload_soon(unsigned int limit_ms)
{
	uint64_t end = now_ms() + limit_ms;
	int err;

	while ((err = module_unload()) == -EAGAIN && now_ms() < end)
		pause_ms(RETRY_MS);
	return err;
}

bool module_left_traces(void)
{
	static const char *const paths[] = {
		USM_DEVICE_PATH,	  USM_PROC_EVENTS_PATH,
		USM_PROC_FREED_PATH,	  SYSFS,
		"/sys/class/misc/USMMcd", "/sys/devices/platform/usm-pool",
	};
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (!access(paths[i], F_OK)) {
			test_note("%s is left", paths[i]);
			return true;
		}
	}
	return file_number("/proc/modules", NAME) >= 0;
}

static void *unload(void *arg)
{
	struct unloading *unloading = arg;

	unloading->error = module_unload_soon(UNLOAD_LIMIT_MS / 2);
	__atomic_store_n(&unloading->done, true, __ATOMIC_RELEASE);
	return NULL;
}

void unloading_start(struct unloading *unloading)
{
	unloading->done = false;
	if (pthread_create(&unloading->thread, NULL, unload, unloading))
		require(false, "a thread starts");
}

bool unloading_ended(struct unloading *unloading, unsigned int limit_ms)
{
	return wait_until(limit_ms,
			  __atomic_load_n(&unloading->done, __ATOMIC_ACQUIRE));
}

int unloading_join(struct unloading *unloading)
{
	pthread_join(unloading->thread, NULL);
	return unloading->error;
}
