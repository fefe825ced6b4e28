/* SPDX-License-Identifier: GPL-2.0 */
#ifndef USM_LATENCY_H
#define USM_LATENCY_H

#include <linux/types.h>

struct usm_instance;

/* Bucket of a latency in ns, as described at USM_LATENCY_BUCKETS. Pure. */
unsigned int usm_latency_bucket(u64 ns);
void usm_latency_add(struct usm_instance *instance, u64 ns);

#endif /* USM_LATENCY_H */
