/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * usm_channel.h - the memory that the kernel and one daemon share: doorbells,
 * pending faults, slots and notices.  Part of usm.h, which includes it and has
 * the rules that hold here as well.
 *
 * The kernel trusts nothing that stands in here.
 */
#ifndef USM_ABI_CHANNEL_H
#define USM_ABI_CHANNEL_H

#include <linux/types.h>

/*
 * A slot is one faulting thread's place in a channel.  4096 slots are two
 * levels of 64-bit words (one summary word over 64 leaf words), which keeps
 * dispatch at two bit scans.
 */
#define USM_SLOTS_MIN 64
#define USM_SLOTS_MAX 4096
#define USM_SLOTS_DEFAULT 1024

/* Worker doorbells live in the channel's first page, one cache line each. */
#define USM_WORKERS_MAX 32

/* Notices the channel keeps for a daemon that is busy; a power of two. */
#define USM_NOTICES 1024

enum usm_worker_state {
	USM_WORKER_ABSENT = 0,
	USM_WORKER_RUNNING = 1, /* looks at PFQ again before it sleeps */
	USM_WORKER_ASLEEP = 2, /* in FUTEX_WAIT on usm_doorbell.seq */
};

enum usm_wake_source {
	USM_WAKE_SELF = 0,
	USM_WAKE_WAKER = 1,
	USM_WAKE_UIPI = 2,
	USM_WAKE_KERNEL = 3,
	USM_WAKE_SOURCES = 4,
};

/*
 * One worker's doorbell.  Going to sleep: s = seq; state = ASLEEP; full
 * fence; if PFQ is still empty, FUTEX_WAIT(seq, s); state = RUNNING.
 * Ringing: seq += 1, then FUTEX_WAKE (the waker), or wake_up_process() (the
 * kernel; a futex sleeper woken that way finds seq changed and returns).
 * The futex is a shared one (no FUTEX_PRIVATE_FLAG).
 */
struct usm_doorbell {
	__u32 seq;
	__u32 state; /* enum usm_worker_state, written by the worker */
	__u32 rung_by; /* enum usm_wake_source of the last ring */
	__u32 reserved0;
	__u64 wakes[USM_WAKE_SOURCES]; /* each written by its own source only */
	__u64 reserved1[2];
};

/* First page of the channel. Offsets are from the start of the channel. */
struct usm_channel {
	__u32 abi;
	__u32 nr_slots;
	__u32 slots_offset; /* struct usm_slot[nr_slots] */
	__u32 pfq_offset; /* struct usm_bitfield */
	__u32 nr_workers; /* how many have registered */
	__u32 closed; /* 1: this attachment ended, nobody rings here again */
	__u32 notices_offset; /* struct usm_notices */
	__u32 nr_notices; /* USM_NOTICES */
	__u32 reserved[8];
	struct usm_doorbell doorbell[USM_WORKERS_MAX];
};

/*
 * PFQ: slots with a pending fault.  The kernel sets leaf, then summary;
 * the worker clears the summary bit first, then takes the whole leaf word.
 * Bit s of the field is leaf[s / 64] bit s % 64, summary bit s / 64.
 */
struct usm_bitfield {
	__u64 summary;
	__u64 reserved[7];
	__u64 leaf[USM_SLOTS_MAX / 64];
};

enum usm_fault_kind {
	USM_FAULT_ANON = 0, /* first touch of private anonymous memory */
	/* write to a page that is mapped: shared over fork, zero page, file page */
	USM_FAULT_COW = 1,
	/* first touch of a private file mapping, by writing */
	USM_FAULT_FILE_COW = 2,
	/*
	 * Access to an evicted page: fill a frame with what .cookie stands
	 * for, through the slice, and answer with it.
	 */
	USM_FAULT_SWAPIN = 3,
};

#define USM_FAULT_REMOTE 0x1 /* faulted by a task outside the member (GUP) */

/* How the thread waits for the current request; means nothing once answered. */
enum usm_slot_state {
	USM_SLOT_IDLE = 0, /* not at all: no request, or its deadline passed */
	USM_SLOT_SPINNING = 1, /* a store to .reply is seen at once */
	USM_SLOT_ASLEEP = 2, /* USM_IOC_MAP is needed to wake the thread */
};

/*
 * Everything above .reply is written by the kernel, .reply by the daemon.
 * Answering: store .reply, full fence, read .state; if ASLEEP, USM_IOC_MAP
 * with the same words.  The kernel trusts nothing in here: it reads .reply
 * once and checks the copy, and keeps its own record of the request.
 */
struct usm_slot {
	__u32 gen; /* of the current request; never 0; a reply names it */
	__u8 kind; /* enum usm_fault_kind */
	__u8 order; /* of the wanted run: 2^order frames, aligned to that */
	__u16 flags; /* USM_FAULT_* */
	__u64 addr; /* page-aligned virtual address */
	__u64 vma_start; /* bounds of the mapping around addr */
	__u64 vma_end;
	__u64 cookie; /* SWAPIN: as given to USM_IOC_EVICT */
	__u32 tid; /* in the claiming daemon's PID namespace */
	__u32 tgid;
	__u32 member; /* usm_member_info.member: one address space for its life */
	__u32 state; /* enum usm_slot_state */
	__s32 error; /* why the last .reply was refused, 0 or -errno */
	__u32 reserved0;
	/* A cache line of its own: the only word that the daemon writes. */
	__u64 reply; /* USM_REPLY(gen, frame) */
	__u64 reserved1[7];
};

#define USM_REPLY(gen, frame) (((__u64)(gen) << 32) | (__u32)(frame))

/*
 * Notices: what happened without asking the policy.  A ring that the kernel
 * fills and never waits for: when it is full, records are lost and .lost
 * counts them; USM_IOC_FRAMES and USM_IOC_EVICTED then tell where things are.
 * Record i is ring[i % nr_notices]; those from .tail to .head are there to
 * read.
 */
enum usm_notice_type {
	USM_NOTICE_USED = 1, /* pre-granted frames were mapped */
	USM_NOTICE_LOW = 2, /* .member's magazine ran low (0: the shared one) */
	USM_NOTICE_DROPPED = 3, /* nobody has evicted page .cookie any more */
	USM_NOTICE_RETAKEN = 4, /* touched before it was freed: still mapped */
};

struct usm_notice {
	__u8 type; /* enum usm_notice_type */
	__u8 reserved0;
	__u16 pages; /* USED: that many frames and pages in a row */
	__u32 frame;
	__u32 member;
	__u32 reserved1;
	__u64 addr;
	__u64 cookie;
};

struct usm_notices {
	__u64 head; /* written by the kernel */
	__u64 lost;
	__u64 reserved0[6];
	__u64 tail; /* written by the daemon */
	__u64 reserved1[7];
	struct usm_notice ring[USM_NOTICES];
};

/* ---- sizes, the same on both sides --------------------------------------- */

#define USM_ASSERT_SIZE(type, size) \
	_Static_assert(sizeof(struct type) == (size), #type " changed its size")

USM_ASSERT_SIZE(usm_doorbell, 64);
USM_ASSERT_SIZE(usm_channel, 64 + 64 * USM_WORKERS_MAX);
USM_ASSERT_SIZE(usm_bitfield, 64 + USM_SLOTS_MAX / 8);
USM_ASSERT_SIZE(usm_slot, 128);
USM_ASSERT_SIZE(usm_notice, 32);
USM_ASSERT_SIZE(usm_notices, 128 + 32 * USM_NOTICES);

#endif /* USM_ABI_CHANNEL_H */
