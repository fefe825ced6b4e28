// SPDX-License-Identifier: GPL-2.0
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "tags/tags.h"

struct daemon {
	struct list_head link;
	struct mm_struct *mm;
	struct pid *pid;
};

static LIST_HEAD(daemons);
/* Innermost: taken under the tag table's lock. */
static DEFINE_SPINLOCK(daemons_lock);

int usm_daemon_register(struct mm_struct *mm)
{
	struct daemon *daemon;

	if (usm_daemon_is(mm))
		return -EBUSY;
	daemon = kmalloc(sizeof(*daemon), GFP_KERNEL_ACCOUNT);
	if (!daemon)
		return -ENOMEM;
	mmgrab(mm);
	daemon->mm = mm;
	daemon->pid = get_pid(task_tgid(current));
	spin_lock(&daemons_lock);
	list_add(&daemon->link, &daemons);
	spin_unlock(&daemons_lock);

	/*
	 * In this order: a tag that is being inserted now either sees us in
	 * the list or is seen here.
	 */
	if (usm_tag_exists(mm)) {
		usm_daemon_unregister(mm);
		return -EPERM;
	}
	return 0;
}

void usm_daemon_unregister(struct mm_struct *mm)
{
	struct daemon *daemon, *found = NULL;

	spin_lock(&daemons_lock);
	list_for_each_entry(daemon, &daemons, link) {
		if (daemon->mm == mm) {
			found = daemon;
			list_del(&daemon->link);
			break;
		}
	}
	spin_unlock(&daemons_lock);
	if (!found)
		return;
	mmdrop(mm);
	put_pid(found->pid);
	kfree(found);
}

bool usm_daemon_is(const struct mm_struct *mm)
{
	struct daemon *daemon;
	bool found = false;

	spin_lock(&daemons_lock);
	list_for_each_entry(daemon, &daemons, link) {
		if (daemon->mm == mm) {
			found = true;
			break;
		}
	}
	spin_unlock(&daemons_lock);
	return found;
}

bool usm_daemon_exits(struct task_struct *task)
{
	struct daemon *daemon;
	bool found = false;

	if (atomic_read(&task->signal->live) > 0)
		return false;
	spin_lock(&daemons_lock);
	list_for_each_entry(daemon, &daemons, link) {
		if (daemon->pid == task_tgid(task)) {
			found = true;
			break;
		}
	}
	spin_unlock(&daemons_lock);
	return found;
}

bool usm_daemon_gone(struct pid *pid)
{
	struct task_struct *task;
	bool gone;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	gone = !task || atomic_read(&task->signal->live) == 0;
	rcu_read_unlock();
	return gone;
}
