/* SPDX-License-Identifier: MIT */
#include "lib/child.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/wait.h"

/* A killed process is gone within this time or hangs in the kernel. */
#define KILL_LIMIT_MS 20000

static uint32_t load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

int child_resume(struct child *self, int shared_fd)
{
	void *shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED, shared_fd, 0);

	if (shared == MAP_FAILED)
		return -errno;
	self->shared_fd = shared_fd;
	self->shared = shared;
	return 0;
}

void child_start(struct child *child, int (*main)(struct child *, void *),
		 void *arg)
{
	child->shared_fd = memfd_create("child", 0);
	if (ftruncate(child->shared_fd, sizeof(*child->shared)) ||
	    child_resume(child, child->shared_fd))
		require(false, "memory shared with a child");
	child->pid = fork();
	if (child->pid < 0)
		require(false, "fork");
	if (!child->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child_stop_at(child, 0);
		_exit(main(child, arg));
	}
	if (usm_client_pidfd(child->pid, &child->pidfd))
		require(false, "pidfd of a child");
}

int child_pause(struct child *self, void *arg)
{
	(void)self;
	(void)arg;
	for (;;)
		pause();
	return 0;
}

void child_stop_at(struct child *self, uint32_t step)
{
	__atomic_store_n(&self->shared->reached, step + 1, __ATOMIC_RELEASE);
	while (load(&self->shared->let) <= step)
		pause_ms(1);
}

/* Nobody waits for a step that cannot come any more. */
static bool has_ended(const struct child *child)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT))
		return true;
	if (info.si_pid)
		test_note("child %d has ended: code %d, status %d",
			  (int)child->pid, info.si_code, info.si_status);
	return info.si_pid != 0;
}

bool child_reached(struct child *child, uint32_t step)
{
	wait_until(CHILD_LIMIT_MS,
		   load(&child->shared->reached) > step || has_ended(child));
	return load(&child->shared->reached) > step;
}

void child_let(struct child *child, uint32_t step)
{
	__atomic_store_n(&child->shared->let, step + 1, __ATOMIC_RELEASE);
}

bool process_stop(pid_t pid)
{
	int status = 0;

	kill(pid, SIGSTOP);
	return wait_until(CHILD_LIMIT_MS,
			  waitpid(pid, &status, WUNTRACED | WNOHANG) == pid) &&
	       WIFSTOPPED(status);
}

int process_end(pid_t pid, unsigned int limit_ms)
{
	bool killed = false;
	int status = 0;

	if (!wait_until(limit_ms, waitpid(pid, &status, WNOHANG) == pid)) {
		killed = true;
		kill(pid, SIGKILL);
		if (!wait_until(KILL_LIMIT_MS,
				waitpid(pid, &status, WNOHANG) == pid))
			return -1;
	}
	if (killed)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

int child_end(struct child *child, unsigned int limit_ms)
{
	int code = process_end(child->pid, limit_ms);

	close(child->pidfd);
	close(child->shared_fd);
	munmap(child->shared, sizeof(*child->shared));
	return code;
}

int child_kill(struct child *child)
{
	kill(child->pid, SIGKILL);
	return child_end(child, KILL_LIMIT_MS);
}
