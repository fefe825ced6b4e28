/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: /sys/kernel/tracing/events/usm. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM usm

#if !defined(USM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define USM_TRACE_H

#include <linux/tracepoint.h>

#include "usm.h"

/* The layout of the kernel's own event headers, which no formatter knows. */
/* clang-format off */

/* Numbers for the readers of the formats, who know no names of ours. */
TRACE_DEFINE_ENUM(USM_FALLBACK_NO_DAEMON);
TRACE_DEFINE_ENUM(USM_FALLBACK_LATE);
TRACE_DEFINE_ENUM(USM_FALLBACK_REFUSED);
TRACE_DEFINE_ENUM(USM_FALLBACK_NO_SLOT);
TRACE_DEFINE_ENUM(USM_FALLBACK_CONTEXT);
TRACE_DEFINE_ENUM(USM_FALLBACK_QUARANTINED);

/* A fault of a member that concerns us, on its way into the kernel's handler. */
TRACE_EVENT(usm_fault,
	TP_PROTO(u32 instance, u32 member, unsigned long addr,
		 unsigned int flags),
	TP_ARGS(instance, member, addr, flags),
	TP_STRUCT__entry(
		__field(u32, instance)
		__field(u32, member)
		__field(unsigned long, addr)
		__field(unsigned int, flags)
	),
	TP_fast_assign(
		__entry->instance = instance;
		__entry->member = member;
		__entry->addr = addr;
		__entry->flags = flags;
	),
	TP_printk("instance=%u member=%u addr=0x%lx flags=0x%x",
		  __entry->instance, __entry->member, __entry->addr,
		  __entry->flags)
);

/* A request is put before a daemon. */
TRACE_EVENT(usm_upcall,
	TP_PROTO(u32 instance, u32 slot, u32 gen, u32 member,
		 unsigned long addr, u32 kind),
	TP_ARGS(instance, slot, gen, member, addr, kind),
	TP_STRUCT__entry(
		__field(u32, instance)
		__field(u32, slot)
		__field(u32, gen)
		__field(u32, member)
		__field(unsigned long, addr)
		__field(u32, kind)
	),
	TP_fast_assign(
		__entry->instance = instance;
		__entry->slot = slot;
		__entry->gen = gen;
		__entry->member = member;
		__entry->addr = addr;
		__entry->kind = kind;
	),
	TP_printk("instance=%u slot=%u gen=%u member=%u addr=0x%lx kind=%s",
		  __entry->instance, __entry->slot, __entry->gen,
		  __entry->member, __entry->addr,
		  __print_symbolic(__entry->kind, { 0, "anon" }, { 1, "cow" },
				   { 2, "file-cow" }, { 3, "swapin" }))
);

/* A frame was chosen for a fault, or comes home. */
DECLARE_EVENT_CLASS(usm_frame_event,
	TP_PROTO(u32 instance, u32 frame),
	TP_ARGS(instance, frame),
	TP_STRUCT__entry(
		__field(u32, instance)
		__field(u32, frame)
	),
	TP_fast_assign(
		__entry->instance = instance;
		__entry->frame = frame;
	),
	TP_printk("instance=%u frame=%u", __entry->instance, __entry->frame)
);

DEFINE_EVENT(usm_frame_event, usm_grant,
	TP_PROTO(u32 instance, u32 frame),
	TP_ARGS(instance, frame)
);

DEFINE_EVENT(usm_frame_event, usm_free,
	TP_PROTO(u32 instance, u32 frame),
	TP_ARGS(instance, frame)
);

DECLARE_EVENT_CLASS(usm_page_event,
	TP_PROTO(u32 instance, u32 member, unsigned long addr, u32 frame),
	TP_ARGS(instance, member, addr, frame),
	TP_STRUCT__entry(
		__field(u32, instance)
		__field(u32, member)
		__field(unsigned long, addr)
		__field(u32, frame)
	),
	TP_fast_assign(
		__entry->instance = instance;
		__entry->member = member;
		__entry->addr = addr;
		__entry->frame = frame;
	),
	TP_printk("instance=%u member=%u addr=0x%lx frame=%u",
		  __entry->instance, __entry->member, __entry->addr,
		  __entry->frame)
);

/* A frame goes into a member's page table. */
DEFINE_EVENT(usm_page_event, usm_map,
	TP_PROTO(u32 instance, u32 member, unsigned long addr, u32 frame),
	TP_ARGS(instance, member, addr, frame)
);

/* A marker is in its place; the frame holds the data until it is stored. */
DEFINE_EVENT(usm_page_event, usm_evict,
	TP_PROTO(u32 instance, u32 member, unsigned long addr, u32 frame),
	TP_ARGS(instance, member, addr, frame)
);

/* The kernel's own allocator serves a member's fault. */
TRACE_EVENT(usm_fallback,
	TP_PROTO(u32 instance, u32 member, u32 reason),
	TP_ARGS(instance, member, reason),
	TP_STRUCT__entry(
		__field(u32, instance)
		__field(u32, member)
		__field(u32, reason)
	),
	TP_fast_assign(
		__entry->instance = instance;
		__entry->member = member;
		__entry->reason = reason;
	),
	TP_printk("instance=%u member=%u reason=%s", __entry->instance,
		  __entry->member,
		  __print_symbolic(__entry->reason,
			{ USM_FALLBACK_NO_DAEMON, "no-daemon" },
			{ USM_FALLBACK_LATE, "late" },
			{ USM_FALLBACK_REFUSED, "refused" },
			{ USM_FALLBACK_NO_SLOT, "no-slot" },
			{ USM_FALLBACK_CONTEXT, "context" },
			{ USM_FALLBACK_QUARANTINED, "quarantined" }))
);

#endif /* USM_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH stats
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
