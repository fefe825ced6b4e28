// SPDX-License-Identifier: GPL-2.0
/*
 * The slice: a daemon's mapping of its own frames, to fill them at swap-in
 * and read them at eviction.  Page by page on demand, ownership checked each
 * time, and taken away before a frame goes to anyone else.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/shmem_fs.h>

#include "compat/compat.h"
#include "device/device.h"
#include "frames/frames.h"
#include "instance/instance.h"
#include "pool/pool.h"

/* Lends its address_space; never holds a page of its own. */
static struct file *anchor;

int usm_slice_init(void)
{
	anchor = shmem_file_setup("usm-slice", 0, VM_NORESERVE);
	return PTR_ERR_OR_ZERO(anchor);
}

void usm_slice_exit(void)
{
	fput(anchor);
}

struct address_space *usm_slice_mapping(void)
{
	return anchor->f_mapping;
}

static vm_fault_t slice_fault(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	struct usm_instance *instance = usm_device_claim_of(file);
	unsigned long frame = vmf->pgoff - (USM_MMAP_SLICE >> PAGE_SHIFT);
	vm_fault_t ret = VM_FAULT_SIGBUS;

	down_read(&instance->slice_sem);
	if (instance->owner_file == file && frame < usm_pool_frames() &&
	    READ_ONCE(usm_frame(frame)->owner) == instance->id &&
	    !READ_ONCE(usm_frame(frame)->withheld))
		ret = vmf_insert_pfn(vmf->vma, vmf->address,
				     usm_pool.base_pfn + frame);
	up_read(&instance->slice_sem);
	return ret;
}

static const struct vm_operations_struct slice_vm_ops = {
	.fault = slice_fault,
};

int usm_slice_mmap(struct vm_area_struct *vma)
{
	unsigned long first = vma->vm_pgoff - (USM_MMAP_SLICE >> PAGE_SHIFT);

	if (!(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	if (first >= usm_pool_frames() ||
	    vma_pages(vma) > usm_pool_frames() - first)
		return -EINVAL;
	vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTCOPY | VM_DONTDUMP |
				  VM_DONTEXPAND);
	vma->vm_ops = &slice_vm_ops;
	return 0;
}

void usm_slice_revoke(const struct usm_runs *runs)
{
	u32 i;

	for (i = 0; i < runs->nr; i++)
		unmap_mapping_range(anchor->f_mapping,
				    USM_MMAP_SLICE + ((loff_t)runs->at[i].first
						      << PAGE_SHIFT),
				    (loff_t)runs->at[i].frames << PAGE_SHIFT,
				    1);
}

void usm_slice_withhold(struct usm_instance *instance, u32 frame)
{
	/* Who did not see the mark yet has put the page in by then. */
	down_write(&instance->slice_sem);
	up_write(&instance->slice_sem);
	unmap_mapping_range(anchor->f_mapping,
			    USM_MMAP_SLICE + ((loff_t)frame << PAGE_SHIFT),
			    PAGE_SIZE, 1);
}
