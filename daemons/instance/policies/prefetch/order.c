/* SPDX-License-Identifier: MIT */
#include "instance/policies/prefetch/order.h"

#include <errno.h>
#include <string.h>

#define VERSION 1U

struct head {
	uint32_t version;
	uint32_t nr_mappings;
	uint32_t nr_pages;
	uint32_t zero;
};

_Static_assert(sizeof(struct head) + sizeof(uint64_t) * USM_MAPPINGS_MAX +
			       sizeof(uint32_t) * USM_ORDER_PAGES <=
		       USM_PREFETCH_MEMORY_MAX,
	       "the longest order can be remembered");

bool usm_order_name(uint32_t mapping, int64_t offset, uint32_t *name)
{
	if (offset < -USM_ORDER_OFFSET_MAX || offset >= USM_ORDER_OFFSET_MAX ||
	    mapping >= USM_MAPPINGS_MAX)
		return false;
	*name = mapping << 24 | (uint32_t)(offset + USM_ORDER_OFFSET_MAX);
	return true;
}

uint32_t usm_order_mapping(uint32_t name)
{
	return name >> 24;
}

int64_t usm_order_offset(uint32_t name)
{
	return (int64_t)(name & 0xffffffU) - USM_ORDER_OFFSET_MAX;
}

static uint32_t size_of(uint32_t nr_mappings, uint32_t nr_pages)
{
	return (uint32_t)(sizeof(struct head) + nr_mappings * sizeof(uint64_t) +
			  nr_pages * sizeof(uint32_t));
}

uint32_t usm_order_encode(const struct usm_order *order, void *data,
			  uint32_t room)
{
	const struct head head = {
		.version = VERSION,
		.nr_mappings = order->nr_mappings,
		.nr_pages = order->nr_pages,
	};
	char *at = data;

	if (head.nr_pages < USM_ORDER_PAGES_MIN ||
	    size_of(head.nr_mappings, head.nr_pages) > room)
		return 0;
	memcpy(at, &head, sizeof(head));
	at += sizeof(head);
	memcpy(at, order->bytes, head.nr_mappings * sizeof(uint64_t));
	at += head.nr_mappings * sizeof(uint64_t);
	memcpy(at, order->page, head.nr_pages * sizeof(uint32_t));
	return size_of(head.nr_mappings, head.nr_pages);
}

int usm_order_decode(const void *data, uint32_t bytes, struct usm_order *out)
{
	const char *at = data;
	struct head head;
	uint32_t i;

	if (bytes < sizeof(head))
		return -EINVAL;
	memcpy(&head, at, sizeof(head));
	at += sizeof(head);
	if (head.version != VERSION || head.zero || !head.nr_mappings ||
	    head.nr_mappings > USM_MAPPINGS_MAX ||
	    head.nr_pages < USM_ORDER_PAGES_MIN ||
	    head.nr_pages > USM_ORDER_PAGES ||
	    bytes != size_of(head.nr_mappings, head.nr_pages))
		return -EINVAL;
	out->nr_mappings = head.nr_mappings;
	out->nr_pages = head.nr_pages;
	memcpy(out->bytes, at, head.nr_mappings * sizeof(uint64_t));
	at += head.nr_mappings * sizeof(uint64_t);
	memcpy(out->page, at, head.nr_pages * sizeof(uint32_t));
	for (i = 0; i < head.nr_pages; i++)
		if (usm_order_mapping(out->page[i]) >= head.nr_mappings)
			return -EINVAL;
	return 0;
}
