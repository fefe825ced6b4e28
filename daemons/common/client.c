/* SPDX-License-Identifier: MIT */
#include "common/client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

static int call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

static uint64_t user_ptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int usm_client_open(const char *path, int *fd)
{
	struct usm_info info;
	usm_auto_fd dev = -1;
	int err;

	dev = open(path ? path : USM_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (dev < 0)
		return -errno;
	err = usm_client_info(dev, &info);
	if (err)
		return err;
	*fd = usm_steal_fd(&dev);
	return 0;
}

int usm_client_info(int fd, struct usm_info *out)
{
	struct usm_info info = { .abi = USM_ABI_VERSION };
	int err = call(fd, USM_IOC_INFO, &info);

	if (!err)
		*out = info;
	return err;
}

int usm_client_list(int fd, uint32_t first, struct usm_instance_info *out,
		    uint32_t *nr)
{
	struct usm_list arg = {
		.ptr = user_ptr(out),
		.nr = *nr,
		.first = first,
	};
	int err = call(fd, USM_IOC_LIST, &arg);

	if (!err)
		*nr = arg.nr;
	return err;
}

int usm_client_find(int fd, const char *name, struct usm_instance_info *out)
{
	struct usm_instance_info info;
	uint32_t first = 0;

	for (;;) {
		uint32_t nr = 1;
		int err = usm_client_list(fd, first, &info, &nr);

		if (err)
			return err;
		if (!nr)
			return -ENOENT;
		if (!strncmp(info.name, name, sizeof(info.name))) {
			*out = info;
			return 0;
		}
		first = info.instance + 1;
	}
}

int usm_client_members(int fd, uint32_t instance, uint32_t after,
		       struct usm_member_info *out, uint32_t *nr)
{
	struct usm_members arg = {
		.ptr = user_ptr(out),
		.nr = *nr,
		.instance = instance,
		.after = after,
	};
	int err = call(fd, USM_IOC_MEMBERS, &arg);

	if (!err)
		*nr = arg.nr;
	return err;
}

int usm_client_pidfd(pid_t pid, int *pidfd)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return -errno;
	*pidfd = (int)fd;
	return 0;
}

int usm_client_bind(int fd, uint32_t instance, int pidfd,
		    enum usm_inherit inherit, uint32_t *member)
{
	struct usm_bind arg = {
		.instance = instance,
		.pidfd = pidfd,
		.inherit = inherit,
	};
	int err = call(fd, USM_IOC_BIND, &arg);

	if (!err && member)
		*member = arg.member;
	return err;
}

int usm_client_unbind(int fd, uint32_t instance, int pidfd)
{
	struct usm_unbind arg = { .instance = instance, .pidfd = pidfd };

	return call(fd, USM_IOC_UNBIND, &arg);
}

int usm_client_bind_cgroup(int fd, uint32_t instance, int cgroup_fd,
			   uint32_t inherit, struct usm_bind_cgroup *out)
{
	struct usm_bind_cgroup arg = {
		.instance = instance,
		.cgroup_fd = cgroup_fd,
		.inherit = inherit,
	};
	int err = call(fd, USM_IOC_BIND_CGROUP, &arg);

	if (!err && out)
		*out = arg;
	return err;
}

int usm_client_unbind_cgroup(int fd, uint32_t instance, int cgroup_fd,
			     uint32_t *unbound)
{
	struct usm_unbind_cgroup arg = { .instance = instance,
					 .cgroup_fd = cgroup_fd };
	int err = call(fd, USM_IOC_UNBIND_CGROUP, &arg);

	if (!err && unbound)
		*unbound = arg.unbound;
	return err;
}

int usm_client_cgroups(int fd, uint64_t after, struct usm_cgroup_info *out,
		       uint32_t *nr)
{
	struct usm_cgroups arg = {
		.ptr = (uintptr_t)out,
		.after = after,
		.nr = *nr,
	};
	int err = call(fd, USM_IOC_CGROUPS, &arg);

	if (!err)
		*nr = arg.nr;
	return err;
}

int usm_client_claim(int fd, struct usm_claim *claim)
{
	struct usm_claim arg = *claim;
	int err;

	arg.abi = USM_ABI_VERSION;
	err = call(fd, USM_IOC_CLAIM, &arg);
	if (!err)
		*claim = arg;
	else if (err == -ENOSPC || err == -EUCLEAN)
		claim->frames = arg.frames;
	return err;
}

int usm_client_worker(int fd, uint32_t worker)
{
	struct usm_worker arg = { .worker = worker };

	return call(fd, USM_IOC_WORKER, &arg);
}

int usm_client_map(int fd, struct usm_map_entry *entries, uint32_t nr,
		   uint32_t *done)
{
	uint32_t at = 0, taken = 0;

	while (at < nr) {
		uint32_t left = nr - at;
		struct usm_map arg = {
			.ptr = user_ptr(entries + at),
			.nr = left < USM_BATCH_MAX ? left : USM_BATCH_MAX,
		};
		int err = call(fd, USM_IOC_MAP, &arg);

		if (err)
			return err;
		taken += arg.done;
		at += left < USM_BATCH_MAX ? left : USM_BATCH_MAX;
	}
	if (done)
		*done = taken;
	return 0;
}

static uint32_t batch(uint32_t left)
{
	return left < USM_BATCH_MAX ? left : USM_BATCH_MAX;
}

int usm_client_push(int fd, const uint32_t *frames, uint32_t nr,
		    struct usm_push *push)
{
	struct usm_push arg = *push;
	uint32_t at = 0;

	do {
		int err;

		arg.ptr = user_ptr(frames + at);
		arg.nr = batch(nr - at);
		arg.done = 0;
		arg.error = 0;
		err = call(fd, USM_IOC_PUSH, &arg);
		/* What an earlier batch took is taken: say so. */
		if (err && !at)
			return err;
		if (err)
			arg.error = err;
		at += arg.done;
	} while (!arg.error && at < nr);
	push->done = at;
	push->error = arg.error;
	return 0;
}

int usm_client_grant(int fd, struct usm_grant_entry *entries, uint32_t nr,
		     uint32_t *done)
{
	uint32_t at, taken = 0;

	for (at = 0; at < nr; at += batch(nr - at)) {
		struct usm_grant arg = {
			.ptr = user_ptr(entries + at),
			.nr = batch(nr - at),
		};
		int err = call(fd, USM_IOC_GRANT, &arg);

		if (err)
			return err;
		taken += arg.done;
	}
	if (done)
		*done = taken;
	return 0;
}

int usm_client_free(int fd, struct usm_free_entry *entries, uint32_t nr,
		    uint32_t *done)
{
	uint32_t at, taken = 0;

	for (at = 0; at < nr; at += batch(nr - at)) {
		struct usm_free arg = {
			.ptr = user_ptr(entries + at),
			.nr = batch(nr - at),
		};
		int err = call(fd, USM_IOC_FREE, &arg);

		if (err)
			return err;
		taken += arg.done;
	}
	if (done)
		*done = taken;
	return 0;
}

int usm_client_evict(int fd, struct usm_evict_entry *entries, uint32_t nr,
		     uint32_t *done)
{
	uint32_t at, taken = 0;

	for (at = 0; at < nr; at += batch(nr - at)) {
		struct usm_evict arg = {
			.ptr = user_ptr(entries + at),
			.nr = batch(nr - at),
		};
		int err = call(fd, USM_IOC_EVICT, &arg);

		if (err)
			return err;
		taken += arg.done;
	}
	if (done)
		*done = taken;
	return 0;
}

int usm_client_swapin(int fd, struct usm_swapin_entry *entries, uint32_t nr,
		      uint32_t *done)
{
	uint32_t at, taken = 0;

	for (at = 0; at < nr; at += batch(nr - at)) {
		struct usm_swapin arg = {
			.ptr = user_ptr(entries + at),
			.nr = batch(nr - at),
		};
		int err = call(fd, USM_IOC_SWAPIN, &arg);

		if (err)
			return err;
		taken += arg.done;
	}
	if (done)
		*done = taken;
	return 0;
}

int usm_client_pages(int fd, uint32_t member, uint64_t addr, uint32_t nr,
		     uint32_t flags, uint64_t *words)
{
	uint32_t at, step;

	for (at = 0; at < nr; at += step) {
		struct usm_pages arg = {
			.addr = addr + ((uint64_t)at << USM_FRAME_SHIFT),
			.ptr = user_ptr(words + at),
			.member = member,
			.flags = flags,
		};
		int err;

		step = nr - at < USM_PAGES_MAX ? nr - at : USM_PAGES_MAX;
		arg.nr = step;
		err = call(fd, USM_IOC_PAGES, &arg);
		if (err)
			return err;
	}
	return 0;
}

int usm_client_evicted(int fd, uint64_t after, struct usm_evicted_info *out,
		       uint32_t *nr)
{
	struct usm_evicted arg = {
		.ptr = user_ptr(out),
		.after = after,
		.nr = batch(*nr),
	};
	int err = call(fd, USM_IOC_EVICTED, &arg);

	if (!err)
		*nr = arg.nr;
	return err;
}

int usm_client_scan(int fd, uint32_t *home)
{
	struct usm_scan arg = { .flags = 0 };
	int err = call(fd, USM_IOC_SCAN, &arg);

	if (!err && home)
		*home = arg.home;
	return err;
}

int usm_client_frames(int fd, uint32_t first, struct usm_frame_info *out,
		      uint32_t *nr)
{
	struct usm_frames arg = {
		.ptr = user_ptr(out),
		.nr = *nr,
		.first = first,
	};
	int err = call(fd, USM_IOC_FRAMES, &arg);

	if (!err)
		*nr = arg.nr;
	return err;
}

int usm_client_drain(int fd, uint32_t instance, int pidfd,
		     struct usm_unbind *step)
{
	struct usm_unbind arg = {
		.instance = instance,
		.pidfd = pidfd,
		.flags = USM_UNBIND_DRAIN,
		.limit = step->limit,
		.addr = step->addr,
	};
	int err = call(fd, USM_IOC_UNBIND, &arg);

	if (!err || err == -ENOMEM || err == -EINTR)
		*step = arg;
	return err;
}

int usm_client_adopt(int fd, struct usm_adopt *step)
{
	struct usm_adopt arg = {
		.instance = step->instance,
		.member = step->member,
		.addr = step->addr,
		.nr = step->nr,
	};
	int err = call(fd, USM_IOC_ADOPT, &arg);

	if (!err || err == -ENOSPC || err == -EINTR)
		*step = arg;
	return err;
}

int usm_client_move(int fd, struct usm_move_entry *entries, uint32_t nr,
		    uint32_t *done)
{
	uint32_t at = 0, moved = 0;

	while (at < nr) {
		uint32_t left = nr - at;
		struct usm_move arg = {
			.ptr = user_ptr(entries + at),
			.nr = left < USM_BATCH_MAX ? left : USM_BATCH_MAX,
		};
		int err = call(fd, USM_IOC_MOVE, &arg);

		if (err)
			return err;
		moved += arg.done;
		at += arg.nr;
	}
	if (done)
		*done = moved;
	return 0;
}

int usm_client_resize(int fd, uint32_t instance, uint32_t frames,
		      struct usm_resize *out)
{
	struct usm_resize arg = { .instance = instance, .frames = frames };
	int err = call(fd, USM_IOC_RESIZE, &arg);

	if (out && (!err || err == -ENOSPC))
		*out = arg;
	return err;
}

int usm_client_extents(int fd, uint32_t instance, struct usm_extents *out)
{
	struct usm_extents arg = { .instance = instance };
	int err = call(fd, USM_IOC_EXTENTS, &arg);

	if (!err)
		*out = arg;
	return err;
}

int usm_client_destroy(int fd, uint32_t instance)
{
	struct usm_destroy arg = { .instance = instance };

	return call(fd, USM_IOC_DESTROY, &arg);
}

int usm_client_waker(int fd)
{
	struct usm_waker arg = { .flags = 0 };

	return call(fd, USM_IOC_WAKER, &arg);
}

int usm_client_waker_wait(int fd, int timeout_ms, uint64_t rung[USM_RUNG_WORDS])
{
	struct usm_waker_wait arg = { .timeout_ms = timeout_ms };
	int err = call(fd, USM_IOC_WAKER_WAIT, &arg);

	if (!err)
		memcpy(rung, arg.rung, sizeof(arg.rung));
	return err;
}

static int map_shared(int fd, uint64_t offset, uint64_t bytes, void **out)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		       (off_t)offset);

	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return 0;
}

int usm_client_map_channel(int fd, uint64_t bytes, struct usm_channel **out)
{
	void *p = NULL;
	int err = map_shared(fd, USM_MMAP_CHANNEL, bytes, &p);

	if (!err)
		*out = p;
	return err;
}

int usm_client_map_slice(int fd, uint32_t first, uint32_t frames, void **out)
{
	uint64_t offset = USM_MMAP_SLICE + ((uint64_t)first << USM_FRAME_SHIFT);

	return map_shared(fd, offset, (uint64_t)frames << USM_FRAME_SHIFT, out);
}

int usm_client_map_doorbell(int fd, uint32_t instance, struct usm_channel **out)
{
	uint64_t offset =
		USM_MMAP_DOORBELL + ((uint64_t)instance << USM_FRAME_SHIFT);
	void *p = NULL;
	int err = map_shared(fd, offset, USM_FRAME_BYTES, &p);

	if (!err)
		*out = p;
	return err;
}

void usm_client_unmap(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}

static int open_proc(const char *path, int *fd)
{
	int opened = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (opened < 0)
		return -errno;
	*fd = opened;
	return 0;
}

int usm_client_open_events(int *fd)
{
	return open_proc(USM_PROC_EVENTS_PATH, fd);
}

int usm_client_open_freed(int *fd)
{
	return open_proc(USM_PROC_FREED_PATH, fd);
}

static int read_records(int fd, void *out, size_t size, uint32_t *nr)
{
	ssize_t got;

	do
		got = read(fd, out, size * *nr);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (!got)
		return -ENODEV;
	*nr = (uint32_t)((size_t)got / size);
	return 0;
}

int usm_client_read_events(int events_fd, struct usm_event *out, uint32_t *nr)
{
	return read_records(events_fd, out, sizeof(*out), nr);
}

int usm_client_read_freed(int freed_fd, uint64_t *pfns, uint32_t *nr)
{
	return read_records(freed_fd, pfns, sizeof(*pfns), nr);
}
