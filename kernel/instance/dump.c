// SPDX-License-Identifier: GPL-2.0
#include <linux/math64.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "channel/channel.h"
#include "channel/doorbell.h"
#include "channel/slots.h"
#include "instance/dump.h"
#include "instance/instance.h"

static __printf(2, 3) void line(struct usm_dump_sink *sink, const char *format,
				...)
{
	struct va_format text;
	va_list args;

	va_start(args, format);
	text.fmt = format;
	text.va = &args;
	sink->line(sink, &text);
	va_end(args);
}

static const char *state_name(u32 state)
{
	switch (state) {
	case USM_INSTANCE_ATTACHED:
		return "attached";
	case USM_INSTANCE_LOST:
		return "lost";
	case USM_INSTANCE_DYING:
		return "dying";
	case USM_INSTANCE_QUARANTINED:
		return "quarantined";
	default:
		return "being made";
	}
}

static const char *mode_name(u32 on_loss)
{
	switch (on_loss) {
	case USM_ON_LOSS_QUEUE:
		return "queue";
	case USM_ON_LOSS_FAIL:
		return "fail";
	default:
		return "fallback";
	}
}

static void dump_figures(struct usm_dump_sink *sink,
			 const struct usm_instance_info *info)
{
	line(sink,
	     "frames: free %u granted %u mapped %u home %u evicting %u quarantined %u of %u, target %u; evicted pages %u",
	     info->frames[USM_FRAME_FREE], info->frames[USM_FRAME_GRANTED],
	     info->frames[USM_FRAME_MAPPED], info->frames[USM_FRAME_HOME],
	     info->frames[USM_FRAME_EVICTING],
	     info->frames[USM_FRAME_QUARANTINED], info->owned, info->target,
	     info->evicted);
	line(sink,
	     "faults: %llu served: %llu upcalls %llu magazine %llu range; %llu around; evictions %llu swap-ins %llu retaken %llu",
	     info->faults, info->upcalls, info->magazine, info->range,
	     info->around, info->evictions, info->swapins, info->retaken);
	line(sink,
	     "fallbacks: no daemon %llu late %llu refused %llu no slot %llu context %llu quarantined %llu",
	     info->fallbacks[USM_FALLBACK_NO_DAEMON],
	     info->fallbacks[USM_FALLBACK_LATE],
	     info->fallbacks[USM_FALLBACK_REFUSED],
	     info->fallbacks[USM_FALLBACK_NO_SLOT],
	     info->fallbacks[USM_FALLBACK_CONTEXT],
	     info->fallbacks[USM_FALLBACK_QUARANTINED]);
	line(sink,
	     "freed %llu, bad commands %llu, quarantines %llu, wakes by the kernel %llu, waker notified %llu",
	     info->freed, info->bad_commands, info->quarantines,
	     info->wakes_kernel, info->waker_notified);
}

static void dump_slots(struct usm_instance *instance,
		       struct usm_dump_sink *sink)
{
	struct usm_slots_view view;

	usm_slots_look(instance, &view);
	if (view.pending == 0) {
		line(sink, "slots: %u of %u used, none pending", view.used,
		     instance->nr_slots);
		return;
	}
	line(sink,
	     "slots: %u of %u used, %u pending, oldest: slot %u kind %u member %u at %#lx for %llu ms",
	     view.used, instance->nr_slots, view.pending, view.oldest,
	     view.kind, view.member, view.addr,
	     div_u64(ktime_get_ns() - view.posted_ns, NSEC_PER_MSEC));
}

static void dump_workers(struct usm_instance *instance,
			 struct usm_dump_sink *sink)
{
	struct usm_worker_view view;
	u32 i;

	for (i = 0; usm_worker_look(instance, i, &view); i++)
		line(sink,
		     "worker %u: tid %d (%s) state %c%s cpu %u, doorbell %s seq %u wakes %llu/%llu/%llu/%llu",
		     i, view.tid, view.comm, view.task_state,
		     view.on_cpu ? " running on" : " last on", view.cpu,
		     view.bell_state == USM_WORKER_ASLEEP    ? "asleep"
		     : view.bell_state == USM_WORKER_RUNNING ? "running"
							     : "absent",
		     view.seq, view.wakes[USM_WAKE_SELF],
		     view.wakes[USM_WAKE_WAKER], view.wakes[USM_WAKE_UIPI],
		     view.wakes[USM_WAKE_KERNEL]);
}

static void dump_notices(struct usm_instance *instance,
			 struct usm_dump_sink *sink)
{
	u64 head = 0, tail = 0, lost = 0;
	bool there = false;

	spin_lock(&instance->lock);
	if (instance->channel) {
		struct usm_notices *notices = instance->channel->notices;

		/* What stands there is the daemon's word: only shown. */
		head = READ_ONCE(notices->head);
		tail = READ_ONCE(notices->tail);
		lost = READ_ONCE(notices->lost);
		there = true;
	}
	spin_unlock(&instance->lock);
	if (there)
		line(sink, "notices: head %llu tail %llu lost %llu", head, tail,
		     lost);
}

void usm_dump(struct usm_instance *instance, struct usm_dump_sink *sink)
{
	struct usm_instance_info *info = kmalloc(sizeof(*info), GFP_KERNEL);
	int daemon;

	if (!info)
		return;
	usm_instance_describe(instance, info);
	spin_lock(&instance->lock);
	daemon = instance->daemon ? pid_nr(instance->daemon) : 0;
	spin_unlock(&instance->lock);

	line(sink,
	     "instance %u \"%s\": %s, daemon %d, on loss %s, deadline %u ms, %u members, %u workers",
	     info->instance, info->name, state_name(info->state), daemon,
	     mode_name(info->on_loss), READ_ONCE(instance->deadline_ms),
	     info->nr_members, READ_ONCE(instance->nr_workers));
	dump_figures(sink, info);
	dump_slots(instance, sink);
	dump_workers(instance, sink);
	dump_notices(instance, sink);
	kfree(info);
}

static void log_line(struct usm_dump_sink *sink, struct va_format *text)
{
	pr_info("  %pV\n", text);
}

void usm_dump_log(struct usm_instance *instance)
{
	struct usm_dump_sink sink = { .line = log_line };

	usm_dump(instance, &sink);
}
