// SPDX-License-Identifier: GPL-2.0
/*
 * How tags pass on: to children of fork, and to the image after exec.
 */
#include <linux/binfmts.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/tracepoint.h>

#include "channel/slots.h"
#include "instance/instance.h"
#include "tags/cgroup.h"
#include "tags/tags.h"

static struct tracepoint *fork_point;
static struct tracepoint *exit_point;

bool usm_tag_still_allowed(const struct usm_tag *tag, struct mm_struct *mm)
{
	return !tag->was_dumpable || get_dumpable(mm) == SUID_DUMP_USER;
}

static void inherit_fork(struct mm_struct *from, struct task_struct *child)
{
	struct usm_tag *tag = usm_tag_find(from);
	bool serving;
	u32 member;

	if (!tag)
		return;
	serving = READ_ONCE(tag->serving) && tag->inherit != USM_INHERIT_NONE &&
		  usm_tag_still_allowed(tag, from);
	/*
	 * A child that does not inherit still maps the parent's frames until
	 * it writes or exits: it gets a tag that only gives hints.
	 */
	if (usm_tag_create(tag->instance, child, child->mm, tag->inherit,
			   serving, tag->member, USM_EVENT_FORK, GFP_ATOMIC,
			   &member))
		pr_warn_ratelimited(
			"pid %d: child of member %u could not be tagged\n",
			child->pid, tag->member);
	usm_tag_put(tag);
}

/*
 * In the parent, before the child first runs: it cannot fault untagged.
 * Preemption is off here.
 */
static void on_fork(void *data, struct task_struct *parent,
		    struct task_struct *child)
{
	if (!child->mm || child->mm == parent->mm)
		return;
	if (parent->mm)
		inherit_fork(parent->mm, child);
	usm_cgroup_forked(child);
}

static void on_exit(void *data, struct task_struct *task)
{
	usm_slots_release(task);
	if (usm_daemon_exits(task))
		usm_instances_check_daemons();
}

void usm_inherit_exec(struct usm_tag *old, struct linux_binprm *bprm)
{
	u32 member;

	/* The old address space has ended by now, unless somebody shares it. */
	if (!READ_ONCE(old->serving) && !READ_ONCE(old->served_to_end))
		return;
	if (old->inherit != USM_INHERIT_ALL)
		return;
	/* A privileged image must not be in the hands of an ordinary policy. */
	if (bprm->secureexec || get_dumpable(current->mm) != SUID_DUMP_USER) {
		pr_info_ratelimited(
			"pid %d (%s): privileged image, tag dropped\n",
			task_tgid_nr(current), current->comm);
		return;
	}
	if (usm_tag_create(old->instance, current, current->mm, old->inherit,
			   true, old->member, USM_EVENT_EXEC,
			   GFP_KERNEL_ACCOUNT, &member))
		pr_warn_ratelimited(
			"pid %d: image after exec could not be tagged\n",
			task_tgid_nr(current));
}

static void match_point(struct tracepoint *point, void *data)
{
	if (!strcmp(point->name, "sched_process_fork"))
		fork_point = point;
	else if (!strcmp(point->name, "sched_process_exit"))
		exit_point = point;
}

int usm_inherit_init(void)
{
	int err;

	for_each_kernel_tracepoint(match_point, NULL);
	if (!fork_point || !exit_point) {
		pr_err("this kernel has no sched_process_fork or sched_process_exit tracepoint\n");
		return -ENOENT;
	}

	err = tracepoint_probe_register(fork_point, on_fork, NULL);
	if (err)
		return err;
	err = tracepoint_probe_register(exit_point, on_exit, NULL);
	if (err)
		goto err_fork;
	return 0;

err_fork:
	tracepoint_probe_unregister(fork_point, on_fork, NULL);
	tracepoint_synchronize_unregister();
	return err;
}

void usm_inherit_exit(void)
{
	tracepoint_probe_unregister(exit_point, on_exit, NULL);
	tracepoint_probe_unregister(fork_point, on_fork, NULL);
	tracepoint_synchronize_unregister();
}
