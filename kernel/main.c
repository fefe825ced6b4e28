// SPDX-License-Identifier: GPL-2.0
/*
 * usm_lkmRM: the mechanism of USM.  Which frame backs a fault of a tagged
 * process, and when, is decided by a daemon in userspace; see api/usm.h.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "compat/pages.h"
#include "compat/symbols.h"
#include "device/device.h"
#include "frames/large.h"
#include "hooks/table.h"
#include "pool/pool.h"
#include "stats/debugfs.h"
#include "tags/cgroup.h"
#include "tags/tags.h"
#include "usm_module.h"

static char *pool = "";
module_param(pool, charp, 0444);
MODULE_PARM_DESC(pool, "Memory to reserve, such as 256M or 1G (required)");

static char *backend = "auto";
module_param(backend, charp, 0444);
MODULE_PARM_DESC(backend,
		 "Where the pool comes from: auto (default), cma, contig");

struct workqueue_struct *usm_wq;

static int __init usm_init(void)
{
	int err;

	err = usm_symbols_init();
	if (err)
		return err;
	err = usm_pages_init();
	if (err)
		return err;

	usm_wq = alloc_workqueue("usm", WQ_UNBOUND, 0);
	if (!usm_wq)
		return -ENOMEM;

	err = usm_pool_init(pool, backend);
	if (err)
		goto err_wq;

	err = usm_slice_init();
	if (err)
		goto err_pool;

	usm_large_init();
	err = usm_inherit_init();
	if (err)
		goto err_slice;

	err = usm_cgroups_init();
	if (err)
		goto err_inherit;

	err = usm_hooks_install();
	if (err)
		goto err_cgroups;

	err = usm_proc_init();
	if (err)
		goto err_hooks;

	usm_debugfs_init();
	err = usm_device_init();
	if (err)
		goto err_debugfs;
	return 0;

err_debugfs:
	usm_debugfs_exit();
	usm_proc_exit();
err_hooks:
	usm_hooks_uninstall();
err_cgroups:
	usm_cgroups_exit();
err_inherit:
	usm_inherit_exit();
err_slice:
	usm_slice_exit();
err_pool:
	usm_pool_exit();
err_wq:
	destroy_workqueue(usm_wq);
	return err;
}

/*
 * Nothing is claimed, tagged or open here: all of those hold a reference on
 * the module.
 */
static void __exit usm_exit(void)
{
	usm_device_exit();
	usm_debugfs_exit();
	usm_proc_exit();
	usm_hooks_uninstall();
	usm_cgroups_exit();
	usm_inherit_exit();
	/* Work items that dropped the last references are still returning. */
	destroy_workqueue(usm_wq);
	usm_slice_exit();
	usm_pool_exit();
}

module_init(usm_init);
module_exit(usm_exit);

MODULE_DESCRIPTION("USM: userspace decides which page backs a fault");
MODULE_AUTHOR("The USM developers");
MODULE_LICENSE("GPL");
