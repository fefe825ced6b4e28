// SPDX-License-Identifier: GPL-2.0
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>

#include "compat/compat.h"
#include "hooks/lruvec.h"
#include "pool/pool.h"

/* Where the kernel has pages that are charged to nobody. */
static struct lruvec *root_lruvec(int node)
{
#ifdef CONFIG_MEMCG
	struct mem_cgroup *root;

	rcu_read_lock();
	/* The first task of all never leaves the root. */
	root = mem_cgroup_from_task(&init_task);
	rcu_read_unlock();
	return &root->nodeinfo[node]->lruvec;
#else
	return &NODE_DATA(node)->__lruvec;
#endif
}

static struct lruvec *on_lruvec_lock(struct folio *folio) __acquires(lru_lock)
{
	struct lruvec *lruvec;

	usm_hook_enter();
	lruvec = root_lruvec(folio_nid(folio));
	spin_lock(&lruvec->lru_lock);
	usm_hook_leave();
	return lruvec;
}

static void notrace lruvec_callback(unsigned long ip, unsigned long parent_ip,
				    struct ftrace_ops *ops,
				    struct ftrace_regs *fregs)
{
	if (!mem_cgroup_disabled() &&
	    usm_pool_contains((void *)usm_ftrace_regs(fregs)->di))
		usm_ftrace_regs(fregs)->ip = (unsigned long)on_lruvec_lock;
}

struct usm_hook usm_lruvec_hook = {
	.names = (const char *const[]){ IS_ENABLED(CONFIG_DEBUG_VM)
						? "folio_lruvec_lock"
						: NULL,
					NULL },
	.callback = lruvec_callback,
	.optional = true,
};
