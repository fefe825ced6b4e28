/* SPDX-License-Identifier: MIT */
#include "instance/policies/evict/fresh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int usm_fresh_init(struct usm_fresh *fresh, uint32_t nr_frames)
{
	size_t room = nr_frames ? nr_frames : 1;
	struct usm_fresh made = {
		.links = calloc(room, sizeof(*made.links)),
		.fresh = calloc(room, sizeof(*made.fresh)),
	};

	if (!made.links || !made.fresh) {
		usm_fresh_fini(&made);
		return -ENOMEM;
	}
	*fresh = made;
	return 0;
}

void usm_fresh_fini(struct usm_fresh *fresh)
{
	free(fresh->links);
	free(fresh->fresh);
	memset(fresh, 0, sizeof(*fresh));
}

void usm_fresh_add(struct usm_fresh *fresh, uint32_t frame)
{
	if (fresh->fresh[frame])
		return;
	fresh->fresh[frame] = true;
	usm_frame_list_add(&fresh->list, fresh->links, frame);
}

void usm_fresh_remove(struct usm_fresh *fresh, uint32_t frame)
{
	if (!fresh->fresh[frame])
		return;
	fresh->fresh[frame] = false;
	usm_frame_list_take(&fresh->list, fresh->links, frame);
}

bool usm_fresh_used(struct usm_fresh *fresh, uint32_t frame)
{
	bool used = !fresh->fresh[frame];

	fresh->answered += !used;
	usm_fresh_remove(fresh, frame);
	return used;
}

uint32_t usm_fresh_copy(const struct usm_fresh *fresh, uint32_t *frames,
			uint32_t look)
{
	return usm_frame_list_copy(&fresh->list, fresh->links, frames,
				   look / 2);
}

uint32_t usm_fresh_looked(struct usm_fresh *fresh, uint32_t look)
{
	uint32_t before = fresh->list.nr + fresh->answered;
	uint32_t share = look / 2 < before ? look / 2 : before, i;

	for (i = fresh->answered; i < share; i++)
		usm_fresh_remove(fresh, usm_frame_list_oldest(&fresh->list));
	fresh->answered = 0;
	return share;
}
