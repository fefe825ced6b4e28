/* SPDX-License-Identifier: MIT */
/*
 * What the mechanism shows of itself: tracepoints, against the page tables,
 * and the state in debugfs, also while instances come and go under it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/child.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/pagemap.h"
#include "lib/pattern.h"
#include "lib/raw_daemon.h"
#include "lib/wait.h"

#define LIMIT_S 180
#define PAGES 64
#define READERS 2
#define HOME_LIMIT_MS 20000
#define TRACING "/sys/kernel/tracing/"
#define EVENTS TRACING "events/usm/"
#define DEBUGFS "/sys/kernel/debug/usm/"
#define TRACE_BYTES (1 << 20)

#define WORD_BUFFER 0

static int touch(struct child *self, void *arg)
{
	void *buffer = pattern_map(PAGES * PAGE_BYTES);

	(void)arg;
	self->shared->word[WORD_BUFFER] = (uint64_t)(uintptr_t)buffer;
	pattern_fill(buffer, 0, PAGES, 1, 5);
	child_stop_at(self, 1);
	return pattern_bad(buffer, 0, PAGES, 1, 5) != 0;
}

/* Lines of the trace that hold all of the texts. */
static unsigned int lines_with(const char *trace, const char *one,
			       const char *two)
{
	const char *at = trace, *end;
	unsigned int nr = 0;
	char line[512];

	for (; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)(end - at), at);
		nr += strstr(line, one) && strstr(line, two);
	}
	return nr;
}

/* Every page's usm_map names the frame that the page table has. */
static unsigned int mapped_as_traced(const char *trace, const struct pages *own,
				     uint64_t base_pfn)
{
	unsigned int agree = 0;
	char addr[32], frame[32];
	size_t i;

	for (i = 0; i < own->nr; i++) {
		snprintf(addr, sizeof(addr), "addr=0x%llx ",
			 (unsigned long long)own->at[i].addr);
		snprintf(frame, sizeof(frame), "frame=%llu",
			 (unsigned long long)(own->at[i].pfn - base_pfn));
		agree += lines_with(trace, addr, frame) > 0;
	}
	return agree;
}

static char *read_trace(void)
{
	char *trace = calloc(1, TRACE_BYTES);
	size_t got = 0;
	ssize_t n;
	int fd = open(TRACING "trace", O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && got + 1 < TRACE_BYTES &&
	       (n = read(fd, trace + got, TRACE_BYTES - 1 - got)) > 0)
		got += (size_t)n;
	close(fd);
	return trace;
}

static void test_events_there(void)
{
	static const char *const names[] = {
		"usm_fault", "usm_upcall", "usm_grant",	   "usm_map",
		"usm_evict", "usm_free",   "usm_fallback",
	};
	char path[96], text[8];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), EVENTS "%s/enable", names[i]);
		text[0] = '\0';
		file_read(path, text, sizeof(text));
		check(text[0] == '0', "%s is there, and off", names[i]);
	}
}

static void test_trace(int dev)
{
	const struct instance_options options = {
		.name = "traced",
		.memory = "8M",
		.deadline_ms = 10000,
		.managed = true,
	};
	struct instance instance;
	struct child child, late;
	struct usm_info pool;
	struct pages pages;
	uint64_t base;
	char *trace;

	require(!usm_client_info(dev, &pool), "the pool");
	instance_start(&instance, dev, &options);
	child_start(&child, touch, NULL);
	child_start(&late, touch, NULL);
	require(child_reached(&child, 0) && child_reached(&late, 0) &&
			!instance_bind(&instance, &child, NULL) &&
			!instance_bind(&instance, &late, NULL),
		"tenants are bound");
	file_write(TRACING "trace", "");
	check(!file_write(EVENTS "enable", "1"), "events can be turned on");
	child_let(&child, 0);
	require(child_reached(&child, 1), "a tenant touches its pages");
	base = child.shared->word[WORD_BUFFER];
	require(!pages_read_range(child.pid, base, base + PAGES * PAGE_BYTES,
				  &pages),
		"its page table can be read");
	child_let(&child, 1);
	check_eq(child_end(&child, CHILD_LIMIT_MS), 0, "its data is right");
	check(wait_until(HOME_LIMIT_MS,
			 (trace = read_trace(),
			  lines_with(trace, "usm_free:", "") >= PAGES) ||
				 (free(trace), false)),
	      "a usm_free for every page when it has ended");
	instance_kill(&instance);
	child_let(&late, 0);
	require(child_reached(&late, 1), "another goes on without a daemon");
	file_write(EVENTS "enable", "0");

	check_eq(pages.nr, PAGES, "every page is there");
	check_eq(mapped_as_traced(trace, &pages, pool.base_pfn), PAGES,
		 "usm_map names the frames that the page table has");
	check_compare(lines_with(trace, "usm_fault:", ""), >=, PAGES,
		      "usm_fault for each");
	check_compare(lines_with(trace, "usm_upcall:", "") +
			      lines_with(trace, "usm_grant:", ""),
		      >=, PAGES, "usm_upcall or usm_grant for each");
	free(trace);
	trace = read_trace();
	check_compare(lines_with(trace, "usm_fallback:", "reason=no-daemon"),
		      >=, PAGES / 2, "usm_fallback says why");
	free(trace);
	pages_free(&pages);
	child_let(&late, 1);
	check_eq(child_end(&late, CHILD_LIMIT_MS), 0, "its data is right");
	check(wait_until(HOME_LIMIT_MS, !usm_client_destroy(dev, instance.id)),
	      "the instance is destroyed");
}

static void test_state(int dev)
{
	const struct instance_options options = { .name = "shown",
						  .memory = "4M" };
	struct instance instance;
	char path[96], text[4096] = "";
	struct stat stat_;

	instance_start(&instance, dev, &options);
	snprintf(path, sizeof(path), DEBUGFS "%u-shown/state", instance.id);
	check(file_read(path, text, sizeof(text)) > 0, "%s can be read", path);
	check(strstr(text, "\"shown\": attached") &&
		      strstr(text, "frames: free"),
	      "it says what the instance is, and its frames");
	check(strstr(text, "worker 0: tid") && strstr(text, "doorbell"),
	      "and what its worker does");
	check(strstr(text, "slots: ") && strstr(text, "notices: "),
	      "and its slots and notices");
	check(!stat(path, &stat_) && (stat_.st_mode & 0777) == 0400,
	      "it is root's");
	check_eq(instance_stop(&instance), 0, "the daemon ends");
	check(wait_until(HOME_LIMIT_MS, stat(path, &stat_) && errno == ENOENT),
	      "it goes with the instance");
}

struct reader {
	pthread_t thread;
	bool stop;
	unsigned long reads;
};

/* Whatever is there, again and again. */
static void *read_all(void *arg)
{
	struct reader *reader = arg;
	char path[96], text[4096];
	unsigned int id;

	while (!__atomic_load_n(&reader->stop, __ATOMIC_RELAXED)) {
		for (id = 1; id < 4; id++) {
			snprintf(path, sizeof(path),
				 DEBUGFS "%u-fleeting/state", id);
			reader->reads +=
				file_read(path, text, sizeof(text)) > 0;
		}
	}
	return NULL;
}

static void test_state_race(void)
{
	struct reader reader[READERS] = { 0 };
	unsigned int i, rounds = test_count(40, 5000);
	struct raw_daemon daemon;
	unsigned long reads = 0;

	for (i = 0; i < READERS; i++)
		pthread_create(&reader[i].thread, NULL, read_all, &reader[i]);
	for (i = 0; i < rounds; i++) {
		raw_daemon_open(&daemon, "fleeting", 64, 0, 100);
		raw_daemon_close(&daemon);
	}
	for (i = 0; i < READERS; i++) {
		__atomic_store_n(&reader[i].stop, true, __ATOMIC_RELAXED);
		pthread_join(reader[i].thread, NULL);
		reads += reader[i].reads;
	}
	test_note("%lu reads while %u instances came and went", reads, rounds);
	check_compare(reads, >, 0, "states are read while instances end");
}

/* Who looks does not keep an instance from ending, and sees it end. */
static void test_state_held(void)
{
	struct raw_daemon daemon;
	char path[96], text[4096];
	int fd;

	raw_daemon_open(&daemon, "held", 64, 0, 100);
	snprintf(path, sizeof(path), DEBUGFS "%u-held/state",
		 daemon.claim.instance);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	check(fd >= 0, "%s is opened", path);
	raw_daemon_close(&daemon);
	check(wait_until(HOME_LIMIT_MS, access(path, F_OK) && errno == ENOENT),
	      "the instance ends while it is open");
	check(read(fd, text, sizeof(text)) > 0 && strstr(text, "dying"),
	      "the file says so");
	close(fd);
}

int main(void)
{
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	test_events_there();
	test_trace(dev);
	test_state(dev);
	test_state_race();
	test_state_held();
	return test_end();
}
