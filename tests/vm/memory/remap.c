/* SPDX-License-Identifier: MIT */
/* Mappings moved, cut, emptied, protected and filled again. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory/scenario.h"

static char *page(char *buffer, size_t index)
{
	return buffer + index * PAGE_BYTES;
}

/* Moved to another address and made larger. */
static size_t move(char **buffer, size_t pages)
{
	size_t bytes = pages * PAGE_BYTES, bad;
	char *aim = pattern_map(2 * bytes);

	pattern_fill(*buffer, 0, pages, 1, 12);
	*buffer = mremap(*buffer, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
			 aim);
	if (*buffer != aim)
		return 1;
	bad = pattern_bad(aim, 0, pages, 1, 12);
	munmap(page(aim, pages), bytes);
	*buffer = mremap(aim, bytes, bytes + MIB, MREMAP_MAYMOVE);
	if (*buffer == MAP_FAILED)
		return 1;
	bad += pattern_bad(*buffer, 0, pages, 1, 12);
	bad += pattern_nonzero(*buffer, pages, pages + MIB / PAGE_BYTES);
	munmap(page(*buffer, pages), MIB);
	return bad;
}

/* A hole in the middle, used again for something else. */
static size_t cut(char *buffer, size_t pages)
{
	size_t quarter = pages / 4, bad;
	void *again;

	munmap(page(buffer, quarter), quarter * PAGE_BYTES);
	bad = pattern_bad(buffer, 0, quarter, 1, 12);
	bad += pattern_bad(buffer, 2 * quarter, pages, 1, 12);
	again = mmap(page(buffer, quarter), quarter * PAGE_BYTES,
		     PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (again == MAP_FAILED)
		return 1;
	bad += pattern_nonzero(buffer, quarter, 2 * quarter);
	pattern_fill(buffer, quarter, 2 * quarter, 1, 12);
	return bad;
}

static size_t empty(char *buffer, size_t pages)
{
	size_t quarter = pages / 4, bad;

	madvise(page(buffer, quarter), quarter * PAGE_BYTES, MADV_DONTNEED);
	bad = pattern_nonzero(buffer, quarter, 2 * quarter);
	bad += pattern_bad(buffer, 0, quarter, 1, 12);
	/* First read, thus the zero page, then written: a copy of it. */
	pattern_fill(buffer, quarter, 2 * quarter, 1, 12);
	bad += pattern_bad(buffer, 0, pages, 1, 12);
	return bad;
}

static size_t protect(char *buffer, size_t pages)
{
	size_t quarter = pages / 4;
	size_t bytes = quarter * PAGE_BYTES, bad;

	mprotect(buffer, bytes, PROT_NONE);
	mprotect(buffer, bytes, PROT_READ);
	bad = pattern_bad(buffer, 0, quarter, 1, 12);
	mprotect(buffer, bytes, PROT_READ | PROT_WRITE);
	pattern_fill(buffer, 0, quarter, 1, 13);
	return bad + pattern_bad(buffer, 0, quarter, 1, 13);
}

/* A private mapping of a file, written: copies of its pages. */
static size_t file_copy(void)
{
	size_t bytes = MIB, i, bad = 0;
	int fd = open("/usr/bin/bash", O_RDONLY | O_CLOEXEC);
	char *file, *copy;

	if (fd < 0)
		return 1;
	file = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	copy = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	if (file == MAP_FAILED || copy == MAP_FAILED)
		return 1;
	for (i = 0; i < bytes; i += PAGE_BYTES)
		copy[i] = (char)~file[i];
	for (i = 0; i < bytes; i += PAGE_BYTES) {
		bad += copy[i] != (char)~file[i];
		bad += memcmp(copy + i + 1, file + i + 1, PAGE_BYTES - 1) != 0;
	}
	munmap(file, bytes);
	munmap(copy, bytes);
	return bad;
}

static int member(struct child *self, void *arg)
{
	const struct scene *scene = arg;
	size_t pages = scene->pages;
	char *buffer = pattern_map(pages * PAGE_BYTES);

	(void)self;
	if (move(&buffer, pages))
		return 1;
	if (cut(buffer, pages))
		return 2;
	if (empty(buffer, pages))
		return 3;
	if (protect(buffer, pages))
		return 4;
	if (file_copy())
		return 5;
	munmap(buffer, pages * PAGE_BYTES);
	return 0;
}

const struct scenario scenario_remap = { "remap", false, member, NULL };
