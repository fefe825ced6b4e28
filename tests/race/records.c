/* SPDX-License-Identifier: MIT */
/*
 * One thread announces members, another keeps and recalls their programs, a
 * third asks for the counters, and the archive's own writes files: what is
 * recalled is whole, and whatever was kept last is in its file.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instance/records/archive.h"
#include "instance/records/directory.h"
#include "instance/records/roster.h"
#include "race.h"

/* More than there is room for, so that some are replaced. */
#define PROGRAMS (USM_ARCHIVE_RECORDS + 8)
#define BYTES 4096

static struct usm_archive *archive;
static struct usm_roster *roster;
static uint32_t rounds;
static bool over;

static void *announce(void *arg)
{
	char program[USM_PROGRAM_SIZE];
	uint32_t i;

	for (i = 1; i <= rounds; i++) {
		snprintf(program, sizeof(program), "%u", i % PROGRAMS);
		usm_roster_add(roster, i, i, program);
	}
	return arg;
}

static void *count(void *arg)
{
	struct usm_archive_stats stats;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		usm_archive_stats(archive, &stats);
		race_check(stats.records <= USM_ARCHIVE_RECORDS, "too many");
		race_check(!stats.failed, "a file was not written");
	}
	return arg;
}

static struct usm_record_key key_of(const struct usm_roster_entry *entry)
{
	struct usm_record_key key = { .policy = "p" };

	memcpy(key.program, entry->program, sizeof(key.program));
	return key;
}

/* Every byte of a record is the same. */
static void is_whole(const char *data, uint32_t bytes)
{
	race_check(bytes == BYTES, "%u bytes", bytes);
	race_check(!memcmp(data, data + 1, bytes - 1), "two halves");
}

static void live(const struct usm_roster_entry *entry)
{
	static char memory[USM_PREFETCH_MEMORY_MAX];
	struct usm_record_key key = key_of(entry);
	uint32_t bytes = usm_archive_get(archive, &key, memory);

	if (bytes)
		is_whole(memory, bytes);
	memset(memory, (int)entry->member, BYTES);
	race_check(!usm_archive_put(archive, &key, memory, BYTES),
		   "out of memory");
	usm_roster_remove(roster, entry->member);
}

static bool see(void *ctx, const struct usm_record_key *key, const void *data,
		uint32_t bytes)
{
	static char memory[USM_PREFETCH_MEMORY_MAX];
	uint32_t *seen = ctx;

	is_whole(data, bytes);
	if (usm_archive_get(archive, key, memory))
		race_check(!memcmp(memory, data, bytes), "not the last");
	++*seen;
	return false;
}

int main(void)
{
	char dir[] = "/tmp/usm-race-XXXXXX";
	struct usm_roster_entry entry;
	pthread_t announcer, counter;
	uint64_t damaged = 0;
	uint32_t i, seen = 0;
	int fd;

	race_watchdog();
	rounds = (uint32_t)race_rounds(3000);
	race_check(mkdtemp(dir), "no directory");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	race_check(fd >= 0, "no directory");
	race_check(!usm_archive_create(fd, &archive), "out of memory");
	race_check(!usm_roster_create(&roster), "out of memory");
	race_check(!pthread_create(&announcer, NULL, announce, NULL), "thread");
	race_check(!pthread_create(&counter, NULL, count, NULL), "thread");
	for (i = 0; i < rounds; i++)
		if (usm_roster_at(roster, i % USM_ROSTER_MEMBERS, &entry))
			live(&entry);
	pthread_join(announcer, NULL);
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	pthread_join(counter, NULL);
	for (i = 0; i < USM_ROSTER_MEMBERS; i++)
		if (usm_roster_at(roster, i, &entry))
			live(&entry);
	usm_archive_destroy(archive);
	race_check(!usm_archive_create(fd, &archive), "out of memory");
	race_check(!usm_record_directory_read(fd, see, &seen, &damaged),
		   "not to be read");
	race_check(seen && !damaged, "%u files", seen);
	usm_archive_destroy(archive);
	usm_roster_destroy(roster);
	close(fd);
	race_check(!rmdir(dir), "something is left behind");
	printf("%u processes, %u files\n", rounds, seen);
	return 0;
}
