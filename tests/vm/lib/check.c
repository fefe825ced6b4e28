/* SPDX-License-Identifier: MIT */
#include "lib/check.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/file.h"

/* One write() each, so that lines of several processes do not mix. */
#define LINE_BYTES 512
/* A soak runs full counts; its suites have their own time limit as well. */
#define SOAK_SECONDS_FACTOR 40
/* Under KASAN and lockdep a fault takes ten times as long. */
#define CHECKING_FACTOR 4
#define EXIT_SKIPPED 77

struct results {
	unsigned int held;
	unsigned int failed;
};

static struct results *results;
static pid_t main_process;

static void line(const char *start, const char *text)
{
	char out[LINE_BYTES];
	int n = snprintf(out, sizeof(out), "%s%s\n", start, text);

	if (n >= (int)sizeof(out)) {
		n = sizeof(out) - 1;
		out[n - 1] = '\n';
	}
	if (write(STDOUT_FILENO, out, (size_t)n) < 0)
		_exit(1);
}

static void too_late(int signal)
{
	(void)signal;
	line("not ok ", "the program ended in time");
	file_write("/proc/sysrq-trigger", "w");
	_exit(1);
}

void test_begin(unsigned int seconds)
{
	results = mmap(NULL, sizeof(*results), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (results == MAP_FAILED)
		exit(1);
	main_process = getpid();
	signal(SIGALRM, too_late);
	signal(SIGPIPE, SIG_IGN);
	seconds = test_limit(seconds);
	alarm(test_soak() ? seconds * SOAK_SECONDS_FACTOR : seconds);
}

int test_end(void)
{
	return results->failed || !results->held;
}

void test_abort(void)
{
	if (getpid() == main_process)
		exit(1);
	_exit(1);
}

void test_skip(const char *why)
{
	line("# skipped: ", why);
	exit(EXIT_SKIPPED);
}

bool test_soak(void)
{
	return getenv("USM_SOAK") != NULL;
}

bool test_checking(void)
{
	return !access("/proc/lockdep_stats", F_OK);
}

unsigned int test_limit(unsigned int quick)
{
	return test_checking() ? quick * CHECKING_FACTOR : quick;
}

unsigned int test_count(unsigned int quick, unsigned int full)
{
	return test_soak() ? full : quick;
}

void test_note(const char *format, ...)
{
	char text[LINE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	line("# ", text);
}

static bool result(bool held, const char *file, int number, const char *values,
		   const char *format, va_list args)
{
	char what[LINE_BYTES], place[LINE_BYTES];
	const char *name = strrchr(file, '/');

	vsnprintf(what, sizeof(what), format, args);
	__atomic_add_fetch(held ? &results->held : &results->failed, 1,
			   __ATOMIC_RELAXED);
	if (held) {
		line("ok ", what);
		return true;
	}
	snprintf(place, sizeof(place), "%.200s (%s:%d: %.200s)", what,
		 name ? name + 1 : file, number, values);
	line("not ok ", place);
	return false;
}

bool test_result(bool held, const char *file, int number, const char *values,
		 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	result(held, file, number, values, format, args);
	va_end(args);
	return held;
}

bool test_compare(bool held, const char *file, int number, const char *relation,
		  long long left, long long right, const char *format, ...)
{
	char values[LINE_BYTES];
	va_list args;

	snprintf(values, sizeof(values), "%s: %lld and %lld", relation, left,
		 right);
	va_start(args, format);
	result(held, file, number, values, format, args);
	va_end(args);
	return held;
}
