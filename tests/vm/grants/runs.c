/* SPDX-License-Identifier: MIT */
#include "grants/runs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/client.h"
#include "grants/grants.h"
#include "lib/check.h"
#include "lib/file.h"
#include "lib/pattern.h"
#include "lib/wait.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define KPF_COMPOUND_HEAD (1ULL << 15)
#define KPF_COMPOUND_TAIL (1ULL << 16)

#define STATS "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/stats/"

#define FRAMES 8192
#define HOME_LIMIT_MS 20000

long long large_stat(const char *name)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), STATS "%s", name);
	return file_read(path, text, sizeof(text)) > 0 ? atoll(text) : -1;
}

void runs_open(struct runs *runs, uint32_t pages)
{
	struct usm_info info;
	uint64_t pfn;

	grants_open(&runs->daemon, FRAMES);
	member_start(&runs->member, &runs->daemon, pages);
	member_do(&runs->member, ORDER_HUGE, 0, pages);
	if (usm_client_info(runs->daemon.dev, &info))
		require(false, "runs: the module says what it can do");
	runs->large = info.features & USM_FEATURE_LARGE;
	runs->first = grants_first(&runs->daemon);
	runs->freed_fd =
		open("/proc/usmPgs", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (runs->freed_fd < 0)
		require(false, "runs: /proc/usmPgs opens");
	pfn = info.base_pfn + runs->first;
	runs->first += (uint32_t)(-pfn % RUN_PAGES_MAX);
}

void runs_close(struct runs *runs, const char *what)
{
	member_end(&runs->member);
	grants_all_home(&runs->daemon, what);
	close(runs->freed_fd);
	raw_daemon_close(&runs->daemon);
}

int runs_grant(struct runs *runs, uint32_t page, uint32_t pages, uint8_t order,
	       uint8_t flags)
{
	const struct usm_grant_entry entry = {
		.addr = member_page(&runs->member, page),
		.member = runs->member.id,
		.first = runs->first + page,
		.frames = pages,
		.order = order,
		.flags = flags,
	};

	return grants_range(&runs->daemon, &entry);
}

uint32_t runs_misplaced(const struct runs *runs, uint32_t from, uint32_t to)
{
	uint32_t i, wrong = 0;

	for (i = from; i < to; i++)
		wrong += member_frame(&runs->member, &runs->daemon, i) !=
			 runs->first + i;
	return wrong;
}

uint32_t runs_not_of(const struct runs *runs, uint32_t from, uint32_t to,
		     uint8_t order)
{
	uint64_t first = runs->daemon.claim.base_pfn + runs->first;
	uint32_t i, wrong = 0;
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);

	for (i = from; i < to; i++) {
		uint64_t flags = 0, expected = KPF_COMPOUND_TAIL;

		if (order == 0)
			expected = 0;
		else if (i % (1U << order) == 0)
			expected = KPF_COMPOUND_HEAD;
		if (pread(fd, &flags, sizeof(flags),
			  (off_t)((first + i) * sizeof(flags))) !=
		    sizeof(flags))
			require(false, "runs: /proc/kpageflags");
		flags &= KPF_COMPOUND_HEAD | KPF_COMPOUND_TAIL;
		wrong += flags != expected;
	}
	close(fd);
	return wrong;
}

void runs_fetch(struct runs *runs)
{
	uint64_t pfns[512];

	usm_client_scan(runs->daemon.dev, NULL);
	while (read(runs->freed_fd, pfns, sizeof(pfns)) > 0)
		;
}

static bool all_home(struct runs *runs, uint32_t from, uint32_t to)
{
	uint32_t i;

	runs_fetch(runs);
	for (i = from; i < to; i++)
		if (raw_daemon_frame(&runs->daemon, runs->first + i) !=
		    USM_FRAME_FREE)
			return false;
	return true;
}

bool runs_home(struct runs *runs, uint32_t from, uint32_t to)
{
	return wait_until(HOME_LIMIT_MS, all_home(runs, from, to));
}
