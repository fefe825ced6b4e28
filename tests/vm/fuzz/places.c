/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "fuzz/fuzz.h"
#include "lib/check.h"
#include "lib/pagemap.h"
#include "lib/partition.h"
#include "lib/wait.h"

#define STOP_LIMIT_MS 5000

/* Those in the pool: what was forked with the test is shared, outside of it. */
static void append_in_pool(struct pages *all, const struct pages *some,
			   const struct partition *partition)
{
	size_t i;

	all->at = realloc(all->at, (all->nr + some->nr + 1) * sizeof(*all->at));
	if (!all->at)
		abort();
	for (i = 0; i < some->nr; i++)
		if (partition_in_pool(partition, some->at[i].pfn))
			all->at[all->nr++] = some->at[i];
}

/*
 * One that waits for an evicted page whose request the daemon has overwritten
 * cannot stop: only killing helps.
 */
static bool stops(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	kill(pid, SIGSTOP);
	return wait_until(STOP_LIMIT_MS,
			  !waitid(P_PID, (id_t)pid, &info,
				  WSTOPPED | WEXITED | WNOHANG | WNOWAIT) &&
				  info.si_pid) &&
	       info.si_code == CLD_STOPPED;
}

void check_places(const struct child *tenants, uint32_t nr, pid_t daemon,
		  const char *whose)
{
	struct pages all = { 0 }, pages;
	struct partition partition;
	struct placement place;
	uint32_t i, read = 0;
	int err = partition_read(daemon, &partition);

	if (!check_eq(err, 0, "the %s partition is read", whose))
		return;
	for (i = 0; i < nr; i++) {
		if (!stops(tenants[i].pid) ||
		    pages_read(tenants[i].pid, &pages))
			continue;
		append_in_pool(&all, &pages, &partition);
		pages_free(&pages);
		read++;
	}
	test_note("%u of %u tenants read, %zu frames", read, nr, all.nr);
	if (!pages_place(&all, &partition, &place)) {
		check_eq(place.foreign, 0,
			 "no frame outside of the %s partition", whose);
		check_eq(place.twice, 0, "no frame twice");
	}
	for (i = 0; i < nr; i++)
		kill(tenants[i].pid, SIGCONT);
	free(all.at);
	partition_free(&partition);
}
