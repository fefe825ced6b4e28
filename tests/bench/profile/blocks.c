/* SPDX-License-Identifier: MIT */
/*
 * blocks.so - a QEMU plugin that counts how often each translated block runs
 * between the guest's markers (marker.h).  At the end it writes one line per
 * block to the file named in USM_BENCH_BLOCKS: address, instructions, runs.
 * For one processor: the counters are not atomic.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/marker.h"
#include "bench/profile/qemu_plugin.h"

struct block {
	struct block *next;
	uint64_t address;
	uint64_t instructions;
	uint64_t runs; /* since power-on, counted by the translated code */
	uint64_t runs_before; /* when the marked stretch began */
	uint64_t marked; /* inside of marked stretches */
};

__attribute__((visibility("default"))) int qemu_plugin_version =
	QEMU_PLUGIN_VERSION;

static struct block *blocks;

static void begin(unsigned int cpu, void *data)
{
	struct block *block;

	(void)cpu;
	(void)data;
	for (block = blocks; block; block = block->next)
		block->runs_before = block->runs;
}

static void end(unsigned int cpu, void *data)
{
	struct block *block;

	(void)cpu;
	(void)data;
	for (block = blocks; block; block = block->next) {
		block->marked += block->runs - block->runs_before;
		block->runs_before = block->runs;
	}
}

static void watch_marker(struct qemu_plugin_insn *insn)
{
	const unsigned char *bytes = qemu_plugin_insn_data(insn);
	uint32_t displacement;

	if (qemu_plugin_insn_size(insn) != MARKER_BYTES ||
	    memcmp(bytes, MARKER_OPCODE, MARKER_OPCODE_BYTES) != 0)
		return;
	memcpy(&displacement, bytes + MARKER_OPCODE_BYTES,
	       sizeof(displacement));
	if (displacement == MARKER_BEGIN || displacement == MARKER_END)
		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, displacement == MARKER_BEGIN ? begin : end,
			QEMU_PLUGIN_CB_NO_REGS, NULL);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *block = calloc(1, sizeof(*block));
	size_t i;

	(void)id;
	if (!block)
		return;
	block->address = qemu_plugin_tb_vaddr(tb);
	block->instructions = qemu_plugin_tb_n_insns(tb);
	block->next = blocks;
	blocks = block;
	for (i = 0; i < block->instructions; i++)
		watch_marker(qemu_plugin_tb_get_insn(tb, i));
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
						 &block->runs, 1);
}

static void finish(qemu_plugin_id_t id, void *data)
{
	const char *path = getenv("USM_BENCH_BLOCKS");
	FILE *file = path ? fopen(path, "we") : NULL;
	struct block *block;

	(void)id;
	(void)data;
	if (!file)
		return;
	for (block = blocks; block; block = block->next)
		if (block->marked)
			fprintf(file,
				"%016" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
				block->address, block->instructions,
				block->marked);
	fclose(file);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
		    char **argv);

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
			int argc, char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
