// SPDX-License-Identifier: GPL-2.0
#include <linux/binfmts.h>
#include <linux/capability.h>
#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>

#include "channel/slots.h"
#include "instance/instance.h"
#include "tags/cgroup.h"
#include "tags/tags.h"
#include "usm_module.h"

struct binding {
	struct list_head link; /* RCU, in order of .id */
	u64 id;
	struct cgroup *cgroup; /* with a reference */
	struct usm_instance *instance; /* with a reference */
	u32 inherit;
};

static LIST_HEAD(bindings);
/* Writers of the list; outside all other locks of the module. */
static DEFINE_MUTEX(bindings_lock);
static u32 nr_bindings;
static u64 last_id;

/* ---- who belongs where ------------------------------------------------------ */

/*
 * The innermost binding that @task is under, with a reference to its instance,
 * or NULL.  Any context.
 */
static struct usm_instance *instance_for(struct task_struct *task, u32 *inherit)
{
	struct usm_instance *instance = NULL;
	struct binding *each, *best = NULL;

	if (list_empty(&bindings))
		return NULL;
	rcu_read_lock();
	list_for_each_entry_rcu(
		each, &bindings,
		link) if (task_under_cgroup_hierarchy(task, each->cgroup) &&
			  (!best || each->cgroup->level > best->cgroup->level))
		best = each;
	if (best) {
		instance = best->instance;
		usm_instance_get(instance);
		*inherit = best->inherit;
	}
	rcu_read_unlock();
	return instance;
}

static bool may_be_bound(struct task_struct *task, struct mm_struct *mm)
{
	return !(task->flags & PF_KTHREAD) && !is_global_init(task) &&
	       get_dumpable(mm) == SUID_DUMP_USER;
}

/*
 * Bind @task, whose address space is @mm, if it is under a binding.
 * Nobody swaps either under the caller.  False: it stays as it is.
 */
static bool join(struct task_struct *task, struct mm_struct *mm, gfp_t gfp)
{
	struct usm_instance *instance;
	u32 inherit, member;
	int err;

	if (usm_tag_serves(mm) || !may_be_bound(task, mm))
		return false;
	instance = instance_for(task, &inherit);
	if (!instance)
		return false;
	err = usm_tag_create(instance, task, mm, inherit, true, 0,
			     USM_EVENT_BIND, gfp, &member);
	if (err == -ENOMEM)
		pr_warn_ratelimited(
			"pid %d: no memory to bind it as its cgroup is\n",
			task_tgid_nr(task));
	usm_instance_put(instance);
	return !err;
}

/* The same for any process, from process context. */
static bool join_process(struct task_struct *task)
{
	struct mm_struct *mm;
	bool joined = false;

	if (task->flags & PF_KTHREAD)
		return false;
	/* Exec changes memory and credentials under it. */
	if (down_read_killable(&task->signal->exec_update_lock))
		return false;
	mm = get_task_mm(task);
	if (mm) {
		/* Before its exec, a child of vfork lives in its parent's. */
		if (!READ_ONCE(task->vfork_done))
			joined = join(task, mm, GFP_KERNEL_ACCOUNT);
		mmput(mm);
	}
	up_read(&task->signal->exec_update_lock);
	return joined;
}

/* ---- those that come -------------------------------------------------------- */

void usm_cgroup_forked(struct task_struct *child)
{
	join(child, child->mm, GFP_ATOMIC);
}

static void on_exec(void *data, struct task_struct *task, pid_t old_pid,
		    struct linux_binprm *bprm)
{
	if (!list_empty(&bindings) && !bprm->secureexec)
		join(task, task->mm, GFP_ATOMIC);
}

struct arrival {
	struct work_struct work;
	struct task_struct *task; /* with a reference */
};

static void arrive(struct work_struct *work)
{
	struct arrival *arrival = container_of(work, struct arrival, work);

	join_process(arrival->task);
	put_task_struct(arrival->task);
	kfree(arrival);
}

/* Interrupts are off here: the rest comes in a work item. */
static void on_attach(void *data, struct cgroup *cgroup, const char *path,
		      struct task_struct *task, bool threadgroup)
{
	struct arrival *arrival;

	if (list_empty(&bindings) || !threadgroup)
		return;
	arrival = kmalloc(sizeof(*arrival), GFP_ATOMIC);
	if (!arrival) {
		pr_warn_ratelimited(
			"pid %d: no memory to bind it as its new cgroup is\n",
			task_tgid_nr(task));
		return;
	}
	INIT_WORK(&arrival->work, arrive);
	get_task_struct(task);
	arrival->task = task;
	queue_work(usm_wq, &arrival->work);
}

/* ---- those that are there --------------------------------------------------- */

static u32 collect(struct cgroup *cgroup, struct task_struct **tasks, u32 room)
{
	struct task_struct *task;
	u32 nr = 0;

	rcu_read_lock();
	for_each_process(task) {
		if (!task_under_cgroup_hierarchy(task, cgroup))
			continue;
		if (nr < room) {
			get_task_struct(task);
			tasks[nr] = task;
		}
		nr++;
	}
	rcu_read_unlock();
	return nr;
}

/*
 * The processes under @cgroup, each with a reference.  Those that come after
 * this are not missed: they announce themselves.
 */
static int present(struct cgroup *cgroup, struct task_struct ***out, u32 *nr)
{
	struct task_struct **tasks;
	u32 room = collect(cgroup, NULL, 0) + USM_BATCH_MAX;

	tasks = kvmalloc_array(room, sizeof(*tasks), GFP_KERNEL_ACCOUNT);
	if (!tasks)
		return -ENOMEM;
	*nr = min(collect(cgroup, tasks, room), room);
	*out = tasks;
	return 0;
}

static void put_present(struct task_struct **tasks, u32 nr)
{
	while (nr > 0)
		put_task_struct(tasks[--nr]);
	kvfree(tasks);
}

/* Processes of the cgroup that are bound to @instance are bound no more. */
static u32 dismiss(struct usm_instance *instance, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	struct usm_tag *tag;
	u32 done = 0;

	if (!mm)
		return 0;
	tag = usm_tag_find(mm);
	if (tag && tag->instance == instance && !usm_tag_stop(tag)) {
		usm_slots_withdraw(instance, tag->member);
		done = 1;
	}
	usm_tag_put(tag);
	mmput(mm);
	return done;
}

/* ---- the list ----------------------------------------------------------------- */

static struct binding *find(const struct cgroup *cgroup)
{
	struct binding *each;

	lockdep_assert_held(&bindings_lock);
	list_for_each_entry(each, &bindings, link)
		if (each->cgroup == cgroup)
			return each;
	return NULL;
}

static int add(struct cgroup *cgroup, struct usm_instance *instance,
	       u32 inherit)
{
	struct binding *binding;
	int err = 0;

	binding = kmalloc(sizeof(*binding), GFP_KERNEL_ACCOUNT);
	if (!binding)
		return -ENOMEM;
	binding->cgroup = cgroup;
	binding->instance = instance;
	binding->inherit = inherit;

	mutex_lock(&bindings_lock);
	if (find(cgroup))
		err = -EBUSY;
	else if (nr_bindings >= USM_CGROUPS_MAX)
		err = -ENOSPC;
	else if (READ_ONCE(instance->state) == USM_INSTANCE_DYING)
		err = -ENODEV;
	if (!err) {
		cgroup_get(cgroup);
		usm_instance_get(instance);
		binding->id = ++last_id;
		nr_bindings++;
		list_add_tail_rcu(&binding->link, &bindings);
	}
	mutex_unlock(&bindings_lock);
	if (err)
		kfree(binding);
	return err;
}

/* The caller holds the list's lock, which is given up for a while. */
static void drop(struct binding *binding)
{
	list_del_rcu(&binding->link);
	nr_bindings--;
	mutex_unlock(&bindings_lock);
	/* Readers take a reference of the instance that we still hold. */
	synchronize_rcu();
	cgroup_put(binding->cgroup);
	usm_instance_put(binding->instance);
	kfree(binding);
	mutex_lock(&bindings_lock);
}

/* Its directory is gone; the rest stays for our reference. */
static bool is_removed(const struct cgroup *cgroup)
{
	return !(READ_ONCE(cgroup->self.flags) & CSS_ONLINE);
}

/* Drop all of @instance, or, without one, those of removed cgroups. */
static void drop_some(const struct usm_instance *instance)
{
	struct binding *each, *found;

	mutex_lock(&bindings_lock);
	do {
		found = NULL;
		list_for_each_entry(each, &bindings, link) {
			if (instance ? each->instance == instance
				     : is_removed(each->cgroup)) {
				found = each;
				break;
			}
		}
		if (found)
			drop(found);
	} while (found);
	mutex_unlock(&bindings_lock);
}

void usm_cgroups_forget(struct usm_instance *instance)
{
	drop_some(instance);
}

static void drop_removed(struct work_struct *work)
{
	drop_some(NULL);
}

static DECLARE_WORK(removed_work, drop_removed);

static void on_rmdir(void *data, struct cgroup *cgroup, const char *path)
{
	if (!list_empty(&bindings))
		queue_work(usm_wq, &removed_work);
}

u32 usm_cgroups_list(u64 after, struct usm_cgroup_info *info, u32 room)
{
	struct binding *each;
	u32 filled = 0;

	mutex_lock(&bindings_lock);
	list_for_each_entry(each, &bindings, link) {
		if (each->id <= after)
			continue;
		if (filled == room)
			break;
		memset(&info[filled], 0, sizeof(*info));
		info[filled].id = each->id;
		info[filled].cgroup = cgroup_id(each->cgroup);
		info[filled].instance = each->instance->id;
		info[filled].inherit = each->inherit;
		filled++;
	}
	mutex_unlock(&bindings_lock);
	return filled;
}

/* ---- the commands --------------------------------------------------------------- */

/*
 * Whoever may trace any process: those to come cannot be asked for one by one
 * whether the caller may.
 */
static bool may_bind_cgroups(void)
{
	return capable(CAP_SYS_ADMIN) && capable(CAP_SYS_PTRACE);
}

/* What a command names, with a reference to each. */
static int look_up(u32 id, int cgroup_fd, struct usm_instance **instance,
		   struct cgroup **cgroup)
{
	if (!may_bind_cgroups())
		return -EPERM;
	*instance = usm_instance_by_id(id);
	if (!*instance)
		return -ENODEV;
	*cgroup = cgroup_get_from_fd(cgroup_fd);
	if (IS_ERR(*cgroup)) {
		usm_instance_put(*instance);
		return PTR_ERR(*cgroup);
	}
	return 0;
}

/* The binding of exactly these two is no more; -ENOENT: there was none. */
static int undo(struct cgroup *cgroup, const struct usm_instance *instance)
{
	struct binding *binding;
	int err = -ENOENT;

	mutex_lock(&bindings_lock);
	binding = find(cgroup);
	if (binding && binding->instance == instance) {
		drop(binding);
		err = 0;
	}
	mutex_unlock(&bindings_lock);
	return err;
}

int usm_bind_cgroup(struct usm_bind_cgroup *bind)
{
	struct usm_instance *instance;
	struct task_struct **tasks;
	struct cgroup *cgroup;
	u32 nr, i;
	int err;

	if (bind->flags || bind->reserved0 || bind->reserved1 ||
	    bind->reserved[0] || bind->reserved[1] ||
	    bind->inherit > USM_INHERIT_NONE)
		return -EINVAL;
	err = look_up(bind->instance, bind->cgroup_fd, &instance, &cgroup);
	if (err)
		return err;
	err = add(cgroup, instance, bind->inherit);
	if (err)
		goto out;

	err = present(cgroup, &tasks, &nr);
	if (err) {
		undo(cgroup, instance);
		goto out;
	}
	bind->bound = 0;
	for (i = 0; i < nr; i++)
		if (join_process(tasks[i]))
			bind->bound++;
	bind->skipped = nr - bind->bound;
	bind->cgroup = cgroup_id(cgroup);
	put_present(tasks, nr);
out:
	cgroup_put(cgroup);
	usm_instance_put(instance);
	return err;
}

int usm_unbind_cgroup(struct usm_unbind_cgroup *unbind)
{
	struct usm_instance *instance;
	struct task_struct **tasks;
	struct cgroup *cgroup;
	u32 nr, i;
	int err;

	if (unbind->flags || unbind->reserved[0] || unbind->reserved[1])
		return -EINVAL;
	err = look_up(unbind->instance, unbind->cgroup_fd, &instance, &cgroup);
	if (err)
		return err;
	err = undo(cgroup, instance);
	if (!err)
		err = present(cgroup, &tasks, &nr);
	if (err)
		goto out;
	unbind->unbound = 0;
	for (i = 0; i < nr; i++)
		unbind->unbound += dismiss(instance, tasks[i]);
	put_present(tasks, nr);
out:
	cgroup_put(cgroup);
	usm_instance_put(instance);
	return err;
}

/* ---- tracepoints ------------------------------------------------------------------ */

static struct {
	const char *name;
	void *probe;
	struct tracepoint *point;
} points[] = {
	{ "cgroup_attach_task", on_attach },
	{ "cgroup_rmdir", on_rmdir },
	{ "sched_process_exec", on_exec },
};

static void match_point(struct tracepoint *point, void *data)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(points); i++)
		if (!strcmp(point->name, points[i].name))
			points[i].point = point;
}

static void unregister(size_t nr)
{
	while (nr-- > 0)
		tracepoint_probe_unregister(points[nr].point, points[nr].probe,
					    NULL);
	tracepoint_synchronize_unregister();
}

int usm_cgroups_init(void)
{
	size_t i;
	int err;

	for_each_kernel_tracepoint(match_point, NULL);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		err = -ENOENT;
		if (points[i].point)
			err = tracepoint_probe_register(points[i].point,
							points[i].probe, NULL);
		if (err) {
			pr_err("cannot listen to tracepoint %s (%d)\n",
			       points[i].name, err);
			unregister(i);
			return err;
		}
	}
	return 0;
}

void usm_cgroups_exit(void)
{
	unregister(ARRAY_SIZE(points));
}
