// SPDX-License-Identifier: GPL-2.0
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "instance/dump.h"
#include "instance/instance.h"
#include "stats/debugfs.h"

/* Digits of an id, a dash, a name and its end. */
#define DIRECTORY_SIZE (8 + USM_NAME_SIZE)

static struct dentry *root;

static void seq_line(struct usm_dump_sink *sink, struct va_format *text)
{
	seq_printf(sink->ctx, "%pV\n", text);
}

static int state_show(struct seq_file *file, void *unused)
{
	struct usm_dump_sink sink = { .line = seq_line, .ctx = file };

	usm_dump(file->private, &sink);
	return 0;
}

/*
 * The file holds its instance: who reads it slowly, into memory that waits for
 * this very daemon perhaps, must not keep the instance from ending.
 */
static int state_open(struct inode *inode, struct file *file)
{
	struct usm_instance *instance = inode->i_private;
	int err = single_open(file, state_show, instance);

	if (!err)
		usm_instance_get(instance);
	return err;
}

static int state_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;
	struct usm_instance *instance = seq->private;
	int err = single_release(inode, file);

	usm_instance_put(instance);
	return err;
}

static const struct file_operations state_fops = {
	.owner = THIS_MODULE,
	.open = state_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = state_release,
};

void usm_debugfs_init(void)
{
	root = debugfs_create_dir("usm", NULL);
}

void usm_debugfs_exit(void)
{
	debugfs_remove(root);
}

void usm_debugfs_add(struct usm_instance *instance)
{
	char name[DIRECTORY_SIZE];

	/* The name alone is also that of one on its way out. */
	snprintf(name, sizeof(name), "%u-%s", instance->id, instance->name);
	instance->debugfs = debugfs_create_dir(name, root);
	debugfs_create_file_unsafe("state", 0400, instance->debugfs, instance,
				   &state_fops);
}

void usm_debugfs_remove(struct usm_instance *instance)
{
	debugfs_remove(instance->debugfs);
	instance->debugfs = NULL;
}
