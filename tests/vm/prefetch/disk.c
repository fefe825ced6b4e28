/* SPDX-License-Identifier: MIT */
#include "prefetch/disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/instance.h"

/* Its name, which newer kernels take from here and older ones give it. */
#define NAME "nullb0"
#define CONFIG "/sys/kernel/config"
#define CONTROL CONFIG "/nullb/" NAME
#define QUEUE "/sys/block/" NAME "/queue"
#define TEXT(x) #x
#define NUMBER(x) TEXT(x)

/*
 * Requests that lie in the page cache's own reading ahead would be fewer than
 * those of the instance; so it reads what it is asked for and nothing else.
 */
static const struct {
	const char *path, *value;
} settings[] = {
	{ CONTROL "/size", "64" }, /* MiB */
	{ CONTROL "/blocksize", "4096" },
	{ CONTROL "/memory_backed", "1" },
	{ CONTROL "/irqmode", "2" }, /* by a timer */
	{ CONTROL "/completion_nsec", NUMBER(DISK_DELAY_MS) "000000" },
	{ CONTROL "/hw_queue_depth", "256" },
	{ CONTROL "/power", "1" },
	{ QUEUE "/read_ahead_kb", "0" },
	/* Neighbours are not made one request. */
	{ QUEUE "/nomerges", "2" },
};

int disk_open(void)
{
	size_t i;
	int err;

	if (system("modprobe -q null_blk nr_devices=0"))
		return -ENODEV;
	if (mount("configfs", CONFIG, "configfs", 0, NULL) && errno != EBUSY)
		return -errno;
	if (mkdir(CONTROL, 0755))
		return -errno;
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		err = file_write(settings[i].path, settings[i].value);
		if (err)
			return err;
	}
	/* Without a journal: its writes would be in the way of the reads. */
	if (system("mkfs.ext4 -q -O ^has_journal -m 0 -N 16 /dev/" NAME))
		return -EIO;
	if (mkdir(INSTANCE_SWAP_DIR, 0700) && errno != EEXIST)
		return -errno;
	if (mount("/dev/" NAME, INSTANCE_SWAP_DIR, "ext4", 0,
		  "noauto_da_alloc"))
		return -errno;
	return chmod(INSTANCE_SWAP_DIR, 0700) ? -errno : 0;
}

int disk_close(void)
{
	if (umount(INSTANCE_SWAP_DIR))
		return -errno;
	return rmdir(CONTROL) ? -errno : 0;
}

int disk_forget(void)
{
	sync();
	return file_write("/proc/sys/vm/drop_caches", "1");
}

uint64_t disk_reads(void)
{
	unsigned long long reads = 0;
	char text[256];

	if (file_read("/sys/block/" NAME "/stat", text, sizeof(text)) <= 0 ||
	    sscanf(text, "%llu", &reads) != 1)
		return 0;
	return reads;
}
