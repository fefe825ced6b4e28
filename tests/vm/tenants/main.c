/* SPDX-License-Identifier: MIT */
/*
 * Two tenants under load at once.  Every page that their members write after
 * binding lies in the own partition and in nobody else's, as the kernel's page
 * tables say; what lies outside of the pool was counted as a fallback.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pagemap.h"
#include "lib/pattern.h"
#include "lib/wait.h"

#define LIMIT_S 280
#define TENANTS 2
#define MEMBERS 2 /* of each tenant */
#define BUFFER_PAGES (8 * MIB / PAGE_BYTES)
#define FILE_PAGES 64
#define HOME_LIMIT_MS 20000

#define STEP_WRITTEN 1

struct tenant {
	struct instance instance;
	struct child child[MEMBERS];
	uint32_t member[MEMBERS];
	struct pages before[MEMBERS];
	struct partition partition;
};

/* Buffer, heap, stack, and a private mapping of a file: all get written. */
static int member(struct child *self, void *arg)
{
	volatile char stack[16 * PAGE_BYTES];
	uint64_t seed = *(const uint64_t *)arg;
	void *buffer = pattern_map(BUFFER_PAGES * PAGE_BYTES);
	char *heap = malloc(MIB);
	int fd = open("/usr/bin/bash", O_RDONLY | O_CLOEXEC);
	char *file = mmap(NULL, FILE_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE, fd, 0);
	size_t i, bad;

	if (!heap || file == MAP_FAILED)
		return 2;
	pattern_fill(buffer, 0, BUFFER_PAGES, 1, seed);
	memset(heap, 1, MIB);
	for (i = 0; i < sizeof(stack); i += PAGE_BYTES)
		stack[i] = 1;
	for (i = 0; i < FILE_PAGES; i++)
		file[i * PAGE_BYTES] = 1;
	child_stop_at(self, STEP_WRITTEN);
	bad = pattern_bad(buffer, 0, BUFFER_PAGES, 1, seed);
	free(heap);
	return bad != 0;
}

static void start(struct tenant *tenant, unsigned int number, uint64_t *seed)
{
	unsigned int i;

	for (i = 0; i < MEMBERS; i++) {
		child_start(&tenant->child[i], member, seed);
		require(child_reached(&tenant->child[i], 0),
			"tenant %u: member starts", number);
		require(!pages_read(tenant->child[i].pid, &tenant->before[i]),
			"tenant %u: pagemap before binding", number);
		require(!instance_bind(&tenant->instance, &tenant->child[i],
				       &tenant->member[i]),
			"tenant %u: member binds", number);
	}
}

static void look_at(struct tenant *tenant, const struct tenant *other,
		    unsigned int number, unsigned int i)
{
	struct child *child = &tenant->child[i];
	struct usm_member_info info;
	struct placement place, elsewhere;
	struct pages now;

	require(!pages_read(child->pid, &now), "tenant %u: pagemap", number);
	pages_drop_old(&now, &tenant->before[i]);
	require(!member_info(tenant->instance.dev, tenant->instance.id,
			     tenant->member[i], &info),
		"tenant %u: the module knows the member", number);
	pages_place(&now, &tenant->partition, &place);
	pages_place(&now, &other->partition, &elsewhere);
	check_compare(place.own, >=, BUFFER_PAGES / 2,
		      "tenant %u: pages in the own partition", number);
	check_eq(elsewhere.own, 0, "tenant %u: none in the other's", number);
	check_eq(place.foreign, 0, "tenant %u: none elsewhere in the pool",
		 number);
	check_eq(place.twice, 0, "tenant %u: no frame twice", number);
	check_eq(place.outside, info.fallbacks,
		 "tenant %u: pages outside of the pool are the fallbacks",
		 number);
	check_eq(place.own, info.mapped,
		 "tenant %u: the module counts as many pages", number);
	pages_free(&now);
	pages_free(&tenant->before[i]);
}

static void finish(struct tenant *tenant, unsigned int number)
{
	unsigned int i;

	for (i = 0; i < MEMBERS; i++) {
		child_let(&tenant->child[i], STEP_WRITTEN);
		check_eq(child_end(&tenant->child[i], CHILD_LIMIT_MS), 0,
			 "tenant %u: data reads back right", number);
	}
	check(instance_all_free(tenant->instance.dev, tenant->instance.id,
				false, HOME_LIMIT_MS),
	      "tenant %u: every frame is free again", number);
}

static void round_of_load(struct tenant *tenant, uint64_t *seed)
{
	unsigned int t, i;

	for (t = 0; t < TENANTS; t++)
		start(&tenant[t], t, seed);
	for (t = 0; t < TENANTS; t++)
		for (i = 0; i < MEMBERS; i++)
			child_let(&tenant[t].child[i], 0);
	for (t = 0; t < TENANTS; t++)
		for (i = 0; i < MEMBERS; i++)
			require(child_reached(&tenant[t].child[i],
					      STEP_WRITTEN),
				"tenant %u: writes", t);
	for (t = 0; t < TENANTS; t++)
		require(!partition_read(tenant[t].instance.pid,
					&tenant[t].partition),
			"tenant %u: partition", t);
	for (t = 0; t < TENANTS; t++)
		for (i = 0; i < MEMBERS; i++)
			look_at(&tenant[t], &tenant[1 - t], t, i);
	for (t = 0; t < TENANTS; t++) {
		partition_free(&tenant[t].partition);
		finish(&tenant[t], t);
	}
}

int main(void)
{
	const struct instance_options options[TENANTS] = {
		{ .name = "one", .memory = "32M", .alloc = "first-fit" },
		{ .name = "two",
		  .memory = "32M",
		  .alloc = "extent",
		  .workers = 2 },
	};
	struct usm_instance_info info;
	struct tenant tenant[TENANTS];
	uint64_t seed = 0;
	unsigned int t;
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	for (t = 0; t < TENANTS; t++)
		instance_start(&tenant[t].instance, dev, &options[t]);
	for (; seed < test_count(2, 200); seed++)
		round_of_load(tenant, &seed);
	for (t = 0; t < TENANTS; t++) {
		instance_info(dev, tenant[t].instance.id, &info);
		check_eq(info.bad_commands, 0, "tenant %u: no bad command", t);
		check_eq(instance_stop(&tenant[t].instance), 0,
			 "tenant %u: the daemon ends cleanly", t);
	}
	return test_end();
}
