/* SPDX-License-Identifier: MIT */
#include "inject/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/file.h"

#define NTH "/proc/thread-self/fail-nth"
#define SLAB "/sys/kernel/debug/failslab/"
#define PAGE "/sys/kernel/debug/fail_page_alloc/"
/* More allocations than any operation makes. */
#define NTH_MAX 3000
/* In a test, beyond so many not each of them. */
#define THINNED_FROM 32

/* Of the thread that opened it. */
static int nth_fd = -1;

bool inject_set_up(void)
{
	/* Silent: its stack traces would look like reports. */
	return !access(NTH, W_OK) && !file_write(SLAB "ignore-gfp-wait", "N") &&
	       !file_write(SLAB "verbose", "0") &&
	       !file_write(PAGE "ignore-gfp-wait", "N") &&
	       !file_write(PAGE "ignore-gfp-highmem", "N") &&
	       !file_write(PAGE "min-order", "0") &&
	       !file_write(PAGE "verbose", "0");
}

void inject_begin(void)
{
	if (nth_fd >= 0)
		close(nth_fd);
	nth_fd = open(NTH, O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		require(false, "fail-nth is opened");
}

/* The nth allocation from here on fails; 0: none. */
static void set_nth(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(nth_fd, text, (size_t)n, 0) != n)
		require(false, "fail-nth is written");
}

/* Was one failed? */
static bool end_nth(void)
{
	char text[16] = { 0 };
	ssize_t n = pread(nth_fd, text, sizeof(text) - 1, 0);

	set_nth(0);
	return n > 0 && strtol(text, NULL, 10) == 0;
}

unsigned int inject_all(const struct operation *operation, void *with)
{
	unsigned int nth, hits = 0, odd = 0, broken = 0, without = 0;
	bool hit = true;
	int err = 0;

	for (nth = 1; nth < NTH_MAX && hit;
	     nth += 1 + nth / test_count(THINNED_FROM, NTH_MAX)) {
		set_nth(nth);
		err = operation->run(with);
		hit = end_nth();
		hits += hit;
		if (!err && operation->undo)
			operation->undo(with);
		if (operation->intact && !operation->intact(with))
			broken++;
		without += hit && !err;
		if (hit && err && err != -ENOMEM) {
			test_note("%s: failure %u gives %d", operation->name,
				  nth, err);
			odd++;
		}
	}
	check_eq(err, 0, "%s: succeeds without a failure", operation->name);
	check_eq(odd, 0, "%s: %u failures, each says so (%u do no harm)",
		 operation->name, hits, without);
	check_eq(broken, 0, "%s: all was as before each time", operation->name);
	return hits;
}
