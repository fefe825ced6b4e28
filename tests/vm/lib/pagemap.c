/* SPDX-License-Identifier: MIT */
#include "lib/pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "lib/pattern.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define ENTRY_PRESENT (1ULL << 63)
#define ENTRY_SWAPPED (1ULL << 62)
#define ENTRY_FILE (1ULL << 61) /* or shared anonymous */
#define ENTRY_PFN ((1ULL << 55) - 1)
#define KPF_ZERO_PAGE (1ULL << 24)

#define ENTRIES_AT_ONCE 512

struct walk {
	int pagemap;
	int kpageflags;
	struct pages pages;
	size_t room;
};

static int add(struct walk *walk, uint64_t addr, uint64_t pfn)
{
	struct pages *pages = &walk->pages;

	if (pages->nr == walk->room) {
		size_t room = walk->room ? 2 * walk->room : 4096;
		struct page *at = realloc(pages->at, room * sizeof(*at));

		if (!at)
			return -ENOMEM;
		pages->at = at;
		walk->room = room;
	}
	pages->at[pages->nr++] = (struct page){ addr, pfn };
	return 0;
}

static int look_at(struct walk *walk, uint64_t addr, uint64_t entry)
{
	uint64_t pfn = entry & ENTRY_PFN, flags;

	if (entry & ENTRY_SWAPPED)
		walk->pages.swapped++;
	if (!(entry & ENTRY_PRESENT) || entry & ENTRY_FILE)
		return 0;
	if (pread(walk->kpageflags, &flags, sizeof(flags),
		  (off_t)(pfn * sizeof(flags))) != sizeof(flags))
		return -EIO;
	return flags & KPF_ZERO_PAGE ? 0 : add(walk, addr, pfn);
}

static int walk_range(struct walk *walk, uint64_t start, uint64_t end)
{
	uint64_t entry[ENTRIES_AT_ONCE];
	size_t i, nr;
	ssize_t n;
	int err;

	while (start < end) {
		nr = (end - start) / PAGE_BYTES;
		if (nr > ENTRIES_AT_ONCE)
			nr = ENTRIES_AT_ONCE;
		n = pread(walk->pagemap, entry, nr * sizeof(entry[0]),
			  (off_t)(start / PAGE_BYTES * sizeof(entry[0])));
		if (n < 0)
			return -errno;
		if (n < (ssize_t)sizeof(entry[0]))
			return 0;
		nr = (size_t)n / sizeof(entry[0]);
		for (i = 0; i < nr; i++) {
			err = look_at(walk, start + i * PAGE_BYTES, entry[i]);
			if (err)
				return err;
		}
		start += nr * PAGE_BYTES;
	}
	return 0;
}

static int walk_process(struct walk *walk, pid_t pid, uint64_t from,
			uint64_t to)
{
	char path[64], line[512], mode[8], name[256];
	usm_auto_file maps = NULL;
	uint64_t start, end;
	int err = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (!maps)
		return -errno;
	while (!err && fgets(line, sizeof(line), maps)) {
		name[0] = '\0';
		if (sscanf(line,
			   "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %*s %255s",
			   &start, &end, mode, name) < 3)
			continue;
		/* Not memory of the process: the kernel's own pages. */
		if (mode[3] != 'p' || !strncmp(name, "[v", 2))
			continue;
		if (start < from)
			start = from;
		if (end > to)
			end = to;
		if (start < end)
			err = walk_range(walk, start, end);
	}
	return err;
}

int pages_read_range(pid_t pid, uint64_t start, uint64_t end, struct pages *out)
{
	usm_auto_fd pagemap = -1;
	usm_auto_fd kpageflags = -1;
	struct walk walk = { 0 };
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (pagemap < 0 || kpageflags < 0)
		return -errno;
	walk.pagemap = pagemap;
	walk.kpageflags = kpageflags;
	err = walk_process(&walk, pid, start, end);
	if (err) {
		free(walk.pages.at);
		return err;
	}
	*out = walk.pages;
	return 0;
}

int pages_read(pid_t pid, struct pages *out)
{
	return pages_read_range(pid, 0, UINT64_MAX, out);
}

void pages_free(struct pages *pages)
{
	free(pages->at);
	pages->at = NULL;
	pages->nr = 0;
}

void pages_drop_old(struct pages *now, const struct pages *before)
{
	size_t i, j = 0, kept = 0;

	for (i = 0; i < now->nr; i++) {
		while (j < before->nr && before->at[j].addr < now->at[i].addr)
			j++;
		if (j < before->nr && before->at[j].addr == now->at[i].addr &&
		    before->at[j].pfn == now->at[i].pfn)
			continue;
		now->at[kept++] = now->at[i];
	}
	now->nr = kept;
}

int pages_place(const struct pages *pages, const struct partition *own,
		struct placement *out)
{
	usm_auto_free uint8_t *seen = calloc(own->pool_frames, 1);
	struct placement place = { 0 };
	size_t i;

	if (!seen)
		return -ENOMEM;
	for (i = 0; i < pages->nr; i++) {
		uint64_t pfn = pages->at[i].pfn;

		if (!partition_in_pool(own, pfn)) {
			place.outside++;
			continue;
		}
		if (partition_has(own, pfn))
			place.own++;
		else
			place.foreign++;
		place.twice += seen[pfn - own->base_pfn];
		seen[pfn - own->base_pfn] = 1;
	}
	*out = place;
	return 0;
}

size_t pages_adjacent(const struct pages *pages)
{
	size_t pairs = 0, i;

	for (i = 1; i < pages->nr; i++)
		pairs += pages->at[i].addr ==
				 pages->at[i - 1].addr + PAGE_BYTES &&
			 pages->at[i].pfn == pages->at[i - 1].pfn + 1;
	return pairs;
}
