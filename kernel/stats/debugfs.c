// SPDX-License-Identifier: GPL-2.0
#include <linux/debugfs.h>
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
DEFINE_SHOW_ATTRIBUTE(state);

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
	debugfs_create_file("state", 0400, instance->debugfs, instance,
			    &state_fops);
}

void usm_debugfs_remove(struct usm_instance *instance)
{
	debugfs_remove(instance->debugfs);
	instance->debugfs = NULL;
}
