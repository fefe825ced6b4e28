/* SPDX-License-Identifier: MIT */
#include "lib/fault.h"

#include <setjmp.h>
#include <signal.h>

/* A signal handler has no other way to reach its caller. */
static sigjmp_buf back;

static void on_signal(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

bool touch_faults(void *address, bool write)
{
	struct sigaction action = { .sa_handler = on_signal }, bus, segv;
	volatile char *byte = address;
	volatile bool faulted = true;

	sigaction(SIGBUS, &action, &bus);
	sigaction(SIGSEGV, &action, &segv);
	if (!sigsetjmp(back, 1)) {
		char value = *byte;

		if (write)
			*byte = value;
		faulted = false;
	}
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segv, NULL);
	return faulted;
}
