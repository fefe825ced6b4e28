/* SPDX-License-Identifier: MIT */
#include "race.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void race_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(1);
}

void race_watchdog(unsigned int seconds)
{
	alarm(seconds);
}

uint64_t race_rounds(uint64_t usual)
{
	const char *given = getenv("USM_RACE_ROUNDS");

	return given ? strtoull(given, NULL, 10) : usual;
}
