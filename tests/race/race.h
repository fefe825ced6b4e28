/* SPDX-License-Identifier: MIT */
/*
 * race.h - what the race programs share: a watchdog, a check, a count.
 */
#ifndef USM_TESTS_RACE_H
#define USM_TESTS_RACE_H

#include <stdint.h>

/* Ends the program with a message unless the condition holds. */
#define race_check(condition, ...)                              \
	do {                                                    \
		if (!(condition))                               \
			race_fail(__FILE__, __LINE__,           \
				  #condition "; " __VA_ARGS__); \
	} while (0)

void race_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));

/* The program is killed when it runs longer: a lost wake-up is a hang. */
void race_watchdog(void);

/*
 * How often to go round: `usual`, more in a soak (USM_SOAK is set), or what
 * USM_RACE_ROUNDS says.
 */
uint64_t race_rounds(uint64_t usual);

/* How many workers the arguments ask for (1), or what the machine can do. */
uint32_t race_workers(int argc, char **argv);

#endif /* USM_TESTS_RACE_H */
