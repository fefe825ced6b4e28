/* SPDX-License-Identifier: MIT */
#include "race.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Below the limit of CTest. */
#define WATCHDOG_SECONDS 280

/* Some minutes for all the programs together. */
#define SOAK_FACTOR 10

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

void race_watchdog(void)
{
	alarm(WATCHDOG_SECONDS);
}

uint64_t race_rounds(uint64_t usual)
{
	const char *given = getenv("USM_RACE_ROUNDS");

	if (given)
		return strtoull(given, NULL, 10);
	return getenv("USM_SOAK") ? usual * SOAK_FACTOR : usual;
}

uint32_t race_workers(int argc, char **argv)
{
	uint32_t nr = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;

	while (nr > (uint32_t)sysconf(_SC_NPROCESSORS_ONLN))
		nr /= 2;
	return nr;
}
