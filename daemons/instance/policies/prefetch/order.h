/* SPDX-License-Identifier: MIT */
/*
 * order.h - in which order a process had its pages brought back, in a form that
 * the next process of the program can use.
 *
 * Pages are named by mapping and distance from its start (mappings.h).  Written
 * down it is, little-endian: the version, the number of mappings, the number of
 * pages, a zero, 32 bits each; the bytes of each mapping, 64 bits; the pages,
 * 32 bits each.
 */
#ifndef USM_INSTANCE_POLICIES_PREFETCH_ORDER_H
#define USM_INSTANCE_POLICIES_PREFETCH_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "instance/policies/prefetch/mappings.h"

/*
 * Pages of one order: what can be remembered of a program
 * (USM_PREFETCH_MEMORY_MAX), and more than a minute of waiting for a disk that
 * takes 5 ms for each.
 */
#define USM_ORDER_PAGES 14336U

/* An order of fewer says nothing about a program. */
#define USM_ORDER_PAGES_MIN 16U

/* How far from a mapping's start a page may be: 32 GiB, what 24 bits hold. */
#define USM_ORDER_OFFSET_MAX (1 << 23)

struct usm_order {
	uint32_t nr_mappings;
	uint32_t nr_pages;
	uint64_t bytes[USM_MAPPINGS_MAX]; /* of each mapping when first seen */
	uint32_t page[USM_ORDER_PAGES];
};

/* The name of a page.  False: it has none, it is too far away. */
bool usm_order_name(uint32_t mapping, int64_t offset, uint32_t *name);

/* What a name stands for. */
uint32_t usm_order_mapping(uint32_t name);
int64_t usm_order_offset(uint32_t name);

/* Writes one down; 0: it is too short, or there is no room. */
uint32_t usm_order_encode(const struct usm_order *order, void *data,
			  uint32_t room);

/*
 * Reads one; every byte is checked.  -EINVAL: it is none; *out is undefined
 * then.
 */
int usm_order_decode(const void *data, uint32_t bytes, struct usm_order *out);

#endif /* USM_INSTANCE_POLICIES_PREFETCH_ORDER_H */
