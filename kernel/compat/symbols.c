// SPDX-License-Identifier: GPL-2.0
#include <linux/kprobes.h>
#include <linux/printk.h>
#include <linux/uaccess.h>

#include "compat/symbols.h"

#define ENDBR64 0xfa1e0ff3u
/* What the kernel writes over a landing pad that it found unused. */
#define ENDBR64_ERASED 0x001f0f66u
#define ENDBR_SIZE 4

static struct {
	unsigned long ptrace_may_access;
	unsigned long pidfd_get_task;
} symbols;

/* A kprobe lands behind the landing pad; callers want the entry itself. */
static unsigned long before_landing_pad(unsigned long address)
{
	u32 word;

	if (copy_from_kernel_nofault(&word, (void *)(address - ENDBR_SIZE),
				     sizeof(word)))
		return address;
	if (word == ENDBR64 || word == ENDBR64_ERASED)
		return address - ENDBR_SIZE;
	return address;
}

unsigned long usm_symbol(const char *const *names)
{
	for (; *names; names++) {
		struct kprobe probe = { .symbol_name = *names };
		unsigned long address;

		if (register_kprobe(&probe))
			continue;
		address = (unsigned long)probe.addr;
		unregister_kprobe(&probe);
		return before_landing_pad(address);
	}
	return 0;
}

static int resolve(const char *name, unsigned long *address)
{
	const char *const names[] = { name, NULL };

	*address = usm_symbol(names);
	if (*address)
		return 0;
	pr_err("this kernel has no function %s\n", name);
	return -ENOENT;
}

int usm_symbols_init(void)
{
	int err;

	err = resolve("ptrace_may_access", &symbols.ptrace_may_access);
	if (err)
		return err;
	return resolve("pidfd_get_task", &symbols.pidfd_get_task);
}

bool usm_ptrace_may_access(struct task_struct *task, unsigned int mode)
{
	return (bool)(u8)usm_call(symbols.ptrace_may_access,
				  (unsigned long)task, mode);
}

struct task_struct *usm_pidfd_get_task(int pidfd, unsigned int *flags)
{
	return (struct task_struct *)usm_call(symbols.pidfd_get_task,
					      (unsigned long)pidfd,
					      (unsigned long)flags);
}
