/* SPDX-License-Identifier: MIT */
#include "lib/manager.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/child.h"
#include "lib/wait.h"

#define START_LIMIT_MS 30000
#define STOP_LIMIT_MS 20000
#define SOCKET_PATH "/tmp/usm-test/usm.sock"
#define STATE_PATH "/tmp/usm-test/state"

static bool has_waker(int dev)
{
	struct usm_info info;

	return !usm_client_info(dev, &info) && info.waker;
}

pid_t manager_start(int dev)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("usm-manager", "usm-manager", "--socket", SOCKET_PATH,
		       "--state-dir", STATE_PATH, NULL);
		_exit(127);
	}
	require(pid > 0 && wait_until(START_LIMIT_MS, has_waker(dev)),
		"a manager is the waker");
	return pid;
}

int manager_stop(pid_t manager)
{
	kill(manager, SIGTERM);
	return process_end(manager, STOP_LIMIT_MS);
}
