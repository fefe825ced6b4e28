/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "bench/guest/bench.h"

static void say(struct bench *bench, const char *format, va_list args)
{
	vsnprintf(bench->why, sizeof(bench->why), format, args);
}

enum verdict invalid(struct bench *bench, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(bench, format, args);
	va_end(args);
	return INVALID;
}

enum verdict spoiled(struct bench *bench, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(bench, format, args);
	va_end(args);
	return SPOILED;
}
