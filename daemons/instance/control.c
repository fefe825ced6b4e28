/* SPDX-License-Identifier: MIT */
#include "instance/control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/client/announced.h"
#include "common/client/members.h"
#include "instance/worker/backoff.h"

#define EVENT_BATCH 64

/* Room for this many members at first when listing them; doubled as needed. */
#define LIST_ROOM 256

/*
 * Frames come home in bursts, a wake-up for each record would compete with the
 * worker for the CPU.  The worker does not wait for this: it reads for itself
 * when it runs out.
 */
#define FREED_PAUSE_NS 5000000ULL

/* Workers read what they are told between two passes. */
#define UNTOLD_PAUSE_MS 5

enum {
	FD_STOP,
	FD_EVENTS,
	FD_FREED,
	FD_SOURCE,
	NR_FDS = FD_SOURCE + USM_CONTROL_SOURCES
};

/* Again is fine; better than not at all. */
static void tell(struct usm_control *control, const struct usm_member *member)
{
	if (!control->member_new ||
	    control->member_new(control->workers_ctx, member))
		return;
	if (!control->untold || member->member < control->untold)
		control->untold = member->member;
}

static void tell_of(struct usm_control *control, uint32_t member)
{
	const struct usm_member *found =
		usm_members_find(&control->members, member);

	if (found)
		tell(control, found);
}

/* Of this member and those after it, as long as there is room. */
static void tell_from(struct usm_control *control, uint32_t member)
{
	size_t i;

	control->untold = 0;
	for (i = 0; i < control->members.nr && !control->untold; i++)
		if (control->members.entry[i].member >= member)
			tell(control, &control->members.entry[i]);
}

static void tell_of_all(struct usm_control *control)
{
	tell_from(control, 0);
}

static void tell_gone(void *ctx, uint32_t member)
{
	struct usm_control *control = ctx;

	if (control->member_gone)
		control->member_gone(control->workers_ctx, member);
}

static int list_members(const struct usm_session *session,
			struct usm_member_info **out, size_t *out_nr)
{
	usm_auto_free void *held = NULL;
	struct usm_member_info *info = NULL;
	size_t nr = 0, room = 0;

	for (;;) {
		uint32_t got, after = nr ? info[nr - 1].member : 0;
		int err;

		if (nr == room) {
			room = room ? room * 2 : LIST_ROOM;
			info = reallocarray(held, room, sizeof(*info));
			if (!info)
				return -ENOMEM;
			held = info;
		}
		got = (uint32_t)(room - nr);
		err = usm_client_members(session->device_fd,
					 session->claim.instance, after,
					 &info[nr], &got);
		if (err)
			return err;
		if (!got)
			break;
		nr += got;
	}
	held = NULL;
	*out = info;
	*out_nr = nr;
	return 0;
}

int usm_control_resync(struct usm_control *control)
{
	usm_auto_free struct usm_member_info *info = NULL;
	size_t nr;
	int err = list_members(control->session, &info, &nr);

	if (!err)
		err = usm_members_resync(&control->members, info, nr, tell_gone,
					 control);
	if (!err)
		tell_of_all(control);
	return err;
}

static int handle_event(struct usm_control *control,
			const struct usm_event *event)
{
	uint32_t gone = 0;
	int err;

	/* What was lost may have been a word about the partition's size. */
	if (control->resized &&
	    (event->type == USM_EVENT_RESIZE || event->type == USM_EVENT_LOST))
		control->resized(control->workers_ctx);
	if (event->type == USM_EVENT_RESIZE) {
		err = 0;
	} else if (event->type == USM_EVENT_LOST) {
		err = usm_control_resync(control);
	} else {
		err = usm_members_apply(&control->members, event, &gone);
		/* A type of a later ABI revision is no reason to end. */
		if (err == -EINVAL)
			err = 0;
	}
	if (gone)
		tell_gone(control, gone);
	else if (!err)
		tell_of(control, event->member);
	if (!err && control->observe)
		control->observe(control->observe_ctx, event);
	return err;
}

static int read_events(struct usm_control *control)
{
	struct usm_event events[EVENT_BATCH];
	uint32_t nr = EVENT_BATCH, i;
	int err = usm_client_read_events(control->session->events_fd, events,
					 &nr);

	if (err == -EAGAIN)
		return 0;
	for (i = 0; i < nr && !err; i++)
		err = handle_event(control, &events[i]);
	return err;
}

/* Milliseconds until `when`, rounded up; 0 when it has passed. */
static int ms_until(uint64_t when)
{
	uint64_t now = usm_now_ns();

	return now >= when ? 0 : (int)((when - now + 999999) / 1000000);
}

/* How long it may sleep; -1: until something happens. */
static int limit_ms(const struct usm_control *control, int pause)
{
	if (control->untold && (!pause || pause > UNTOLD_PAUSE_MS))
		return UNTOLD_PAUSE_MS;
	return pause ? pause : -1;
}

static void watch_sources(const struct usm_control *control, struct pollfd *fds)
{
	int i;

	for (i = 0; i < USM_CONTROL_SOURCES; i++)
		fds[i] = (struct pollfd){
			.fd = control->source[i].ready ? control->source[i].fd
						       : -1,
			.events = POLLIN,
		};
}

static void serve_sources(struct usm_control *control, const struct pollfd *fds)
{
	int i;

	for (i = 0; i < USM_CONTROL_SOURCES; i++)
		if (fds[i].revents &&
		    control->source[i].ready(control->source[i].ctx))
			tell_of_all(control);
}

int usm_control_run(struct usm_control *control)
{
	struct pollfd fds[NR_FDS] = {
		[FD_STOP] = { .fd = control->stop_fd, .events = POLLIN },
		[FD_EVENTS] = { .fd = control->session->events_fd,
				.events = POLLIN },
		[FD_FREED] = { .fd = control->session->freed_fd,
			       .events = POLLIN },
	};
	uint64_t freed_from = 0; /* freed frames are looked at again then */
	int err = 0;

	watch_sources(control, fds + FD_SOURCE);
	while (!err) {
		int pause = ms_until(freed_from);

		/* A negative descriptor is passed over by poll(). */
		fds[FD_FREED].fd = pause ? -1 : control->session->freed_fd;
		if (poll(fds, NR_FDS, limit_ms(control, pause)) < 0) {
			err = errno == EINTR ? 0 : -errno;
			continue;
		}
		if (fds[FD_STOP].revents)
			return 0;
		if (fds[FD_EVENTS].revents)
			err = read_events(control);
		if (!err && fds[FD_FREED].revents) {
			err = usm_returned_collect(control->returned, NULL);
			freed_from = usm_now_ns() + FREED_PAUSE_NS;
			if (control->freed)
				control->freed(control->workers_ctx);
		}
		if (!err)
			serve_sources(control, fds + FD_SOURCE);
		if (control->untold)
			tell_from(control, control->untold);
	}
	return err;
}
