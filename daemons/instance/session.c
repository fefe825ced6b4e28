/* SPDX-License-Identifier: MIT */
#include "instance/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/client.h"

/* A killed predecessor needs this long at most to be torn down. */
#define CLAIM_TRIES 100
#define CLAIM_PAUSE_NS 20000000L

static const struct usm_session no_session = {
	.device_fd = -1,
	.events_fd = -1,
	.freed_fd = -1,
};

static int open_device(const char *path, struct usm_session *session,
		       struct usm_failure *failure)
{
	int err;

	if (!path)
		path = USM_DEVICE_PATH;
	err = usm_client_open(path, &session->device_fd);
	switch (err) {
	case 0:
		return 0;
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		return usm_fail(failure, USM_EXIT_UNREACHABLE, -err,
				"%s: not there; is usm_lkmRM.ko loaded?", path);
	case -EPROTO:
	case -ENOTTY:
		return usm_fail(failure, USM_EXIT_UNREACHABLE, -err,
				"%s: the module does not speak ABI version %d",
				path, USM_ABI_VERSION);
	case -EACCES:
	case -EPERM:
		return usm_fail(failure, USM_EXIT_DENIED, -err,
				"%s: no permission; start usm-instance as root",
				path);
	default:
		return usm_fail(failure, USM_EXIT_FAILED, -err, "%s: %s", path,
				strerror(-err));
	}
}

static int explain_claim(int err, const struct usm_session_options *options,
			 const struct usm_claim *claim,
			 struct usm_failure *failure)
{
	uint64_t wanted = (uint64_t)options->frames << USM_FRAME_SHIFT;
	uint64_t other = (uint64_t)claim->frames << USM_FRAME_SHIFT;

	switch (err) {
	case -EEXIST:
	case -EBUSY:
		return usm_fail(failure, USM_EXIT_CONFLICT, -err,
				"name: instance \"%s\" has a daemon already",
				options->name);
	case -ENOSPC:
		return usm_fail(failure, USM_EXIT_CONFLICT, -err,
				"memory: %" PRIu64 " bytes wanted, %" PRIu64
				" left in the pool",
				wanted, other);
	case -EUCLEAN:
		return usm_fail(failure, USM_EXIT_CONFLICT, -err,
				"memory: instance \"%s\" has %" PRIu64
				" bytes, not %" PRIu64,
				options->name, other, wanted);
	case -EPERM:
	case -EACCES:
		return usm_fail(
			failure, USM_EXIT_DENIED, -err,
			"claiming needs CAP_SYS_ADMIN and no binding of "
			"its own; start usm-instance as root");
	case -EINVAL:
		return usm_fail(failure, USM_EXIT_USAGE, -err,
				"the module refuses name, memory, slots or "
				"deadline_ms");
	default:
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"claiming \"%s\": %s", options->name,
				strerror(-err));
	}
}

static int claim(const struct usm_session_options *options,
		 struct usm_session *session, struct usm_failure *failure)
{
	const struct timespec pause = { .tv_nsec = CLAIM_PAUSE_NS };
	int tries = options->persist ? CLAIM_TRIES : 1, err;

	for (;;) {
		session->claim = (struct usm_claim){
			.flags = options->persist ? USM_CLAIM_PERSIST : 0,
			.frames = options->frames,
			.nr_slots = options->nr_slots,
			.deadline_ms = options->deadline_ms,
			.owner_uid = options->owner_uid,
			.on_loss = options->on_loss,
		};
		snprintf(session->claim.name, sizeof(session->claim.name), "%s",
			 options->name);
		err = usm_client_claim(session->device_fd, &session->claim);
		if ((err != -EBUSY && err != -EEXIST) || !--tries)
			break;
		nanosleep(&pause, NULL);
	}
	return err ? explain_claim(err, options, &session->claim, failure) : 0;
}

static int open_proc_files(struct usm_session *session,
			   struct usm_failure *failure)
{
	int err = usm_client_open_events(&session->events_fd);

	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				USM_PROC_EVENTS_PATH ": %s", strerror(-err));
	err = usm_client_open_freed(&session->freed_fd);
	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				USM_PROC_FREED_PATH ": %s", strerror(-err));
	return 0;
}

/* The page tables of the channel are filled here, not under a fault. */
static void touch_channel(const struct usm_channel *channel, uint64_t bytes)
{
	const volatile char *p = (const volatile char *)channel;
	uint64_t at;

	for (at = 0; at < bytes; at += USM_FRAME_BYTES)
		(void)p[at];
}

static int map_channel(struct usm_session *session, struct usm_failure *failure)
{
	uint64_t bytes = session->claim.channel_bytes;
	int err = usm_client_map_channel(session->device_fd, bytes,
					 &session->channel);

	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"mapping the channel: %s", strerror(-err));
	err = usm_channel_view(session->channel, bytes, &session->view);
	if (err)
		return usm_fail(failure, USM_EXIT_UNREACHABLE, -err,
				"the channel is not laid out as expected");
	touch_channel(session->channel, bytes);
	return 0;
}

/*
 * One mapping over the whole pool, so that it fits whatever partition there
 * will be; pages come in when somebody looks.
 */
static int map_pool(struct usm_session *session, struct usm_failure *failure)
{
	struct usm_info info;
	void *pool = NULL;
	int err = usm_client_info(session->device_fd, &info);

	if (!err)
		err = usm_client_map_slice(session->device_fd, 0,
					   info.pool_frames, &pool);
	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"mapping the pool: %s", strerror(-err));
	session->pool = pool;
	session->pool_frames = info.pool_frames;
	return 0;
}

int usm_session_open(const struct usm_session_options *options,
		     struct usm_session *out, struct usm_failure *failure)
{
	struct usm_session session = no_session;
	int err = open_device(options->device, &session, failure);

	if (!err)
		err = claim(options, &session, failure);
	if (!err)
		err = open_proc_files(&session, failure);
	if (!err)
		err = map_channel(&session, failure);
	if (!err)
		err = map_pool(&session, failure);
	if (err) {
		usm_session_close(&session);
		return err;
	}
	*out = session;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void usm_session_close(struct usm_session *session)
{
	usm_client_unmap(session->pool,
			 (size_t)session->pool_frames << USM_FRAME_SHIFT);
	usm_client_unmap(session->channel, session->claim.channel_bytes);
	close_fd(session->freed_fd);
	close_fd(session->events_fd);
	/* The last: it ends the claim. */
	close_fd(session->device_fd);
	*session = no_session;
}

static int kernel_worker(void *ctx, uint32_t worker)
{
	const struct usm_session *session = ctx;

	return usm_client_worker(session->device_fd, worker);
}

static int kernel_map(void *ctx, struct usm_map_entry *entries, uint32_t nr)
{
	const struct usm_session *session = ctx;

	return usm_client_map(session->device_fd, entries, nr, NULL);
}

static int kernel_scan(void *ctx, uint32_t *home)
{
	const struct usm_session *session = ctx;

	return usm_client_scan(session->device_fd, home);
}

static int kernel_frames(void *ctx, uint32_t first, struct usm_frame_info *out,
			 uint32_t *nr)
{
	const struct usm_session *session = ctx;

	return usm_client_frames(session->device_fd, first, out, nr);
}

static int kernel_extents(void *ctx, struct usm_extents *out)
{
	const struct usm_session *session = ctx;

	return usm_client_extents(session->device_fd, session->claim.instance,
				  out);
}

static int kernel_evict(void *ctx, struct usm_evict_entry *entries, uint32_t nr)
{
	const struct usm_session *session = ctx;

	return usm_client_evict(session->device_fd, entries, nr, NULL);
}

static int kernel_free(void *ctx, struct usm_free_entry *entries, uint32_t nr)
{
	const struct usm_session *session = ctx;

	return usm_client_free(session->device_fd, entries, nr, NULL);
}

static int kernel_push(void *ctx, const uint32_t *frames, uint32_t nr,
		       struct usm_push *push)
{
	const struct usm_session *session = ctx;

	return usm_client_push(session->device_fd, frames, nr, push);
}

static int kernel_grant(void *ctx, struct usm_grant_entry *entries, uint32_t nr)
{
	const struct usm_session *session = ctx;

	return usm_client_grant(session->device_fd, entries, nr, NULL);
}

static int kernel_stocked(void *ctx, uint32_t member, uint32_t *out)
{
	const struct usm_session *session = ctx;
	struct usm_member_info info;
	uint32_t nr = 1;
	int err =
		usm_client_members(session->device_fd, session->claim.instance,
				   member - 1, &info, &nr);

	if (err)
		return err;
	if (!nr || info.member != member)
		return -ESRCH;
	*out = info.stocked;
	return 0;
}

static int kernel_pages(void *ctx, uint32_t member, uint64_t addr, uint32_t nr,
			uint32_t flags, uint64_t *words)
{
	const struct usm_session *session = ctx;

	return usm_client_pages(session->device_fd, member, addr, nr, flags,
				words);
}

static int kernel_evicted(void *ctx, uint64_t after,
			  struct usm_evicted_info *out, uint32_t *nr)
{
	const struct usm_session *session = ctx;

	return usm_client_evicted(session->device_fd, after, out, nr);
}

static int kernel_read_freed(void *ctx, uint64_t *pfns, uint32_t *nr)
{
	const struct usm_session *session = ctx;

	return usm_client_read_freed(session->freed_fd, pfns, nr);
}

void usm_session_kernel(struct usm_session *session, struct usm_kernel *out)
{
	*out = (struct usm_kernel){
		.ctx = session,
		.worker = kernel_worker,
		.map = kernel_map,
		.scan = kernel_scan,
		.frames = kernel_frames,
		.extents = kernel_extents,
		.evict = kernel_evict,
		.free = kernel_free,
		.push = kernel_push,
		.grant = kernel_grant,
		.stocked = kernel_stocked,
		.pages = kernel_pages,
		.evicted = kernel_evicted,
		.read_freed = kernel_read_freed,
	};
}
