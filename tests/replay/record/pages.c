/* SPDX-License-Identifier: MIT */
/*
 * usm-record-pages.so - a QEMU plugin that writes which pages a program uses.
 *
 *	qemu-x86_64 -plugin usm-record-pages.so,out=FILE,window=N PROGRAM...
 *
 * Every load and store of the program goes through instance/replay/fold.h; at
 * its end the trace is written.  What the kernel reads and writes on behalf of
 * the program is not seen.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/profile/qemu_plugin.h"
#include "instance/replay/fold.h"

#define PAGE_SHIFT 12

/* Unless window=N says otherwise. */
#define WINDOW 64

__attribute__((visibility("default"))) int qemu_plugin_version =
	QEMU_PLUGIN_VERSION;

/* QEMU has one of each plugin; its threads run the program's in parallel. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct usm_fold *fold;
static const char *out;
static int failed; /* the first error; nothing is noted any more */

static void used(unsigned int cpu, uint32_t info, uint64_t vaddr, void *data)
{
	uint64_t end = vaddr + (1ULL << qemu_plugin_mem_size_shift(info)) - 1;
	bool store = qemu_plugin_mem_is_store(info);

	(void)cpu;
	(void)data;
	pthread_mutex_lock(&lock);
	if (!failed)
		failed = usm_fold_access(fold, vaddr >> PAGE_SHIFT, store);
	if (!failed && end >> PAGE_SHIFT != vaddr >> PAGE_SHIFT)
		failed = usm_fold_access(fold, end >> PAGE_SHIFT, store);
	pthread_mutex_unlock(&lock);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i;

	(void)id;
	for (i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
		qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i),
						 used, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, NULL);
}

static void finish(qemu_plugin_id_t id, void *data)
{
	struct usm_trace trace = { 0 };

	(void)id;
	(void)data;
	pthread_mutex_lock(&lock);
	if (!failed)
		failed = usm_fold_trace(fold, 1U << PAGE_SHIFT, &trace);
	if (!failed)
		failed = usm_trace_write(&trace, out);
	if (failed)
		fprintf(stderr, "usm-record-pages: %s: %s\n", out,
			strerror(-failed));
	usm_trace_fini(&trace);
	/* Nothing is noted from here on. */
	failed = failed ? failed : -1;
	pthread_mutex_unlock(&lock);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
		    char **argv);

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
			int argc, char **argv)
{
	uint32_t window = WINDOW;
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4)) {
			out = strdup(argv[i] + 4);
		} else if (!strncmp(argv[i], "window=", 7)) {
			window = (uint32_t)strtoul(argv[i] + 7, NULL, 10);
		} else {
			fprintf(stderr, "usm-record-pages: \"%s\": unknown\n",
				argv[i]);
			return -1;
		}
	}
	if (!out || usm_fold_create(window, &fold)) {
		fprintf(stderr, "usm-record-pages: needs out=FILE, "
				"and window=N of at least 1\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
