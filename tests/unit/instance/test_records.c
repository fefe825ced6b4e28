/* SPDX-License-Identifier: MIT */
/* What policies remember of programs: files, their directory, the archive. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "fake_kernel.h"
#include "instance/records/archive.h"
#include "instance/records/directory.h"
#include "instance/records/record.h"
#include "instance/records/roster.h"
#include "temp_dir.h"

static const struct usm_record_key redis = { "record-replay", "redis-server" };
static const struct usm_record_key gcc = { "record-replay", "cc1" };

static char file[USM_RECORD_FILE_MAX + 1];
static char memory[USM_PREFETCH_MEMORY_MAX];
static char place[PATH_MAX];

static void setup(void)
{
	temp_dir_make(place, sizeof(place));
}

static void teardown(void)
{
	temp_dir_remove(place);
}

/* ---- a record --------------------------------------------------------------------- */

Test(record, has_a_name_that_leads_nowhere)
{
	struct usm_record_key key = { "p", "../x/..\n" };
	char name[USM_RECORD_NAME_SIZE];

	usm_record_name(&redis, name);
	cr_assert_str_eq(name, "record-replay.redis-server.record");
	usm_record_name(&key, name);
	cr_assert_str_eq(name, "p.%2e%2e%2fx%2f%2e%2e%0a.record");
	memset(key.program, 0xff, sizeof(key.program) - 1);
	memset(key.policy, 'p', sizeof(key.policy) - 1);
	usm_record_name(&key, name);
	cr_assert_lt(strlen(name), USM_RECORD_NAME_SIZE);
	cr_assert_not_null(strstr(name, "%ff.record"));
}

Test(record, is_read_as_it_was_written)
{
	size_t size = usm_record_encode(&redis, "some bytes", 10, file);
	struct usm_record_key key;
	const void *data;
	uint32_t bytes;

	cr_assert_eq(size, USM_RECORD_HEAD + 10);
	cr_assert_eq(usm_record_decode(file, size, &key, &data, &bytes), 0);
	cr_assert_str_eq(key.policy, redis.policy);
	cr_assert_str_eq(key.program, redis.program);
	cr_assert_eq(bytes, 10);
	cr_assert_arr_eq(data, "some bytes", 10);
}

Test(record, that_is_damaged_anywhere_is_refused)
{
	size_t size = usm_record_encode(&redis, "some bytes", 10, file), i;
	struct usm_record_key key;
	const void *data;
	uint32_t bytes, bit;

	for (i = 0; i < size; i++) {
		cr_assert_eq(usm_record_decode(file, i, &key, &data, &bytes),
			     -EINVAL);
		for (bit = 0; bit < 8; bit++) {
			file[i] ^= (char)(1 << bit);
			cr_assert_eq(usm_record_decode(file, size, &key, &data,
						       &bytes),
				     -EINVAL);
			file[i] ^= (char)(1 << bit);
		}
	}
	cr_assert_eq(usm_record_decode(file, size + 1, &key, &data, &bytes),
		     -EINVAL);
}

/* ---- the directory ----------------------------------------------------------------- */

TestSuite(record_directory, .init = setup, .fini = teardown);

static int open_at(const char *dir, int *fd, struct usm_failure *failure)
{
	const struct usm_record_directory where = {
		.dir = dir,
		.instance = "a",
		.uid = geteuid(),
		.gid = getegid(),
	};

	return usm_record_directory_open(&where, fd, failure);
}

static int open_directory(void)
{
	struct usm_failure failure = { 0 };
	int fd = -1;

	cr_assert_eq(open_at(place, &fd, &failure), 0, "%s", failure.text);
	return fd;
}

static void refused(const char *dir, const char *reason)
{
	struct usm_failure failure = { 0 };
	int fd = -1;

	cr_assert_lt(open_at(dir, &fd, &failure), 0, "%s", reason);
	cr_assert_eq(fd, -1);
	cr_assert_not_null(strstr(failure.text, reason), "%s", failure.text);
	cr_assert_not_null(strstr(failure.text, "--record-dir: "));
}

Test(record_directory, is_made_for_one_alone)
{
	char path[PATH_MAX + 16];
	struct stat st;

	close(open_directory());
	snprintf(path, sizeof(path), "%s/a", place);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0700);
	/* Again, as it is there. */
	close(open_directory());
}

Test(record_directory, that_is_not_to_be_trusted_is_refused)
{
	char path[PATH_MAX + 16], link[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/a", place);
	snprintf(link, sizeof(link), "%s/link", place);
	cr_assert_eq(symlink("/tmp", path), 0);
	refused(place, "/a: ");
	unlink(path);
	cr_assert_eq(mkdir(path, 0700), 0);
	chmod(path, 0750);
	refused(place, "others may look into it");
	chmod(path, 0700);
	cr_assert_eq(symlink(path, link), 0);
	refused(link, "link: ");
	chmod(path, 0770);
	refused(path, "they may write to it");
	chmod(path, 0700);
	snprintf(path, sizeof(path), "%s/none/records", place);
	refused(path, "No such file");
}

static uint32_t nr_seen;

static bool see(void *ctx, const struct usm_record_key *key, const void *data,
		uint32_t bytes)
{
	(void)data;
	nr_seen++;
	return !ctx || strcmp(key->program, ctx) || bytes == 0;
}

static uint32_t count(int fd, const char *unwanted, uint64_t *damaged)
{
	nr_seen = 0;
	*damaged = 0;
	cr_assert_eq(
		usm_record_directory_read(fd, see, (void *)unwanted, damaged),
		0);
	return nr_seen;
}

Test(record_directory, keeps_what_is_written)
{
	usm_auto_fd fd = open_directory();
	uint64_t damaged;
	struct stat st;

	cr_assert_eq(usm_record_directory_write(fd, &redis, "one", 3, file), 0);
	cr_assert_eq(usm_record_directory_write(fd, &redis, "other", 5, file),
		     0);
	cr_assert_eq(usm_record_directory_write(fd, &gcc, "one", 3, file), 0);
	cr_assert_eq(count(fd, NULL, &damaged), 2);
	cr_assert_eq(damaged, 0);
	cr_assert_eq(fstatat(fd, "record-replay.cc1.record", &st, 0), 0);
	cr_assert_eq(st.st_size, USM_RECORD_HEAD + 3);
	/* One that is not wanted goes. */
	cr_assert_eq(count(fd, "cc1", &damaged), 2);
	cr_assert_eq(count(fd, NULL, &damaged), 1);
	usm_record_directory_remove(fd, &redis);
	usm_record_directory_remove(fd, &redis);
	cr_assert_eq(count(fd, NULL, &damaged), 0);
}

Test(record_directory, passes_over_what_is_no_record)
{
	static const char half[] = "record-replay.cc1.record.new";
	usm_auto_fd fd = open_directory();
	char dir[PATH_MAX + 16];
	uint64_t damaged;
	size_t size;

	snprintf(dir, sizeof(dir), "%s/a", place);
	size = usm_record_encode(&redis, "some", 4, file);
	temp_file(dir, "short.record", file, size - 1, 0600);
	temp_file(dir, "record-replay.other.record", file, size, 0600);
	temp_file(dir, "large.record", file, sizeof(file), 0600);
	temp_file(dir, half, file, size, 0600);
	temp_file(dir, "a-note", "x", 1, 0600);
	cr_assert_eq(mkfifoat(fd, "fifo.record", 0600), 0);
	cr_assert_eq(symlinkat("/etc/passwd", fd, "link.record"), 0);
	cr_assert_eq(mkdirat(fd, "dir.record", 0700), 0);
	cr_assert_eq(count(fd, NULL, &damaged), 0);
	cr_assert_eq(damaged, 6);
	cr_assert_eq(faccessat(fd, half, F_OK, 0), -1, "left behind, removed");
	cr_assert_eq(faccessat(fd, "a-note", F_OK, 0), 0);
	cr_assert_eq(unlinkat(fd, "dir.record", AT_REMOVEDIR), 0);
	/* A link in the way of a temporary file is not followed. */
	cr_assert_eq(symlinkat("a-note", fd, half), 0);
	cr_assert_eq(usm_record_directory_write(fd, &gcc, "one", 3, file), 0);
	cr_assert_eq(count(fd, NULL, &damaged), 1);
}

/* ---- the archive ---------------------------------------------------------------------- */

TestSuite(archive, .init = setup, .fini = teardown);

static struct usm_archive *open_archive(int fd)
{
	struct usm_archive *archive = NULL;

	cr_assert_eq(usm_archive_create(fd, &archive), 0);
	return archive;
}

static void keeps(struct usm_archive *archive, const struct usm_record_key *key,
		  const char *text)
{
	uint32_t bytes = usm_archive_get(archive, key, memory);

	cr_assert_eq(bytes, strlen(text));
	cr_assert_arr_eq(memory, text, bytes);
}

Test(archive, remembers_in_memory_alone)
{
	struct usm_archive *archive = open_archive(-1);

	cr_assert_eq(usm_archive_get(archive, &redis, memory), 0);
	cr_assert_eq(usm_archive_put(archive, &redis, "one", 3), 0);
	cr_assert_eq(usm_archive_put(archive, &gcc, "two", 3), 0);
	keeps(archive, &redis, "one");
	cr_assert_eq(usm_archive_put(archive, &redis, "three", 5), 0);
	keeps(archive, &redis, "three");
	keeps(archive, &gcc, "two");
	/* Another policy's is another record. */
	cr_assert_eq(usm_archive_get(archive,
				     &(struct usm_record_key){ "other", "cc1" },
				     memory),
		     0);
	usm_archive_destroy(archive);
	usm_archive_destroy(NULL);
}

Test(archive, outlives_a_daemon)
{
	usm_auto_fd fd = open_directory();
	struct usm_archive *archive = open_archive(fd);
	struct usm_archive_stats stats;

	cr_assert_eq(usm_archive_put(archive, &redis, "one", 3), 0);
	cr_assert_eq(usm_archive_put(archive, &redis, "other", 5), 0);
	usm_archive_destroy(archive);
	archive = open_archive(fd);
	keeps(archive, &redis, "other");
	usm_archive_stats(archive, &stats);
	cr_assert_eq(stats.records, 1);
	cr_assert_eq(stats.damaged, 0);
	usm_archive_destroy(archive);
	temp_file(place, "a/record-replay.redis-server.record", "x", 1, 0600);
	archive = open_archive(fd);
	cr_assert_eq(usm_archive_get(archive, &redis, memory), 0);
	usm_archive_stats(archive, &stats);
	cr_assert_eq(stats.records, 0);
	cr_assert_eq(stats.damaged, 1);
	usm_archive_destroy(archive);
}

static struct usm_record_key key_of(uint32_t i)
{
	struct usm_record_key key = { .policy = "p" };

	snprintf(key.program, sizeof(key.program), "program %u", i);
	return key;
}

Test(archive, gives_up_what_was_not_wanted_for_longest)
{
	usm_auto_fd fd = open_directory();
	struct usm_archive *archive = open_archive(fd);
	struct usm_record_key key;
	uint64_t damaged;
	uint32_t i, kept = 0;

	for (i = 0; i < 3 * USM_ARCHIVE_RECORDS; i++) {
		key = key_of(i);
		cr_assert_eq(usm_archive_put(archive, &key, "x", 1), 0);
		key = key_of(0);
		cr_assert_eq(usm_archive_get(archive, &key, memory), 1);
	}
	for (i = 0; i < 3 * USM_ARCHIVE_RECORDS; i++) {
		key = key_of(i);
		kept += usm_archive_get(archive, &key, memory);
	}
	cr_assert_eq(kept, USM_ARCHIVE_RECORDS);
	usm_archive_destroy(archive);
	/* More files than that are removed at the next start. */
	key = key_of(1000);
	usm_record_directory_write(fd, &key, "x", 1, file);
	archive = open_archive(fd);
	usm_archive_destroy(archive);
	cr_assert_eq(count(fd, NULL, &damaged), USM_ARCHIVE_RECORDS);
}

Test(archive, counts_what_cannot_be_written)
{
	usm_auto_fd fd = open_directory();
	struct usm_archive *archive = open_archive(fd);
	struct usm_archive_stats stats = { 0 };
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/a", place);
	cr_assert_eq(rmdir(path), 0);
	cr_assert_eq(usm_archive_put(archive, &redis, "one", 3), 0);
	while (!stats.failed)
		usm_archive_stats(archive, &stats);
	keeps(archive, &redis, "one");
	usm_archive_destroy(archive);
}

/* ---- the roster ---------------------------------------------------------------------- */

Test(roster, knows_the_last_ones)
{
	struct usm_roster_entry entry = { 0 };
	struct usm_roster *roster;

	cr_assert_eq(usm_roster_create(&roster), 0);
	cr_assert_not(usm_roster_find(roster, 5, &entry));
	usm_roster_add(roster, 5, 50, "a name of many letters");
	cr_assert(usm_roster_find(roster, 5, &entry));
	cr_assert_eq(entry.tgid, 50);
	cr_assert_str_eq(entry.program, "a name of many ");
	cr_assert(usm_roster_at(roster, 5, &entry));
	usm_roster_add(roster, 5 + USM_ROSTER_MEMBERS, 51, "other");
	cr_assert_not(usm_roster_find(roster, 5, &entry));
	usm_roster_remove(roster, 5);
	cr_assert(usm_roster_find(roster, 5 + USM_ROSTER_MEMBERS, &entry));
	usm_roster_remove(roster, 5 + USM_ROSTER_MEMBERS);
	cr_assert_not(usm_roster_at(roster, 5, &entry));
	usm_roster_destroy(roster);
	usm_roster_destroy(NULL);
}
