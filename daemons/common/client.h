/* SPDX-License-Identifier: MIT */
/*
 * client.h - the kernel ABI (api/usm.h) as C functions.
 *
 * Thin on purpose: one function per ioctl, mapping or proc file.  All return 0
 * or -errno (the errors of each are listed with its structure in usm.h) and
 * leave their outputs alone on failure unless said otherwise.  All may be
 * called from any thread.  `fd` is always a descriptor of /dev/USMMcd.
 */
#ifndef USM_COMMON_CLIENT_H
#define USM_COMMON_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "usm.h"

#define USM_DEVICE_PATH "/dev/USMMcd"
#define USM_PROC_EVENTS_PATH "/proc/usm"
#define USM_PROC_FREED_PATH "/proc/usmPgs"

/* The pool is made of x86-64 base pages; the ABI has no other frame size. */
#define USM_FRAME_SHIFT 12
#define USM_FRAME_BYTES (1UL << USM_FRAME_SHIFT)

/* Words of usm_waker_wait.rung: bit i of the whole is instance i. */
#define USM_RUNG_WORDS (USM_INSTANCES_MAX / 64 + 1)

/*
 * Opens the device (NULL: USM_DEVICE_PATH) close-on-exec and shakes hands.
 * *fd belongs to the caller.  ENOENT: module not loaded; EPROTO: the module
 * speaks another ABI version; EACCES: no right to open the device.
 */
int usm_client_open(const char *path, int *fd);

/* The pool and the module. */
int usm_client_info(int fd, struct usm_info *out);

/*
 * Instances with an id of at least `first`, by id.  *nr: room in out[] in,
 * entries filled out; 0 out: no more.  Go on with out[*nr - 1].instance + 1.
 */
int usm_client_list(int fd, uint32_t first, struct usm_instance_info *out,
		    uint32_t *nr);

/* The instance called `name`, whatever its state; ENOENT when there is none. */
int usm_client_find(int fd, const char *name, struct usm_instance_info *out);

/*
 * Members of `instance` with an id above `after`, by id.  *nr: room in, filled
 * out; 0 out: no more.  Go on with after = out[*nr - 1].member.
 */
int usm_client_members(int fd, uint32_t instance, uint32_t after,
		       struct usm_member_info *out, uint32_t *nr);

/* A close-on-exec pidfd of a process; it belongs to the caller.  ESRCH. */
int usm_client_pidfd(pid_t pid, int *pidfd);

/* Tags the process behind pidfd (not consumed); member may be NULL. */
int usm_client_bind(int fd, uint32_t instance, int pidfd,
		    enum usm_inherit inherit, uint32_t *member);

/* Untags it. */
int usm_client_unbind(int fd, uint32_t instance, int pidfd);

/*
 * Every process of a cgroup v2 directory (open, not consumed), now and later,
 * and the end of that; out, unbound may be NULL.
 */
int usm_client_bind_cgroup(int fd, uint32_t instance, int cgroup_fd,
			   uint32_t inherit, struct usm_bind_cgroup *out);
int usm_client_unbind_cgroup(int fd, uint32_t instance, int cgroup_fd,
			     uint32_t *unbound);

/* Bindings by cgroup with an id above after; *nr: room in, filled out. */
int usm_client_cgroups(int fd, uint64_t after, struct usm_cgroup_info *out,
		       uint32_t *nr);

/*
 * Claims what *claim asks for (.abi is filled in here) and writes the answer
 * into it.  On failure only .frames may change: what is left in the pool
 * (ENOSPC) or the size the instance has (EUCLEAN).
 */
int usm_client_claim(int fd, struct usm_claim *claim);

/* Makes the calling thread serve doorbell `worker`. */
int usm_client_worker(int fd, uint32_t worker);

/*
 * Answers nr upcalls, any number; each entry's .result says how it went.
 * done (may be NULL): entries that were taken.
 */
int usm_client_map(int fd, struct usm_map_entry *entries, uint32_t nr,
		   uint32_t *done);

/*
 * Puts FREE frames into the magazine of .member, any number; .ptr and .nr are
 * filled in here, .done and .error written back.  .flags, .low as in usm.h.
 */
int usm_client_push(int fd, const uint32_t *frames, uint32_t nr,
		    struct usm_push *push);

/*
 * Grants ranges, any number; each entry's .result says how it went.  done (may
 * be NULL): entries that were taken.
 */
int usm_client_grant(int fd, struct usm_grant_entry *entries, uint32_t nr,
		     uint32_t *done);

/* Makes frames FREE, evicted ones and unused grants; as usm_client_grant(). */
int usm_client_free(int fd, struct usm_free_entry *entries, uint32_t nr,
		    uint32_t *done);

/*
 * Evicts pages, brings them back; any number, each entry's .result says how it
 * went.  done (may be NULL): entries that were taken.
 */
int usm_client_evict(int fd, struct usm_evict_entry *entries, uint32_t nr,
		     uint32_t *done);
int usm_client_swapin(int fd, struct usm_swapin_entry *entries, uint32_t nr,
		      uint32_t *done);

/*
 * One word (USM_PAGE_*) for each of nr pages, any number, of a member from addr
 * on.  flags: USM_PAGES_CLEAR_*.  EAGAIN: its address space is busy.
 */
int usm_client_pages(int fd, uint32_t member, uint64_t addr, uint32_t nr,
		     uint32_t flags, uint64_t *words);

/*
 * Evicted pages with a number above `after`, by number.  *nr: room in, filled
 * out; 0 out: no more.  Go on with after = out[*nr - 1].id.
 */
int usm_client_evicted(int fd, uint64_t after, struct usm_evicted_info *out,
		       uint32_t *nr);

/* Has the kernel look for frames that came home; home (may be NULL): how many. */
int usm_client_scan(int fd, uint32_t *home);

/*
 * States of pool frames from `first` on.  *nr: room in, filled out (0 past the
 * end of the pool).
 */
int usm_client_frames(int fd, uint32_t first, struct usm_frame_info *out,
		      uint32_t *nr);

/*
 * Unbinds with its memory; see USM_UNBIND_DRAIN.  `step` (zeroed to begin) has
 * .limit and .addr in and the results out, also on -ENOMEM and -EINTR.
 */
int usm_client_drain(int fd, uint32_t instance, int pidfd,
		     struct usm_unbind *step);

/*
 * Moves memory from before the binding into frames; see USM_IOC_ADOPT.  `step`
 * has .instance, .member, .nr and .addr in and the results out, also on
 * -ENOSPC and -EINTR.
 */
int usm_client_adopt(int fd, struct usm_adopt *step);

/* Moves pages between frames; each entry's .result. *done may be NULL. */
int usm_client_move(int fd, struct usm_move_entry *entries, uint32_t nr,
		    uint32_t *done);

/*
 * Sets the size of a partition; see USM_IOC_RESIZE.  `out` (may be NULL) has
 * .owned, .moved and, also on -ENOSPC, .left.
 */
int usm_client_resize(int fd, uint32_t instance, uint32_t frames,
		      struct usm_resize *out);

/* The runs of a partition as they are now. */
int usm_client_extents(int fd, uint32_t instance, struct usm_extents *out);

/* Gives up an instance. */
int usm_client_destroy(int fd, uint32_t instance);

/* Makes this descriptor the waker; it ends when the descriptor is closed. */
int usm_client_waker(int fd);

/*
 * Sleeps until an instance has rung, or timeout_ms passed (-1: never), or a
 * signal came (EINTR).  rung: bit i of the whole is instance i.
 */
int usm_client_waker_wait(int fd, int timeout_ms,
			  uint64_t rung[USM_RUNG_WORDS]);

/* Maps the claimed channel; undo with usm_client_unmap(*out, bytes). */
int usm_client_map_channel(int fd, uint64_t bytes, struct usm_channel **out);

/*
 * Maps frames [first, first + frames) of the pool; nothing is populated, and
 * frames of others raise SIGBUS.  Undo with usm_client_unmap(*out,
 * frames << USM_FRAME_SHIFT).
 */
int usm_client_map_slice(int fd, uint32_t first, uint32_t frames, void **out);

/*
 * Maps the first page of an instance's channel, for the waker.  Undo with
 * usm_client_unmap(*out, USM_FRAME_BYTES).
 */
int usm_client_map_doorbell(int fd, uint32_t instance,
			    struct usm_channel **out);

/* Unmaps; NULL is fine. */
void usm_client_unmap(void *p, size_t bytes);

/*
 * The two announcement files of the claiming process, non-blocking and
 * close-on-exec.  EPERM without a claim, EBUSY when somebody has it open.
 */
int usm_client_open_events(int *fd);
int usm_client_open_freed(int *fd);

/*
 * Reads what is there without waiting.  *nr: room in records in, records read
 * out, at least 1.  EAGAIN: nothing there now; ENODEV: the claim is gone.
 */
int usm_client_read_events(int events_fd, struct usm_event *out, uint32_t *nr);
int usm_client_read_freed(int freed_fd, uint64_t *pfns, uint32_t *nr);

#endif /* USM_COMMON_CLIENT_H */
