// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

/* A module's memory is described by kind; before, as one piece. */
unsigned long probe(const struct module *module);

unsigned long probe(const struct module *module)
{
	return (unsigned long)module->mem[MOD_TEXT].base;
}
