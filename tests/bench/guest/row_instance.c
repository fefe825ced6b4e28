/* SPDX-License-Identifier: MIT */
/*
 * Upcalls to the real daemon with its real policy, that decides by itself
 * whether its worker polls or sleeps.
 */
#include <inttypes.h>
#include <sched.h>
#include <unistd.h>

#include "bench/guest/cpu.h"
#include "bench/guest/expect.h"
#include "common/client.h"
#include "lib/instance.h"
#include "lib/wait.h"

#define PAGES 64

/* Frames come home by themselves, some milliseconds after they were let go. */
#define HOME_MS 5

int row_instance_start(struct bench *bench)
{
	static const struct instance_options options = {
		.name = "bench-instance",
		.memory = "32M",
	};
	int pidfd, err;

	/* It looks at how many processors it may run on. */
	cpu_unpin();
	instance_start(&bench->instance, bench->policy.dev, &options);
	cpu_pin(0, bench->other_cpu);
	err = usm_client_pidfd(bench->tenant.pid, &pidfd);
	if (err)
		return err;
	err = usm_client_bind(bench->policy.dev, bench->instance.id, pidfd,
			      USM_INHERIT_ALL, NULL);
	close(pidfd);
	return err;
}

enum verdict row_upcall_instance(struct bench *bench, double *value)
{
	const struct expectation want = {
		.toucher = &bench->tenant,
		.region = REGION_SMALL,
		.pages = PAGES,
		.faults = PAGES,
		.run = 1,
		.place = PLACE_POOL,
	};
	struct usm_instance_info before, after;
	enum verdict verdict;
	uint64_t upcalls;

	if (instance_info(bench->policy.dev, bench->instance.id, &before))
		return invalid(bench, "no instance");
	verdict = touch_as_expected(bench, &want, value);
	if (verdict == VALID &&
	    instance_info(bench->policy.dev, bench->instance.id, &after))
		verdict = invalid(bench, "no instance");
	toucher_reset(&bench->tenant, REGION_SMALL);
	pause_ms(HOME_MS);
	if (verdict != VALID)
		return verdict;
	upcalls = after.upcalls - before.upcalls;
	if (upcalls != PAGES ||
	    instance_fallbacks(&after) != instance_fallbacks(&before))
		return invalid(bench, "%" PRIu64 " upcalls for %u pages",
			       upcalls, PAGES);
	return VALID;
}
