// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>

#include "compat/compat.h"
#include "compat/symbols.h"
#include "hooks/hook.h"

/* How often a drain looks again; the calls it waits for take microseconds. */
#define DRAIN_POLL_MS 1

/*
 * Per CPU, so that counting costs no shared cache line; a call may be counted
 * in on one CPU and out on another, only the sum means something.
 */
static DEFINE_PER_CPU(long, active_calls);

void notrace usm_hook_enter(void)
{
	this_cpu_inc(active_calls);
}

void notrace usm_hook_leave(void)
{
	this_cpu_dec(active_calls);
}

bool notrace usm_hook_own_call(unsigned long parent_ip)
{
	return usm_in_text(THIS_MODULE, parent_ip);
}

int usm_hook_install(struct usm_hook *hook)
{
	int err;

	hook->original = usm_symbol(hook->names);
	if (!hook->original && hook->optional)
		return 0;
	if (!hook->original) {
		pr_err("this kernel has no function %s to hook\n",
		       hook->names[0]);
		return -ENOENT;
	}

	hook->ops.func = hook->callback;
	/*
	 * PERMANENT: without it, writing 0 to kernel.ftrace_enabled would
	 * silently disarm the hook; with it that write is refused.  No
	 * RECURSION: callbacks call nothing that is traced, so they need
	 * none of ftrace's guard against it, which costs on every call.
	 */
	hook->ops.flags = FTRACE_OPS_FL_PERMANENT;
	if (!hook->passes_on)
		hook->ops.flags |= FTRACE_OPS_FL_IPMODIFY;

	err = ftrace_set_filter_ip(&hook->ops, hook->original, 0, 0);
	if (err) {
		pr_err("cannot hook %s: not traceable (%d)\n", hook->names[0],
		       err);
		return err;
	}

	err = register_ftrace_function(&hook->ops);
	if (err) {
		if (err == -EBUSY)
			pr_err("cannot hook %s: another owner, such as a live patch, has redirected it, or kernel.ftrace_enabled is 0\n",
			       hook->names[0]);
		else
			pr_err("cannot hook %s (%d)\n", hook->names[0], err);
		ftrace_set_filter_ip(&hook->ops, hook->original, 1, 0);
		return err;
	}

	hook->registered = true;
	return 0;
}

void usm_hook_remove(struct usm_hook *hook)
{
	if (!hook->registered)
		return;
	unregister_ftrace_function(&hook->ops);
	ftrace_set_filter_ip(&hook->ops, hook->original, 1, 0);
	hook->registered = false;
}

static long count_active(void)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) sum += READ_ONCE(per_cpu(active_calls, cpu));
	return sum;
}

void usm_hooks_drain(void)
{
	/*
	 * Tasks preempted between the redirection and usm_hook_enter(), and
	 * then between usm_hook_leave() and the return, are in no count: a
	 * tasks-RCU grace period on both sides covers them.
	 */
	synchronize_rcu_tasks();
	while (count_active() != 0)
		msleep(DRAIN_POLL_MS);
	synchronize_rcu_tasks();
}
