/* SPDX-License-Identifier: MIT */
#include "instance/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void fill(sigset_t *set, const int *signals)
{
	sigemptyset(set);
	for (; *signals; signals++)
		sigaddset(set, *signals);
}

int usm_signals_block(void)
{
	static const int all[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, 0 };
	sigset_t set;

	fill(&set, all);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	/* A starter that went away shows as an error of write(). */
	signal(SIGPIPE, SIG_IGN);
	/* A limit on the size of files is an error where it is met. */
	signal(SIGXFSZ, SIG_IGN);
	return 0;
}

int usm_signals_open(const int *signals, int *fd)
{
	sigset_t set;
	int opened;

	fill(&set, signals);
	opened = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (opened < 0)
		return -errno;
	*fd = opened;
	return 0;
}

bool usm_signals_take(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info);
}
