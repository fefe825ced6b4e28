/* SPDX-License-Identifier: MIT */
#include "frames.h"

#include <errno.h>
#include <string.h>

#include "race.h"

void race_frames_init(struct race_frames *frames, uint32_t first, uint32_t nr)
{
	race_check(nr <= RACE_FRAMES_MAX, "%u frames", nr);
	*frames = (struct race_frames){
		.first = first,
		.nr = nr,
		.have = nr,
	};
	pthread_mutex_init(&frames->lock, NULL);
	memset(frames->state, USM_FRAME_FREE, sizeof(frames->state));
}

uint8_t *race_frames_state(struct race_frames *frames, uint32_t frame)
{
	race_check(frame - frames->first < frames->nr, "no frame: %u", frame);
	return &frames->state[frame - frames->first];
}

void race_frames_come_home(struct race_frames *frames, uint32_t frame)
{
	*race_frames_state(frames, frame) = USM_FRAME_HOME;
	frames->home[frames->nr_home++] = frame;
}

void race_frames_set_free(struct race_frames *frames, uint32_t frame)
{
	*race_frames_state(frames, frame) = frame - frames->first < frames->have
						    ? USM_FRAME_FREE
						    : USM_FRAME_POOL;
}

int race_frames_use(struct race_frames *frames, uint32_t frame)
{
	uint8_t *state;

	if (frame == USM_FRAME_NONE)
		return 0;
	if (frame - frames->first >= frames->nr)
		return -EPERM;
	state = race_frames_state(frames, frame);
	if (*state != USM_FRAME_FREE)
		return -EBUSY;
	*state = USM_FRAME_MAPPED;
	return 0;
}

void race_frames_let_go(struct race_frames *frames, uint32_t frame)
{
	pthread_mutex_lock(&frames->lock);
	race_check(*race_frames_state(frames, frame) == USM_FRAME_MAPPED,
		   "frame %u in two hands", frame);
	race_frames_come_home(frames, frame);
	pthread_mutex_unlock(&frames->lock);
}

int race_frames_scan(void *ctx, uint32_t *found)
{
	(void)ctx;
	*found = 0;
	return 0;
}

int race_frames_list(void *ctx, uint32_t first, struct usm_frame_info *out,
		     uint32_t *nr)
{
	struct race_frames *frames = ctx;
	uint32_t i;

	memset(out, 0, *nr * sizeof(*out));
	pthread_mutex_lock(&frames->lock);
	for (i = 0; i < *nr && first + i - frames->first < frames->nr; i++)
		out[i].state = *race_frames_state(frames, first + i);
	pthread_mutex_unlock(&frames->lock);
	*nr = i;
	return 0;
}

int race_frames_read_freed(void *ctx, uint64_t *pfns, uint32_t *nr)
{
	struct race_frames *frames = ctx;
	uint32_t got = 0;

	pthread_mutex_lock(&frames->lock);
	while (frames->nr_home && got < *nr) {
		uint32_t frame = frames->home[--frames->nr_home];

		race_frames_set_free(frames, frame);
		pfns[got++] = RACE_BASE_PFN + frame;
	}
	pthread_mutex_unlock(&frames->lock);
	*nr = got;
	return got ? 0 : -EAGAIN;
}

int race_frames_extents(void *ctx, struct usm_extents *out)
{
	struct race_frames *frames = ctx;

	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&frames->lock);
	out->frames = frames->have;
	pthread_mutex_unlock(&frames->lock);
	out->nr_extents = 1;
	out->extents[0].first = frames->first;
	out->extents[0].frames = out->frames;
	return 0;
}
