/* SPDX-License-Identifier: MIT */
/*
 * The kernel is short of memory, swaps, compacts and ages pages, with the
 * multi-generational LRU on: frames of members stay where they are, in memory,
 * with their data.  A process that is bound to nobody and as idle as the
 * member shows that it meant business.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/load.h"
#include "lib/pagemap.h"
#include "lib/pattern.h"
#include "lib/wait.h"
#include "pressure/swap.h"

#define LIMIT_S 240
#define PAGES 4096
#define SEED 31
#define SWAP_MIB 768
/* Beyond what the kernel calls available. */
#define HOG_EXTRA_MIB 192
#define SWAPPED_OUT_PAGES 8192
#define PRESSURE_LIMIT_MS 100000
#define LOAD_LIMIT_MS 60000
#define COMPACTIONS 20
#define COMPACTIONS_SOAK 1000
#define FREE_LIMIT_MS 20000

#define LRU_GEN "/sys/kernel/mm/lru_gen/enabled"
#define VMSTAT "/proc/vmstat"

/* Fills its buffer, sleeps, checks it at the end. */
static int fill_and_idle(struct child *self, void *arg)
{
	void *buffer = arg;

	pattern_fill(buffer, 0, PAGES, 1, SEED);
	child_stop_at(self, 1);
	return (int)pattern_bad(buffer, 0, PAGES, 1, SEED);
}

static int read_buffer(const struct child *child, const void *buffer,
		       struct pages *out)
{
	uint64_t start = (uintptr_t)buffer;

	return pages_read_range(child->pid, start, start + PAGES * PAGE_BYTES,
				out);
}

static size_t swapped(const struct child *child, const void *buffer)
{
	struct pages pages = { 0 };
	size_t nr;

	if (read_buffer(child, buffer, &pages))
		return 0;
	nr = pages.swapped;
	pages_free(&pages);
	return nr;
}

static void turn_on_lru_gen(void)
{
	char text[32] = "";

	file_write(LRU_GEN, "y");
	if (file_read(LRU_GEN, text, sizeof(text)) < 0) {
		test_note("this kernel has no multi-generational LRU");
		return;
	}
	text[strcspn(text, "\n")] = '\0';
	check(strcmp(text, "0x0000"), "the multi-generational LRU is on");
	test_note("%s: %s", LRU_GEN, text);
}

/* Until the kernel has swapped, and the control process is among it. */
static void press(struct child *hog, const struct child *control,
		  const void *buffer)
{
	long long before = file_number(VMSTAT, "pswpout");
	bool pressed;

	hog->shared->word[HOG_BYTES] =
		(uint64_t)file_number("/proc/meminfo", "MemAvailable:") * 1024 +
		HOG_EXTRA_MIB * MIB;
	child_let(hog, 0);
	pressed = wait_until(PRESSURE_LIMIT_MS,
			     file_number(VMSTAT, "pswpout") - before >=
					     SWAPPED_OUT_PAGES &&
				     swapped(control, buffer) > PAGES / 2);
	check(pressed, "the kernel swaps, an idle process that is not bound");
	test_note("pages swapped out: %lld, of the control process: %zu",
		  file_number(VMSTAT, "pswpout") - before,
		  swapped(control, buffer));
}

static void compact(void)
{
	long long scanned = file_number(VMSTAT, "compact_migrate_scanned");
	long long moved = file_number(VMSTAT, "pgmigrate_success");
	unsigned int i, done = 0,
			nr = test_count(COMPACTIONS, COMPACTIONS_SOAK);

	for (i = 0; i < nr; i++)
		done += !file_write("/proc/sys/vm/compact_memory", "1");
	check_eq(done, nr, "memory is compacted again and again");
	scanned = file_number(VMSTAT, "compact_migrate_scanned") - scanned;
	moved = file_number(VMSTAT, "pgmigrate_success") - moved;
	check_compare(moved, >, 0, "pages were moved by that");
	test_note("compaction scanned %lld pages and moved %lld", scanned,
		  moved);
}

static void check_unmoved(const struct child *tenant, const void *buffer,
			  const struct pages *before, const char *when)
{
	struct pages now;
	size_t i, moved = 0;

	if (!check(!read_buffer(tenant, buffer, &now),
		   "%s: the member's pages can be read", when))
		return;
	check_eq(now.swapped, 0, "%s: none of them is in swap", when);
	if (check_eq(now.nr, before->nr, "%s: all of them are there", when))
		for (i = 0; i < now.nr; i++)
			moved += now.at[i].addr != before->at[i].addr ||
				 now.at[i].pfn != before->at[i].pfn;
	check_eq(moved, 0, "%s: all of them are in the same frames", when);
	pages_free(&now);
}

static void check_place(const struct instance *instance,
			const struct pages *pages)
{
	struct partition partition;
	struct placement placement;

	require(!partition_read(instance->pid, &partition),
		"the partition can be read");
	pages_place(pages, &partition, &placement);
	check_eq(placement.own, PAGES, "all pages are frames of the partition");
	partition_free(&partition);
}

/* A member that is at work, one that is idle, and one that is not bound. */
struct cast {
	struct instance instance;
	struct child idle;
	struct child busy;
	struct child control;
	struct child hog;
	void *buffer;
};

static void start(struct cast *cast, int dev)
{
	const struct instance_options options = {
		.name = "pressed",
		.memory = "32M",
		.deadline_ms = USM_DEADLINE_MS_MAX,
	};
	uint32_t member;

	cast->buffer = pattern_map(PAGES * PAGE_BYTES);
	child_start(&cast->control, fill_and_idle, cast->buffer);
	child_start(&cast->idle, fill_and_idle, cast->buffer);
	child_start(&cast->busy, load_main, NULL);
	child_start(&cast->hog, hog_main, NULL);
	instance_start(&cast->instance, dev, &options);
	require(!instance_bind(&cast->instance, &cast->idle, &member) &&
			!instance_bind(&cast->instance, &cast->busy, &member),
		"two members are bound");
	child_let(&cast->control, 0);
	child_let(&cast->idle, 0);
	require(child_reached(&cast->control, 1) &&
			child_reached(&cast->idle, 1),
		"both idle ones have written");
	child_let(&cast->busy, 0);
}

static void end(struct cast *cast, int dev)
{
	check_eq(load_end(&cast->busy, LOAD_LIMIT_MS), 0,
		 "the busy member's data was always right");
	child_let(&cast->idle, 1);
	check_eq(child_end(&cast->idle, CHILD_LIMIT_MS), 0,
		 "the idle member's data is right");
	child_let(&cast->control, 1);
	check_eq(child_end(&cast->control, CHILD_LIMIT_MS), 0,
		 "so is that of the process that was swapped");
	check(instance_all_free(dev, cast->instance.id, false, FREE_LIMIT_MS),
	      "every frame is free again");
	check_eq(instance_stop(&cast->instance), 0,
		 "the instance ends cleanly");
}

int main(void)
{
	struct pages before;
	struct cast cast;
	int dev, err;

	test_begin(LIMIT_S);
	dev = device_open();
	err = swap_on(SWAP_MIB);
	require(!err, "swap is on");
	turn_on_lru_gen();
	start(&cast, dev);
	require(!read_buffer(&cast.idle, cast.buffer, &before),
		"the member's pages can be read");
	check_place(&cast.instance, &before);

	press(&cast.hog, &cast.control, cast.buffer);
	check_unmoved(&cast.idle, cast.buffer, &before, "under pressure");
	compact();
	check_unmoved(&cast.idle, cast.buffer, &before, "after compaction");
	check(load_moves_on(&cast.busy, 64, LOAD_LIMIT_MS),
	      "the busy member moves on");
	test_note("VmSwap of the idle member: %lld KiB, of the control: %lld",
		  status_number(cast.idle.pid, "VmSwap:"),
		  status_number(cast.control.pid, "VmSwap:"));

	__atomic_store_n(&cast.hog.shared->word[HOG_STOP], 1, __ATOMIC_RELAXED);
	check_eq(child_end(&cast.hog, CHILD_LIMIT_MS), 0,
		 "the memory hog's data was right");
	check_unmoved(&cast.idle, cast.buffer, &before, "afterwards");
	pages_free(&before);
	end(&cast, dev);
	check_eq(swap_off(), 0, "swap is off");
	close(dev);
	return test_end();
}
