/* SPDX-License-Identifier: MIT */
#include "instance/records/archive.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "instance/records/directory.h"

struct entry {
	struct usm_record_key key; /* .policy empty: unused */
	struct usm_record_key replaced; /* its file is to go; likewise */
	void *data; /* NULL: unused */
	uint32_t bytes;
	bool dirty; /* its file is to be written */
	uint64_t turn; /* when it was kept or asked for */
};

struct usm_archive {
	int dir_fd; /* -1: none */
	bool ending;
	uint64_t turn;
	struct usm_archive_stats stats;
	pthread_t writer;
	pthread_mutex_t lock; /* of all but .buffer and .file */
	pthread_cond_t news;
	struct entry entry[USM_ARCHIVE_RECORDS];
	/* The writer's. */
	char buffer[USM_PREFETCH_MEMORY_MAX];
	char file[USM_RECORD_FILE_MAX];
};

static bool same(const struct usm_record_key *a, const struct usm_record_key *b)
{
	return !strcmp(a->policy, b->policy) && !strcmp(a->program, b->program);
}

static struct entry *find(struct usm_archive *archive,
			  const struct usm_record_key *key)
{
	uint32_t i;

	for (i = 0; i < USM_ARCHIVE_RECORDS; i++)
		if (archive->entry[i].data && same(&archive->entry[i].key, key))
			return &archive->entry[i];
	return NULL;
}

/* One that is unused, else the one that was not wanted for longest. */
static struct entry *make_room(struct usm_archive *archive)
{
	struct entry *oldest = &archive->entry[0];
	uint32_t i;

	for (i = 0; i < USM_ARCHIVE_RECORDS; i++) {
		struct entry *entry = &archive->entry[i];

		if (!entry->data)
			return entry;
		if (entry->turn < oldest->turn)
			oldest = entry;
	}
	return oldest;
}

static void keep(struct usm_archive *archive, const struct usm_record_key *key,
		 void *data, uint32_t bytes, bool dirty)
{
	struct entry *entry = find(archive, key);

	if (!entry) {
		entry = make_room(archive);
		archive->stats.records += !entry->data;
		entry->replaced = entry->key;
		entry->key = *key;
	}
	free(entry->data);
	entry->data = data;
	entry->bytes = bytes;
	entry->dirty = dirty;
	entry->turn = ++archive->turn;
}

static void *copy_of(const void *data, uint32_t bytes)
{
	void *copy = malloc(bytes);

	if (copy)
		memcpy(copy, data, bytes);
	return copy;
}

/* More than there is room for is removed: nobody would ever do it. */
static bool keep_file(void *ctx, const struct usm_record_key *key,
		      const void *data, uint32_t bytes)
{
	struct usm_archive *archive = ctx;
	void *copy;

	if (archive->stats.records == USM_ARCHIVE_RECORDS)
		return false;
	copy = copy_of(data, bytes);
	if (copy)
		keep(archive, key, copy, bytes, false);
	return true;
}

/* ---- the writer -------------------------------------------------------------------- */

static struct entry *next_job(struct usm_archive *archive)
{
	uint32_t i;

	for (i = 0; i < USM_ARCHIVE_RECORDS; i++)
		if (archive->entry[i].dirty)
			return &archive->entry[i];
	return NULL;
}

/* The file of a program that was replaced goes, unless it is back. */
static bool has_to_go(struct usm_archive *archive,
		      const struct usm_record_key *replaced)
{
	return *replaced->policy && !find(archive, replaced);
}

/* Called, and returns, with the lock. */
static void write_one(struct usm_archive *archive, struct entry *entry)
{
	struct usm_record_key key = entry->key, replaced = entry->replaced;
	bool remove = has_to_go(archive, &replaced);
	uint32_t bytes = entry->bytes;
	int err;

	memcpy(archive->buffer, entry->data, bytes);
	entry->dirty = false;
	entry->replaced = (struct usm_record_key){ 0 };
	pthread_mutex_unlock(&archive->lock);

	if (remove)
		usm_record_directory_remove(archive->dir_fd, &replaced);
	err = usm_record_directory_write(archive->dir_fd, &key, archive->buffer,
					 bytes, archive->file);

	pthread_mutex_lock(&archive->lock);
	archive->stats.written += !err;
	archive->stats.failed += err != 0;
}

static void *writer_main(void *ctx)
{
	struct usm_archive *archive = ctx;
	struct entry *entry;

	pthread_mutex_lock(&archive->lock);
	for (;;) {
		entry = next_job(archive);
		if (entry)
			write_one(archive, entry);
		else if (archive->ending)
			break;
		else
			pthread_cond_wait(&archive->news, &archive->lock);
	}
	pthread_mutex_unlock(&archive->lock);
	return NULL;
}

/* ---- for others --------------------------------------------------------------------- */

static void free_all(struct usm_archive *archive)
{
	uint32_t i;

	for (i = 0; i < USM_ARCHIVE_RECORDS; i++)
		free(archive->entry[i].data);
	pthread_cond_destroy(&archive->news);
	pthread_mutex_destroy(&archive->lock);
	free(archive);
}

int usm_archive_create(int dir_fd, struct usm_archive **out)
{
	struct usm_archive *archive = calloc(1, sizeof(*archive));
	int err = 0;

	if (!archive)
		return -ENOMEM;
	archive->dir_fd = dir_fd;
	pthread_mutex_init(&archive->lock, NULL);
	pthread_cond_init(&archive->news, NULL);
	if (dir_fd >= 0)
		err = usm_record_directory_read(dir_fd, keep_file, archive,
						&archive->stats.damaged);
	if (!err && dir_fd >= 0)
		err = -pthread_create(&archive->writer, NULL, writer_main,
				      archive);
	if (err) {
		free_all(archive);
		return err;
	}
	*out = archive;
	return 0;
}

void usm_archive_destroy(struct usm_archive *archive)
{
	if (!archive)
		return;
	if (archive->dir_fd >= 0) {
		pthread_mutex_lock(&archive->lock);
		archive->ending = true;
		pthread_cond_signal(&archive->news);
		pthread_mutex_unlock(&archive->lock);
		pthread_join(archive->writer, NULL);
	}
	free_all(archive);
}

int usm_archive_put(struct usm_archive *archive,
		    const struct usm_record_key *key, const void *data,
		    uint32_t bytes)
{
	void *copy = copy_of(data, bytes);

	if (!copy)
		return -ENOMEM;
	pthread_mutex_lock(&archive->lock);
	keep(archive, key, copy, bytes, archive->dir_fd >= 0);
	pthread_cond_signal(&archive->news);
	pthread_mutex_unlock(&archive->lock);
	return 0;
}

uint32_t usm_archive_get(struct usm_archive *archive,
			 const struct usm_record_key *key, void *data)
{
	uint32_t bytes = 0;
	struct entry *entry;

	pthread_mutex_lock(&archive->lock);
	entry = find(archive, key);
	if (entry) {
		memcpy(data, entry->data, entry->bytes);
		bytes = entry->bytes;
		entry->turn = ++archive->turn;
	}
	pthread_mutex_unlock(&archive->lock);
	return bytes;
}

void usm_archive_stats(struct usm_archive *archive,
		       struct usm_archive_stats *out)
{
	pthread_mutex_lock(&archive->lock);
	*out = archive->stats;
	pthread_mutex_unlock(&archive->lock);
}
