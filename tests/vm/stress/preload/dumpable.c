/* SPDX-License-Identifier: MIT */
/*
 * stress-ng makes its workers undumpable, to save the time of dumping them.  A
 * member that becomes undumpable is dropped, as its policy daemon must not see
 * its memory any more; so that wish is not passed on here.
 */
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int prctl(int option, ...)
{
	unsigned long a, b, c, d;
	va_list args;

	if (option == PR_SET_DUMPABLE)
		return 0;
	va_start(args, option);
	a = va_arg(args, unsigned long);
	b = va_arg(args, unsigned long);
	c = va_arg(args, unsigned long);
	d = va_arg(args, unsigned long);
	va_end(args);
	return (int)syscall(SYS_prctl, option, a, b, c, d);
}
