// SPDX-License-Identifier: GPL-2.0
#include <linux/limits.h>
#include <linux/oom.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "compat/compat.h"
#include "compat/symbols.h"
#include "hooks/oom.h"
#include "tags/tags.h"

/*
 * Frames mapped by the process of @task.  Any thread may be the one that still
 * has the address space; the kernel itself looks for it in the same way.
 */
static u32 frames_of(struct task_struct *task)
{
	struct task_struct *thread;
	u32 frames = 0;

	rcu_read_lock();
	for_each_thread(task, thread)
	{
		struct mm_struct *mm;

		task_lock(thread);
		mm = thread->mm;
		if (mm)
			frames = usm_tag_frames(mm);
		task_unlock(thread);
		if (mm)
			break;
	}
	rcu_read_unlock();
	return frames;
}

/* LONG_MIN means "never", and must not become a number of points. */
static long on_badness(struct task_struct *task, unsigned long total)
{
	long points;

	usm_hook_enter();
	points = (long)usm_call2(usm_oom_hook.original, task, total);
	if (points != LONG_MIN)
		points -= frames_of(task);
	usm_hook_leave();
	return points;
}

static void notrace badness_callback(unsigned long ip, unsigned long parent_ip,
				     struct ftrace_ops *ops,
				     struct ftrace_regs *fregs)
{
	if (!usm_hook_own_call(parent_ip))
		usm_ftrace_regs(fregs)->ip = (unsigned long)on_badness;
}

struct usm_hook usm_oom_hook = {
	.names = (const char *const[]){ "oom_badness", NULL },
	.callback = badness_callback,
};
