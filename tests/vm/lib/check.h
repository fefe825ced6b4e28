/* SPDX-License-Identifier: MIT */
/*
 * check.h - results of a test program: one line per check, "ok WHAT" or
 * "not ok WHAT" with the place and the values, counted in shared memory so
 * that checks made in forked children count too.
 */
#ifndef USM_VM_CHECK_H
#define USM_VM_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Starts the count and the clock: after `seconds` (more in a soak) the program
 * fails, with the stacks of blocked tasks in the kernel's log.  Call first.
 */
void test_begin(unsigned int seconds);

/* The exit code of the program: 0 when every check so far held. */
int test_end(void);

/* Ends the program as skipped (exit code 77), saying why. */
void test_skip(const char *why) __attribute__((noreturn));

/* Full counts are wanted (USM_SOAK is set). */
bool test_soak(void);

/* Is this a kernel built with checkers, and many times slower for it? */
bool test_checking(void);

/* How long to wait here for what takes others `quick` at most; any unit. */
unsigned int test_limit(unsigned int quick);

/* `quick` in a test, `full` in a soak. */
unsigned int test_count(unsigned int quick, unsigned int full);

/* A line that is no result. */
void test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Behind the macros below; returns `held`. */
bool test_result(bool held, const char *file, int line, const char *values,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
bool test_compare(bool held, const char *file, int line, const char *relation,
		  long long left, long long right, const char *format, ...)
	__attribute__((format(printf, 7, 8)));

/* check(condition, "what, printf style"): both give whether it held. */
#define check(condition, ...) \
	test_result((condition), __FILE__, __LINE__, #condition, __VA_ARGS__)
#define check_compare(left, relation, right, ...)                           \
	({                                                                  \
		long long left_ = (long long)(left);                        \
		long long right_ = (long long)(right);                      \
		test_compare(left_ relation right_, __FILE__, __LINE__,     \
			     #left " " #relation " " #right, left_, right_, \
			     __VA_ARGS__);                                  \
	})
#define check_eq(left, right, ...) check_compare(left, ==, right, __VA_ARGS__)

/* Without it nothing that follows makes sense: ends the program. */
#define require(condition, ...)                     \
	do {                                        \
		if (!check(condition, __VA_ARGS__)) \
			test_abort();               \
	} while (0)
void test_abort(void) __attribute__((noreturn));

#endif /* USM_VM_CHECK_H */
