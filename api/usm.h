/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * usm.h - the contract between usm_lkmRM.ko and everything in userspace.
 *
 * Shape: a handshake and a few control ioctls on /dev/USMMcd, one block of
 * shared memory (the channel) per instance for the hot path, and two proc
 * files that carry announcements.  The split follows ublk (delegation through
 * shared descriptors, commands checked by the kernel) and userfaultfd
 * (feature handshake, fault events with an address and flags).
 *
 * Rules that hold for every structure here:
 *  - fixed-width fields, explicit padding, sizes asserted below on both sides;
 *  - unknown flags and non-zero reserved fields are refused with EINVAL, so
 *    that they can get a meaning later;
 *  - arrays are passed as {u64 pointer, u32 count}; the kernel writes back how
 *    many entries it handled or filled.
 *
 * Frames are named by their index in the pool (page frame number minus
 * usm_info.base_pfn) everywhere but in /proc/usmPgs, which reports absolute
 * page frame numbers.
 */
#ifndef USM_H
#define USM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#include "usm_channel.h"

#define USM_ABI_VERSION 2

/* Names are [a-z0-9-]{1,32}; the field keeps room for the terminating NUL. */
#define USM_NAME_MAX 32
#define USM_NAME_SIZE 40

/* No frame: as a reply it asks the kernel's own allocator to serve the fault. */
#define USM_FRAME_NONE 0xffffffffu

/* A partition is a list of contiguous runs; more would mean a shredded pool. */
#define USM_EXTENTS_MAX 64

/* Instances at once: their doorbells form the waker's bitmap of 16 words. */
#define USM_INSTANCES_MAX 1024

/* Entries one batched ioctl may carry: bounds the time under a lock. */
#define USM_BATCH_MAX 1024

/*
 * Frames one magazine holds: a few milliseconds of the fastest fault rate, and
 * little enough that many members with a full one do not empty a partition.
 */
#define USM_MAGAZINE_MAX 1024

/* Frames one range grant covers, 32 MiB: they are taken under one lock. */
#define USM_GRANT_MAX 8192

/* Pages one fault may map besides its own: the work is done under one lock. */
#define USM_AROUND_MAX 64

/* The largest run of frames one page table entry maps: 2 MiB. */
#define USM_ORDER_MAX 9

/* How long a fault waits for the policy before the kernel serves it itself. */
#define USM_DEADLINE_MS_DEFAULT 100
#define USM_DEADLINE_MS_MIN 1
#define USM_DEADLINE_MS_MAX 10000

/* ---- mmap offsets on /dev/USMMcd -------------------------------------- */

/* The claimed instance's channel, shared, read-write, usm_claim.channel_bytes. */
#define USM_MMAP_CHANNEL 0ULL
/* Frame f of the pool is at USM_MMAP_SLICE + (f << 12); only own frames fault in. */
#define USM_MMAP_SLICE (1ULL << 40)
/*
 * First page (usm_channel) of instance i's channel at
 * USM_MMAP_DOORBELL + (i << 12), one page; needs CAP_SYS_ADMIN.  For the waker.
 */
#define USM_MMAP_DOORBELL (1ULL << 41)

/* ---- frames ------------------------------------------------------------ */

enum usm_frame_state {
	USM_FRAME_POOL = 0, /* belongs to no instance */
	USM_FRAME_FREE = 1, /* the instance may answer a fault with it */
	USM_FRAME_GRANTED =
		2, /* given ahead or for a fault, not in a page table yet */
	USM_FRAME_MAPPED = 3, /* used by members (or pinned: it is still out) */
	USM_FRAME_HOME = 4, /* came back, not yet read from /proc/usmPgs */
	/* out of the page tables, content stable, until USM_IOC_FREE */
	USM_FRAME_EVICTING = 5,
	USM_FRAME_QUARANTINED = 6, /* never handed out again (bad memory) */
	USM_FRAME_STATES = 7,
};

enum usm_grant_kind {
	USM_GRANT_NONE = 0,
	USM_GRANT_FAULT = 1, /* the answer to an upcall, about to be used */
	USM_GRANT_MAGAZINE = 2,
	USM_GRANT_RANGE = 3,
};

struct usm_frame_info {
	__u8 state; /* enum usm_frame_state */
	__u8 grant; /* enum usm_grant_kind, while GRANTED */
	__u8 order; /* of the large page it is part of */
	__u8 reserved0;
	__u32 member; /* who it was given to, 0 for nobody */
	__u64 addr; /* where it was first mapped; a hint after fork or mremap */
	__u64 cookie; /* EVICTING: as given to USM_IOC_EVICT */
	__u64 reserved1;
};

struct usm_extent {
	__u32 first;
	__u32 frames;
};

/* ---- ioctls: what anyone who may open the device can ask ---------------- */

#define USM_BACKEND_SIZE 16

#define USM_FEATURE_COW (1ULL << 0) /* copy-on-write faults are policy events */
#define USM_FEATURE_VMA_LOCK (1ULL << 1) /* per-VMA lock faults handled */
#define USM_FEATURE_GRANTS (1ULL << 2) /* USM_IOC_PUSH, _GRANT, notices */
#define USM_FEATURE_EVICT (1ULL << 3) /* USM_IOC_EVICT, _SWAPIN, _PAGES */
#define USM_FEATURE_LARGE (1ULL << 4) /* runs of 2^order frames as one page */
#define USM_FEATURE_RESIZE (1ULL << 5) /* USM_IOC_RESIZE, _MOVE, drain, adopt */
#define USM_FEATURE_CGROUP (1ULL << 6) /* USM_IOC_BIND_CGROUP */

/* USM_IOC_INFO: set .abi to USM_ABI_VERSION; EPROTO if the module differs. */
struct usm_info {
	__u32 abi;
	__u32 flags; /* 0 */
	__u64 features; /* USM_FEATURE_* */
	char backend[USM_BACKEND_SIZE]; /* "cma" or "contig" */
	__u64 base_pfn;
	__u32 pool_frames;
	__u32 free_frames; /* in no partition */
	__u32 nr_instances;
	__u32 waker; /* 1: registered and answering */
	/* Of instances that are still being made: not free, in no list yet. */
	__u32 starting_frames;
	__u32 reserved0;
	__u64 reserved[3];
};

enum usm_instance_state {
	USM_INSTANCE_ATTACHED = 1, /* a daemon holds the claim */
	USM_INSTANCE_LOST = 2, /* its daemon is gone, it waits for another */
	USM_INSTANCE_DYING = 3, /* destroyed, frames still on their way home */
	/* attached, but its daemon does not answer: faults fall back at once */
	USM_INSTANCE_QUARANTINED = 4,
};

/* What becomes of faults while an instance has no daemon. */
enum usm_on_loss {
	USM_ON_LOSS_FALLBACK = 0, /* the kernel's allocator serves them */
	USM_ON_LOSS_QUEUE = 1, /* they wait for the next daemon */
	USM_ON_LOSS_FAIL = 2, /* SIGBUS */
};

/*
 * Latency buckets, in ns: bucket b < 8 is [b, b + 1); above, four buckets an
 * octave: octave o = b / 4 + 1, width 2^(o - 2), from 2^o + (b % 4) * width.
 */
#define USM_LATENCY_BUCKETS 160

/* Why a fault was served by the kernel's own allocator. */
enum usm_fallback_reason {
	USM_FALLBACK_NO_DAEMON = 0, /* lost, or no worker registered yet */
	USM_FALLBACK_LATE = 1, /* deadline passed */
	USM_FALLBACK_REFUSED = 2, /* the policy answered USM_FRAME_NONE */
	USM_FALLBACK_NO_SLOT = 3, /* more faulting threads than slots */
	USM_FALLBACK_CONTEXT = 4, /* a caller that can neither retry nor wait */
	USM_FALLBACK_QUARANTINED = 5, /* the daemon has stopped answering */
	USM_FALLBACK_REASONS = 6,
};

struct usm_instance_info {
	__u32 instance; /* id, 1..USM_INSTANCES_MAX, reused after destroy */
	__u32 state; /* enum usm_instance_state */
	char name[USM_NAME_SIZE];
	__u32 daemon_pid; /* caller's PID namespace; 0 when lost */
	__u32 nr_members;
	__u32 frames[USM_FRAME_STATES]; /* by enum usm_frame_state */
	__u32 owned; /* sum of the states */
	__u32 on_loss; /* enum usm_on_loss */
	__u32 target; /* frames it is to have: below .owned while it shrinks */
	__u32 evicted; /* pages that are out now, wherever the daemon put them */
	__u64 faults; /* served from the partition, all ways together */
	__u64 upcalls; /* of these, by an upcall */
	__u64 magazine; /* from a magazine */
	__u64 range; /* from a range grant */
	__u64 around; /* pages mapped beside a fault, no faults themselves */
	__u64 evictions;
	__u64 swapins;
	__u64 retaken; /* evictions undone by a touch before USM_IOC_FREE */
	__u64 quarantines;
	__u64 fallbacks[USM_FALLBACK_REASONS];
	__u64 freed; /* frames that came home */
	__u64 bad_commands;
	__u64 wakes_kernel; /* the kernel's own count */
	__u64 waker_notified; /* rings passed on to the waker */
	__u64 created_ns; /* CLOCK_BOOTTIME */
	__u64 late; /* deadlines that passed, evicted pages waiting on included */
	__u64 reserved[7];
	__u64 latency
		[USM_LATENCY_BUCKETS]; /* upcall faults, from fault to frame */
};

/*
 * USM_IOC_LIST: instances with an id of at least .first, in order of id.
 * .nr: room in entries in, filled entries out; 0 out means none is left.
 */
struct usm_list {
	__u64 ptr; /* struct usm_instance_info[nr] */
	__u32 nr;
	__u32 first;
	__u64 reserved[2];
};

struct usm_member_info {
	__u32 member; /* kernel's id, ascending, not reused while the module lives */
	__s32 pid; /* thread group, caller's PID namespace; 0 once it is gone */
	__u64 start_time_ns; /* CLOCK_BOOTTIME, tells reused PIDs apart */
	char comm[16];
	__u32 mapped; /* frames given to it and still out */
	__u32 inherit; /* enum usm_inherit */
	__u64 faults;
	__u64 upcalls;
	__u64 fallbacks;
	__u64 magazine;
	__u64 range;
	__u64 around;
	__u64 evictions;
	__u64 swapins;
	__u32 stocked; /* frames in its magazine */
	__u32 evicted; /* pages of it that are out now */
	__u64 reserved[2];
};

/* USM_IOC_MEMBERS: members of one instance, ids above .after, ascending. */
struct usm_members {
	__u64 ptr; /* struct usm_member_info[nr] */
	__u32 nr;
	__u32 instance;
	__u32 after;
	__u32 reserved0;
	__u64 reserved[2];
};

/* ---- ioctls: binding ---------------------------------------------------- */

enum usm_inherit {
	USM_INHERIT_ALL = 0, /* children of fork, and the image after exec */
	USM_INHERIT_FORK = 1, /* children of fork; exec drops the tag */
	USM_INHERIT_NONE = 2, /* this address space only */
};

/*
 * USM_IOC_BIND: tag the address space of a process; all its threads, from the
 * next fault on.  The caller needs CAP_SYS_ADMIN or the uid of the claim, and
 * ptrace access (PTRACE_MODE_ATTACH_REALCREDS) to the process.
 *  EBADF  pidfd is none        ESRCH  the process is gone or has no memory
 *  EPERM  no ptrace access, or a process that must not be tagged (init,
 *         kernel threads, policy daemons, the waker's process)
 *  EBUSY  already bound        ENODEV no such instance, or it is dying
 */
struct usm_bind {
	__u32 instance;
	__s32 pidfd;
	__u32 inherit; /* enum usm_inherit */
	__u32 flags; /* 0 */
	__u32 member; /* out */
	__u32 reserved0;
	__u64 reserved[2];
};

/*
 * USM_IOC_UNBIND: new faults go to the kernel again; frames that are mapped
 * stay until the process lets go of them.  ENOENT: not bound to .instance.
 * Same rights as binding.
 *
 * With DRAIN the process also leaves with its memory: pages in frames of the
 * instance move to ordinary ones, charged to its cgroup, while it runs; those
 * that are evicted are asked of the policy first, with a wait for its answer as
 * when the process touches them.  A long operation: .limit makes it stop after
 * so many pages, and the same call with the .addr that came out goes on, until
 * that is 0.  It is no error then that the process is unbound already.  .busy
 * and .evicted count pages that stay as they are: pinned or shared over fork,
 * and those that the policy did not bring, or could not be asked for, because
 * the instance has no daemon or it is the caller.  Once .addr is 0, beginning
 * anew finds what was left.
 *  -ENOMEM  no memory, or the cgroup's limit: nobody is killed for it
 *  -EINTR   a fatal signal.  After both, .addr says where to go on.
 */
#define USM_UNBIND_DRAIN 0x1

struct usm_unbind {
	__u32 instance;
	__s32 pidfd;
	__u32 flags; /* USM_UNBIND_* */
	__u32 limit; /* 0: none */
	__u64 addr; /* in, out; 0 to begin */
	/* out */
	__u32 drained; /* pages, in this call */
	__u32 busy;
	__u32 evicted;
	__u32 reserved0;
	__u64 reserved[2];
};

/*
 * USM_IOC_ADOPT: anonymous memory that a member had before it was bound, also
 * private copies of file pages, moves into FREE frames that the kernel picks (a
 * USED notice each; out of the slice, where the daemon may be filling it for a
 * swap-in, until it is FREE or EVICTING again), while the member runs; the kernel gets its own pages back.
 * On the claiming file, or with CAP_SYS_ADMIN.  A long operation: it goes
 * from .addr on, stops after .nr pages, and says in .addr where to go on, 0
 * once the whole address space was seen.  Large pages are taken apart, and
 * the memory of each comes back with its last page.
 *  -ESRCH   no such member     -ENOSPC  no FREE frame is left
 *  -EPERM   no right to it, or the member became privileged
 *  -EINTR   a fatal signal.  After it and ENOSPC, the results are valid.
 */
struct usm_adopt {
	__u32 instance;
	__u32 member;
	__u64 addr; /* in, out; 0 to begin */
	__u32 nr; /* 0: no limit */
	__u32 flags; /* 0 */
	/* out, in this call */
	__u32 adopted;
	__u32 busy; /* pinned, or shared over fork: left as they are */
	__u32 swapped; /* in the kernel's swap: left there */
	__u32 reserved0;
	__u64 reserved[2];
};

/*
 * USM_IOC_BIND_CGROUP: every process that is, or will be, in the cgroup (v2)
 * or one below it belongs to the instance: those there are tagged now, others
 * when they are forked into it, are moved into it, or execute an image that
 * may be tagged where the one before might not.  Left out are those that
 * USM_IOC_BIND refuses, images that are not dumpable, and processes that are
 * bound already; of nested bindings the innermost counts.  A process that
 * leaves the cgroup stays bound.  The binding ends with the cgroup, with the
 * instance, or by USM_IOC_UNBIND_CGROUP.
 * Needs CAP_SYS_ADMIN and CAP_SYS_PTRACE.
 *  EBADF  cgroup_fd is no open cgroup v2 directory
 *  EBUSY  that very cgroup is bound already   ENOSPC USM_CGROUPS_MAX are
 *  ENODEV no such instance, or it is dying    EPERM  no rights
 * USM_IOC_UNBIND_CGROUP: nobody joins that way any more, and the processes in
 * it that are bound to the instance are unbound as by USM_IOC_UNBIND.  ENOENT:
 * the cgroup is not bound to .instance.  Same rights.
 */
/* Every fork and exec looks through all of them. */
#define USM_CGROUPS_MAX 256

struct usm_bind_cgroup {
	__u32 instance;
	__s32 cgroup_fd;
	__u32 inherit; /* enum usm_inherit */
	__u32 flags; /* 0 */
	__u32 bound; /* out: processes that were there and are bound now */
	__u32 skipped; /* out: processes that were there and are not */
	__u64 cgroup; /* out: the inode number of its directory */
	__u32 reserved0;
	__u32 reserved1;
	__u64 reserved[2];
};

struct usm_unbind_cgroup {
	__u32 instance;
	__s32 cgroup_fd;
	__u32 flags; /* 0 */
	__u32 unbound; /* out: processes */
	__u64 reserved[2];
};

/* USM_IOC_CGROUPS: bindings by cgroup, ids above .after, ascending. */
struct usm_cgroup_info {
	__u64 id; /* of the binding, not reused while the module lives */
	__u64 cgroup; /* the inode number of its directory */
	__u32 instance;
	__u32 inherit; /* enum usm_inherit */
	__u64 reserved[2];
};

struct usm_cgroups {
	__u64 ptr; /* struct usm_cgroup_info[nr] */
	__u64 after;
	__u32 nr; /* in, out */
	__u32 reserved0;
	__u64 reserved[2];
};

/* ---- ioctls: the instance ----------------------------------------------- */

#define USM_CLAIM_PERSIST 0x1 /* the partition outlives the daemon */
#define USM_CLAIM_ATTACH 0x2 /* only take over an existing lost instance */

/*
 * USM_IOC_CLAIM: make a partition, or take over a lost one of the same name.
 * Needs CAP_SYS_ADMIN; everything afterwards works on the file descriptor
 * alone, so the daemon drops its rights next.  One claim per open file.
 *  EEXIST/EBUSY the name has a daemon   ENOSPC pool too full (.frames: left)
 *  EBUSY   this file or process has a claim already (or is the waker's)
 *  EPERM   no CAP_SYS_ADMIN, or the process is a member
 *  ENOENT  ATTACH and no such instance  EINVAL name, frames, slots, deadline
 *  EUCLEAN take-over with another size (.frames: the size it has)
 * Without PERSIST the partition dissolves with its daemon, unless evicted pages
 * are out: those only another daemon can bring back.
 */
struct usm_claim {
	__u32 abi; /* USM_ABI_VERSION */
	__u32 flags; /* USM_CLAIM_* */
	char name[USM_NAME_SIZE];
	__u32 frames; /* wanted; 0 with ATTACH takes what is there */
	__u32 nr_slots; /* 0: USM_SLOTS_DEFAULT; a multiple of 64 */
	__u32 deadline_ms; /* 0: USM_DEADLINE_MS_DEFAULT */
	__u32 owner_uid; /* who besides root may bind; the daemon's uid to be */
	__u32 on_loss; /* enum usm_on_loss */
	__u32 reserved1;
	/* out */
	__u32 instance;
	__u32 reattached; /* 1: an existing instance was taken over */
	__u32 nr_extents;
	__u32 reserved0;
	__u64 base_pfn;
	__u64 channel_bytes;
	struct usm_extent extents[USM_EXTENTS_MAX];
	__u64 reserved[4];
};

/*
 * USM_IOC_WORKER: the calling thread serves doorbell .worker.  Slots are
 * spread over the registered workers (slot modulo number of workers).
 */
struct usm_worker {
	__u32 worker; /* 0..USM_WORKERS_MAX - 1, ascending, no gaps */
	__u32 flags;
	__u64 reserved[2];
};

/*
 * USM_IOC_MAP: answer upcalls.  .result of each entry: 0, or
 *  -ESTALE  the request is gone (deadline, signal, exit), or asked again under
 *           another generation (frames joined); the frame stays free
 *  -EPERM   not this instance's frame      -EBUSY  the frame is not FREE
 *  -EINVAL  no such slot
 * Refused entries but ESTALE count as bad commands.  The call itself fails
 * only when nothing was done.
 */
struct usm_map_entry {
	__u32 slot;
	__u32 gen;
	__u32 frame; /* USM_FRAME_NONE: serve it yourself */
	__s32 result;
};

struct usm_map {
	__u64 ptr; /* struct usm_map_entry[nr] */
	__u32 nr;
	__u32 done; /* out: entries with result 0 */
	__u64 reserved[2];
};

/*
 * USM_IOC_PUSH: put FREE frames into the magazine of .member (0: the one that
 * all members share), for faults to come.  Used in the order of pushing; a
 * member's own magazine goes before the shared one.  Stops at the first
 * frame that is refused: .done were taken and .error says why the next was
 * not (-EPERM, -EBUSY as for MAP, -ENOSPC the magazine is full, -ESRCH no such
 * member).  When a magazine falls below .low frames it rings once, with a LOW
 * notice; 0: never.
 */
#define USM_PUSH_ZEROED 0x1 /* the policy vouches that they hold zeroes */

struct usm_push {
	__u64 ptr; /* u32 frame[nr] */
	__u32 nr;
	__u32 member;
	__u32 flags; /* USM_PUSH_* */
	__u32 low;
	__u32 done; /* out */
	__s32 error; /* out */
	__u64 reserved[2];
};

/*
 * USM_IOC_GRANT: pages [addr, addr + frames) of a member are to be backed by
 * frames [first, first + frames), up to USM_GRANT_MAX, page by page as they
 * are touched.  All of them must be FREE.  A fault in a range takes its page's frame without
 * asking; once that frame was used for anything, further faults there are
 * asked as usual.
 *  -EPERM, -EBUSY  the first frame that could not be had; none is taken
 *  -ESRCH   no such member       -EEXIST  overlaps an earlier grant
 *  -EINVAL  alignment, size, order, around or flags
 */
#define USM_GRANT_ZEROED 0x1

struct usm_grant_entry {
	__u64 addr;
	__u32 member;
	__u32 first;
	__u32 frames;
	__u16 around; /* neighbours one fault may map too, 0..USM_AROUND_MAX */
	__u8 order; /* largest page to make of it; needs USM_FEATURE_LARGE */
	__u8 flags; /* USM_GRANT_* */
	__s32 result; /* out */
	__u32 reserved;
};

struct usm_grant {
	__u64 ptr; /* struct usm_grant_entry[nr] */
	__u32 nr;
	__u32 done; /* out: entries with result 0 */
	__u64 reserved[2];
};

/*
 * USM_IOC_EVICT: take pages away from a member.  Each is named by .member and
 * .addr, or, with .member 0, by .frame: where it was mapped last.  On success
 * the page is gone from the member's page table, .frame holds its content,
 * state EVICTING, and nobody else can change it.  Store it under .cookie and
 * USM_IOC_FREE the frame.  Touching the page before that takes the same frame
 * back (a RETAKEN notice, and FREE answers -ESTALE); after it, the fault asks
 * the policy with kind SWAPIN.  Never is such a page read as zeroes.
 * Cookies are the policy's; the same one may stand for several pages over
 * fork.
 *  -ESRCH   no such member, or its memory is gone
 *  -ENOENT  no frame of this instance is mapped there
 *  -EBUSY   pinned, shared with another process, locked, or changing hands
 *  -EAGAIN  the address space is busy, try later
 *  -EOPNOTSUPP  a mapping that cannot be evicted from (userfaultfd, droppable)
 */
struct usm_evict_entry {
	__u64 addr;
	__u64 cookie;
	__u32 member;
	__u32 frame; /* in by frame, out */
	__s32 result; /* out */
	__u32 reserved;
};

struct usm_evict {
	__u64 ptr; /* struct usm_evict_entry[nr] */
	__u32 nr;
	__u32 done; /* out */
	__u64 reserved[2];
};

/*
 * USM_IOC_SWAPIN: put evicted pages back before they are touched; .frame is
 * FREE and filled.
 *  -ESRCH no such member  -ENOENT no page of ours is evicted there
 *  -EPERM, -EBUSY as for MAP  -EAGAIN the address space is busy, try later
 */
struct usm_swapin_entry {
	__u64 addr;
	__u32 member;
	__u32 frame;
	__s32 result; /* out */
	__u32 reserved;
};

struct usm_swapin {
	__u64 ptr; /* struct usm_swapin_entry[nr] */
	__u32 nr;
	__u32 done; /* out */
	__u64 reserved[2];
};

/*
 * USM_IOC_FREE: make frames FREE: those that were evicted and stored, and those
 * granted ahead and not used yet.
 *  -EPERM another's frame  -ESTALE not EVICTING or GRANTED ahead (any more)
 */
struct usm_free_entry {
	__u32 frame;
	__s32 result; /* out */
};

struct usm_free {
	__u64 ptr; /* struct usm_free_entry[nr] */
	__u32 nr;
	__u32 done; /* out */
	__u64 reserved[2];
};

/*
 * USM_IOC_PAGES: what .nr pages of a member from .addr on are, as one word
 * each; optionally clears the accessed and dirty bits that it reports.
 * Reading clears nothing for pages of others.  -ESRCH, -EAGAIN as above.
 */
#define USM_PAGES_CLEAR_ACCESSED 0x1
#define USM_PAGES_CLEAR_DIRTY 0x2

#define USM_PAGES_MAX 8192 /* 32 MiB of address space, 64 KiB of words */

#define USM_PAGE_FRAME(word) \
	((__u32)(word)) /* USM_FRAME_NONE: no frame of ours */
#define USM_PAGE_PRESENT (1ULL << 32) /* something is mapped */
#define USM_PAGE_ACCESSED (1ULL << 33)
#define USM_PAGE_DIRTY (1ULL << 34)
#define USM_PAGE_EVICTED (1ULL << 35)
#define USM_PAGE_LARGE (1ULL << 36) /* part of a large page */

struct usm_pages {
	__u64 addr;
	__u64 ptr; /* u64 word[nr] */
	__u32 nr; /* up to USM_PAGES_MAX */
	__u32 member;
	__u32 flags; /* USM_PAGES_* */
	__u32 reserved0;
	__u64 reserved[2];
};

/*
 * USM_IOC_EVICTED: the evicted pages of this instance, ids above .after,
 * ascending: what a daemon that took over has to know.
 */
struct usm_evicted_info {
	__u64 id;
	__u64 cookie;
	__u64 addr; /* one of the places, a hint */
	__u32 member; /* there; 0 when unknown */
	__u32 frame; /* EVICTING, or USM_FRAME_NONE: freed */
	__u32 places; /* page tables it is missing from */
	__u32 reserved;
};

struct usm_evicted {
	__u64 ptr; /* struct usm_evicted_info[nr] */
	__u64 after;
	__u32 nr; /* in, out */
	__u32 reserved0;
	__u64 reserved[2];
};

/*
 * USM_IOC_MOVE: the page in one frame of the instance moves to another, .target,
 * which is FREE, while the member runs: to make long runs of free frames.  Pages
 * are named as for USM_IOC_EVICT; .frame is the frame that it left, which
 * comes home.
 *  -ESRCH  no such member     -ENOENT  no frame of this instance is mapped there
 *  -EBUSY  pinned, shared with another process, or .target is not FREE
 *  -EPERM  .target is another's          -EAGAIN  the address space is busy
 * Of both -EBUSY, a .target that is not FREE afterwards comes home, too.
 */
struct usm_move_entry {
	__u64 addr;
	__u32 member;
	__u32 frame; /* in by frame, out */
	__u32 target;
	__s32 result; /* out */
};

struct usm_move {
	__u64 ptr; /* struct usm_move_entry[nr] */
	__u32 nr;
	__u32 done; /* out */
	__u64 reserved[2];
};

/*
 * USM_IOC_RESIZE: the partition is to have .frames frames.  With CAP_SYS_ADMIN
 * for any instance, also while it has no daemon; without, on the claiming file
 * and for shrinking only.  Growing gives all of it, zeroed, or fails.  Shrinking gives up the highest
 * frames: FREE ones at once, mapped ones after their pages were moved to FREE
 * frames of what stays.  What cannot be moved now (pinned, shared, no FREE
 * frame) leaves by and by: such frames are not granted any more (-EPERM), and
 * usm_instance_info has .owned above .target until the last one is gone.  The
 * same call again goes on with the moving.  The daemon's mapping of a frame is
 * revoked before the frame goes.  A RESIZE event tells the daemon to read its
 * extents and the states of its frames again.
 *  -ENODEV no such instance      -EBUSY  another resize of it is under way
 *  -ENOSPC pool too full, or too shredded (.left: frames in no partition)
 *  -EINVAL .frames is 0          -EPERM  no right to it
 * A fatal signal ends the moving early; the call still succeeds.
 */
struct usm_resize {
	__u32 instance;
	__u32 frames;
	__u32 flags; /* 0 */
	/* out */
	__u32 owned;
	__u32 moved; /* pages that changed frames */
	__u32 left;
	__u64 reserved[2];
};

/*
 * USM_IOC_EXTENTS: the runs that make up a partition now, without frames that
 * are leaving it.  On the claiming file, or with CAP_SYS_ADMIN; -ENODEV, -EPERM.
 */
struct usm_extents {
	__u32 instance;
	__u32 flags; /* 0 */
	/* out */
	__u32 frames; /* sum of the runs */
	__u32 nr_extents;
	struct usm_extent extents[USM_EXTENTS_MAX];
	__u64 reserved[2];
};

/* USM_IOC_SCAN: look for frames that came home now. Out: how many did. */
struct usm_scan {
	__u32 flags; /* 0 */
	__u32 home; /* out; read them from /proc/usmPgs */
	__u64 reserved[2];
};

/* USM_IOC_FRAMES: states of frames .first and up, for reattach and tests. */
struct usm_frames {
	__u64 ptr; /* struct usm_frame_info[nr]; foreign frames read as POOL */
	__u32 nr;
	__u32 first;
	__u64 reserved[2];
};

/*
 * USM_IOC_DESTROY: give up an instance.  EBUSY while members are bound, evicted
 * pages are out that somebody may want, or (unless the caller's file holds the
 * claim) a daemon is attached.  Frames
 * that are still out come home later and are scrubbed before reuse.
 * CAP_SYS_ADMIN, or on the claiming file.
 */
struct usm_destroy {
	__u32 instance;
	__u32 flags; /* 0 */
	__u64 reserved[2];
};

/* ---- ioctls: the waker --------------------------------------------------- */

/*
 * USM_IOC_WAKER: this open file is the waker from now on (EBUSY: there is
 * one); until it is closed the kernel leaves waking workers to it, as long as
 * it answers a notification within half the deadline.  CAP_SYS_ADMIN.
 * USM_IOC_WAKER_WAIT: sleep until some instance has rung; fills the bitmap
 * (bit i = instance i) and clears the kernel's.  Returns at once when bits
 * are set.  EINTR on a signal; .timeout_ms -1 waits for ever, on timeout the
 * call succeeds with an empty bitmap.
 */
struct usm_waker {
	__u32 flags; /* 0 */
	__u32 reserved0;
	__u64 reserved[2];
};

struct usm_waker_wait {
	__s32 timeout_ms;
	__u32 flags; /* 0 */
	__u64 rung[USM_INSTANCES_MAX / 64 + 1]; /* out */
};

#define USM_IOC_MAGIC 'U'
#define USM_IOC_INFO _IOWR(USM_IOC_MAGIC, 0x01, struct usm_info)
#define USM_IOC_LIST _IOWR(USM_IOC_MAGIC, 0x02, struct usm_list)
#define USM_IOC_MEMBERS _IOWR(USM_IOC_MAGIC, 0x03, struct usm_members)
#define USM_IOC_BIND _IOWR(USM_IOC_MAGIC, 0x10, struct usm_bind)
#define USM_IOC_UNBIND _IOWR(USM_IOC_MAGIC, 0x11, struct usm_unbind)
#define USM_IOC_BIND_CGROUP _IOWR(USM_IOC_MAGIC, 0x12, struct usm_bind_cgroup)
#define USM_IOC_UNBIND_CGROUP \
	_IOWR(USM_IOC_MAGIC, 0x13, struct usm_unbind_cgroup)
#define USM_IOC_CGROUPS _IOWR(USM_IOC_MAGIC, 0x14, struct usm_cgroups)
#define USM_IOC_ADOPT _IOWR(USM_IOC_MAGIC, 0x18, struct usm_adopt)
#define USM_IOC_CLAIM _IOWR(USM_IOC_MAGIC, 0x20, struct usm_claim)
#define USM_IOC_WORKER _IOWR(USM_IOC_MAGIC, 0x21, struct usm_worker)
#define USM_IOC_MAP _IOWR(USM_IOC_MAGIC, 0x22, struct usm_map)
#define USM_IOC_SCAN _IOWR(USM_IOC_MAGIC, 0x23, struct usm_scan)
#define USM_IOC_FRAMES _IOWR(USM_IOC_MAGIC, 0x24, struct usm_frames)
#define USM_IOC_DESTROY _IOWR(USM_IOC_MAGIC, 0x25, struct usm_destroy)
#define USM_IOC_PUSH _IOWR(USM_IOC_MAGIC, 0x26, struct usm_push)
#define USM_IOC_GRANT _IOWR(USM_IOC_MAGIC, 0x27, struct usm_grant)
#define USM_IOC_EVICT _IOWR(USM_IOC_MAGIC, 0x28, struct usm_evict)
#define USM_IOC_SWAPIN _IOWR(USM_IOC_MAGIC, 0x29, struct usm_swapin)
#define USM_IOC_FREE _IOWR(USM_IOC_MAGIC, 0x2a, struct usm_free)
#define USM_IOC_PAGES _IOWR(USM_IOC_MAGIC, 0x2b, struct usm_pages)
#define USM_IOC_EVICTED _IOWR(USM_IOC_MAGIC, 0x2c, struct usm_evicted)
#define USM_IOC_RESIZE _IOWR(USM_IOC_MAGIC, 0x2d, struct usm_resize)
#define USM_IOC_EXTENTS _IOWR(USM_IOC_MAGIC, 0x2e, struct usm_extents)
#define USM_IOC_MOVE _IOWR(USM_IOC_MAGIC, 0x2f, struct usm_move)
#define USM_IOC_WAKER _IOWR(USM_IOC_MAGIC, 0x30, struct usm_waker)
#define USM_IOC_WAKER_WAIT _IOWR(USM_IOC_MAGIC, 0x31, struct usm_waker_wait)

/* ---- /proc/usm and /proc/usmPgs ------------------------------------------ */

/*
 * Both are opened by the daemon that holds a claim (EPERM for anyone else),
 * once each (EBUSY), and speak of that instance only.  poll() says when there
 * is something to read; read() returns whole records, blocks unless
 * O_NONBLOCK, and returns 0 once the claim is gone.
 *
 * /proc/usmPgs: u64 absolute page frame numbers of frames that came home;
 * reading one makes it FREE again.
 */
enum usm_event_type {
	USM_EVENT_BIND = 1, /* tagged by USM_IOC_BIND */
	USM_EVENT_FORK = 2, /* tagged because .parent was */
	USM_EVENT_EXEC = 3, /* the same process, a new address space */
	USM_EVENT_EXIT = 4, /* the address space is gone */
	USM_EVENT_UNBIND =
		5, /* unbound, or the tag was dropped for privilege */
	USM_EVENT_LOST = 6, /* records were dropped: use USM_IOC_MEMBERS */
	/* the partition changed: USM_IOC_EXTENTS, _FRAMES; no .member */
	USM_EVENT_RESIZE = 7,
};

struct usm_event {
	__u32 type; /* enum usm_event_type */
	__u32 member;
	__s32 pid; /* thread group, in the daemon's PID namespace */
	__u32 parent; /* member it was forked or executed from, else 0 */
	__u64 start_time_ns;
	__u64 mm_id; /* opaque, equal for equal address spaces */
	char comm[16];
	__u64 reserved[2];
};

/* ---- sizes, the same on both sides --------------------------------------- */

USM_ASSERT_SIZE(usm_frame_info, 32);
USM_ASSERT_SIZE(usm_extent, 8);
USM_ASSERT_SIZE(usm_info, 88);
USM_ASSERT_SIZE(usm_instance_info, 1608);
USM_ASSERT_SIZE(usm_list, 32);
USM_ASSERT_SIZE(usm_member_info, 128);
USM_ASSERT_SIZE(usm_members, 40);
USM_ASSERT_SIZE(usm_bind, 40);
USM_ASSERT_SIZE(usm_bind_cgroup, 56);
USM_ASSERT_SIZE(usm_unbind_cgroup, 32);
USM_ASSERT_SIZE(usm_cgroup_info, 40);
USM_ASSERT_SIZE(usm_cgroups, 40);
USM_ASSERT_SIZE(usm_unbind, 56);
USM_ASSERT_SIZE(usm_adopt, 56);
USM_ASSERT_SIZE(usm_claim, 648);
USM_ASSERT_SIZE(usm_worker, 24);
USM_ASSERT_SIZE(usm_map_entry, 16);
USM_ASSERT_SIZE(usm_map, 32);
USM_ASSERT_SIZE(usm_scan, 24);
USM_ASSERT_SIZE(usm_push, 48);
USM_ASSERT_SIZE(usm_grant_entry, 32);
USM_ASSERT_SIZE(usm_grant, 32);
USM_ASSERT_SIZE(usm_evict_entry, 32);
USM_ASSERT_SIZE(usm_evict, 32);
USM_ASSERT_SIZE(usm_swapin_entry, 24);
USM_ASSERT_SIZE(usm_swapin, 32);
USM_ASSERT_SIZE(usm_free_entry, 8);
USM_ASSERT_SIZE(usm_free, 32);
USM_ASSERT_SIZE(usm_pages, 48);
USM_ASSERT_SIZE(usm_evicted_info, 40);
USM_ASSERT_SIZE(usm_evicted, 40);
USM_ASSERT_SIZE(usm_move_entry, 24);
USM_ASSERT_SIZE(usm_move, 32);
USM_ASSERT_SIZE(usm_resize, 40);
USM_ASSERT_SIZE(usm_extents, 544);
USM_ASSERT_SIZE(usm_frames, 32);
USM_ASSERT_SIZE(usm_destroy, 24);
USM_ASSERT_SIZE(usm_waker, 24);
USM_ASSERT_SIZE(usm_waker_wait, 144);
USM_ASSERT_SIZE(usm_event, 64);

#endif /* USM_H */
