/* SPDX-License-Identifier: MIT */
#include "pressure/swap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/pattern.h"

#define DEVICE "/dev/zram0"

int swap_on(unsigned int mib)
{
	char size[32];
	int err;

	/* Built into some kernels, a module of others. */
	if (access(DEVICE, F_OK) && system("modprobe zram"))
		return -ENODEV;
	snprintf(size, sizeof(size), "%uM", mib);
	err = file_write("/sys/block/zram0/disksize", size);
	if (err)
		return err;
	if (system("mkswap " DEVICE " >/dev/null"))
		return -EIO;
	return swapon(DEVICE, 0) ? -errno : 0;
}

int swap_off(void)
{
	if (swapoff(DEVICE))
		return -errno;
	return file_write("/sys/block/zram0/reset", "1");
}

static uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/* One word all over each page: the swap device needs no memory for that. */
static void write_page(uint64_t *page, uint64_t value)
{
	size_t i;

	for (i = 0; i < PAGE_BYTES / sizeof(*page); i++)
		page[i] = value;
}

int hog_main(struct child *self, void *arg)
{
	uint64_t *word = self->shared->word;
	size_t pages = word[HOG_BYTES] / PAGE_BYTES, i;
	char *buffer = pattern_map(pages * PAGE_BYTES);

	(void)arg;
	while (!load(&word[HOG_STOP])) {
		for (i = 0; i < pages && !load(&word[HOG_STOP]); i++) {
			uint64_t *page = (void *)(buffer + i * PAGE_BYTES);

			if (word[HOG_ROUNDS] && *page != word[HOG_ROUNDS] + i)
				__atomic_add_fetch(&word[HOG_BAD], 1,
						   __ATOMIC_RELAXED);
			write_page(page, word[HOG_ROUNDS] + 1 + i);
		}
		__atomic_add_fetch(&word[HOG_ROUNDS], 1, __ATOMIC_RELAXED);
	}
	return word[HOG_BAD] != 0;
}
