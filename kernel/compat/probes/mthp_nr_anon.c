// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/percpu.h>

void probe(struct mthp_stat __percpu *stats);

/* Large anonymous folios are counted by order. */
void probe(struct mthp_stat __percpu *stats)
{
	this_cpu_add(stats->stats[2][MTHP_STAT_NR_ANON], -1);
}
