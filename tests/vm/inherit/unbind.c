/* SPDX-License-Identifier: MIT */
#include "common/client.h"
#include "inherit/inherit.h"
#include "lib/check.h"
#include "lib/load.h"
#include "lib/wait.h"

#define PAGES 500
#define MOVE_ON_MS 30000
#define HOME_LIMIT_MS 20000

/* Stacks and data that it goes on using until its end. */
#define KEPT_FRAMES 64

static uint32_t frames_out(const struct instance *instance)
{
	struct usm_instance_info info;

	if (instance_info(instance->dev, instance->id, &info))
		return UINT32_MAX;
	return info.frames[USM_FRAME_MAPPED] + info.frames[USM_FRAME_GRANTED];
}

void test_unbind(const struct instance *instance)
{
	struct usm_instance_info before, after;
	struct child child;

	child_start(&child, load_main, NULL);
	require(child_reached(&child, 0) &&
			!instance_bind(instance, &child, NULL),
		"unbind: a tenant is bound");
	child_let(&child, 0);
	require(load_moves_on(&child, PAGES, MOVE_ON_MS), "unbind: it faults");
	check_eq(usm_client_unbind(instance->dev, instance->id, child.pidfd), 0,
		 "unbind: under load");
	check(wait_until(HOME_LIMIT_MS, frames_out(instance) <= KEPT_FRAMES),
	      "unbind: frames come home as it gives them back");
	instance_info(instance->dev, instance->id, &before);
	check_eq(before.nr_members, 0, "unbind: no member is left");
	check(load_moves_on(&child, PAGES, MOVE_ON_MS), "unbind: it goes on");
	instance_info(instance->dev, instance->id, &after);
	check_eq(after.faults, before.faults, "unbind: it is not served");
	check_eq(instance_fallbacks(&after), instance_fallbacks(&before),
		 "unbind: nor counted");

	check_eq(instance_bind(instance, &child, NULL), 0,
		 "unbind: binds again");
	check(load_moves_on(&child, PAGES, MOVE_ON_MS), "unbind: it goes on");
	instance_info(instance->dev, instance->id, &after);
	check_compare(after.faults, >, before.faults,
		      "unbind: served after the second binding");
	check_eq(load_end(&child, CHILD_LIMIT_MS), 0,
		 "unbind: the data is right");
	check(instance_all_free(instance->dev, instance->id, false,
				HOME_LIMIT_MS),
	      "unbind: every frame is free again");
}
