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

enum access {
	READ,
	WRITE_BACK,
	STORE
};

static void access_byte(volatile char *byte, enum access how)
{
	char value = how == STORE ? 0 : *byte;

	if (how != READ)
		*byte = value;
}

static bool faults(void *address, enum access how)
{
	struct sigaction action = { .sa_handler = on_signal }, bus, segv;
	volatile bool faulted = true;

	sigaction(SIGBUS, &action, &bus);
	sigaction(SIGSEGV, &action, &segv);
	if (!sigsetjmp(back, 1)) {
		access_byte(address, how);
		faulted = false;
	}
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segv, NULL);
	return faulted;
}

bool touch_faults(void *address, bool write)
{
	return faults(address, write ? WRITE_BACK : READ);
}

bool store_faults(void *address)
{
	return faults(address, STORE);
}
