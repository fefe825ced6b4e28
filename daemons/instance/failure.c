/* SPDX-License-Identifier: MIT */
#include "instance/failure.h"

#include <stdarg.h>
#include <stdio.h>

int usm_fail(struct usm_failure *failure, enum usm_exit code, int err,
	     const char *format, ...)
{
	va_list args;

	if (failure) {
		failure->exit = code;
		va_start(args, format);
		/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
		vsnprintf(failure->text, sizeof(failure->text), format, args);
		va_end(args);
	}
	return -err;
}
