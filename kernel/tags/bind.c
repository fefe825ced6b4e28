// SPDX-License-Identifier: GPL-2.0
/*
 * Binding by pidfd.  Nobody gains rights through it: a policy daemon can read
 * and write the memory of its members, so the caller must be allowed to
 * ptrace the process, as a debugger would.
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "channel/slots.h"
#include "compat/symbols.h"
#include "instance/instance.h"
#include "moves/moves.h"
#include "tags/tags.h"

static bool may_bind_to(struct usm_instance *instance)
{
	return capable(CAP_SYS_ADMIN) ||
	       uid_eq(current_euid(), instance->owner);
}

/*
 * The process behind @pidfd and its address space, checked; both with a
 * reference.  exec_update_lock is held for reading on success: exec cannot
 * swap credentials or memory until the caller is done.
 */
static int get_target(int pidfd, struct task_struct **task,
		      struct mm_struct **mm)
{
	struct task_struct *t;
	struct mm_struct *m;
	unsigned int flags;
	int err;

	t = usm_pidfd_get_task(pidfd, &flags);
	if (IS_ERR(t))
		return PTR_ERR(t);

	err = -EPERM;
	if (t->flags & PF_KTHREAD || is_global_init(t))
		goto err_task;

	err = down_read_killable(&t->signal->exec_update_lock);
	if (err)
		goto err_task;

	m = get_task_mm(t);
	err = -ESRCH;
	if (!m)
		goto err_lock;

	err = -EPERM;
	if (!usm_ptrace_may_access(t, PTRACE_MODE_ATTACH_REALCREDS))
		goto err_mm;

	*task = t;
	*mm = m;
	return 0;

err_mm:
	mmput(m);
err_lock:
	up_read(&t->signal->exec_update_lock);
err_task:
	put_task_struct(t);
	return err;
}

static void put_target(struct task_struct *task, struct mm_struct *mm)
{
	up_read(&task->signal->exec_update_lock);
	mmput(mm);
	put_task_struct(task);
}

int usm_bind(struct usm_bind *bind)
{
	struct usm_instance *instance;
	struct task_struct *task;
	struct mm_struct *mm;
	int err;

	if (bind->flags || bind->reserved0 || bind->reserved[0] ||
	    bind->reserved[1] || bind->inherit > USM_INHERIT_NONE)
		return -EINVAL;

	instance = usm_instance_by_id(bind->instance);
	if (!instance)
		return -ENODEV;
	err = -EPERM;
	if (!may_bind_to(instance))
		goto out_instance;

	err = get_target(bind->pidfd, &task, &mm);
	if (err)
		goto out_instance;
	err = usm_tag_create(instance, task, mm, bind->inherit, true, 0,
			     USM_EVENT_BIND, GFP_KERNEL_ACCOUNT, &bind->member);
	put_target(task, mm);
out_instance:
	usm_instance_put(instance);
	return err;
}

int usm_unbind(struct usm_unbind *unbind)
{
	struct usm_instance *instance;
	struct task_struct *task;
	struct mm_struct *mm;
	struct usm_tag *tag;
	int err;

	bool drain = unbind->flags & USM_UNBIND_DRAIN;

	if (unbind->flags & ~USM_UNBIND_DRAIN || unbind->reserved0 ||
	    unbind->reserved[0] || unbind->reserved[1] ||
	    unbind->addr & ~PAGE_MASK ||
	    (!drain && (unbind->limit || unbind->addr)))
		return -EINVAL;

	unbind->drained = 0;
	unbind->busy = 0;
	unbind->evicted = 0;
	instance = usm_instance_by_id(unbind->instance);
	if (!instance)
		return -ENODEV;
	err = -EPERM;
	if (!may_bind_to(instance))
		goto out_instance;

	err = get_target(unbind->pidfd, &task, &mm);
	if (err)
		goto out_instance;
	tag = usm_tag_of(mm, instance);
	err = tag ? usm_tag_stop(tag) : -ENOENT;
	if (!err)
		usm_slots_withdraw(instance, tag->member);
	else if (tag && drain)
		err = 0; /* It goes on. */
	usm_tag_put(tag);
	/* Longer than exec of the process should have to wait. */
	if (!err && drain)
		mmget(mm);
	put_target(task, mm);
	if (!err && drain) {
		err = usm_drain(instance, mm, unbind);
		mmput(mm);
	}
out_instance:
	usm_instance_put(instance);
	return err;
}
