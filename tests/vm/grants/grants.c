/* SPDX-License-Identifier: MIT */
#include "grants/grants.h"

#include <stdlib.h>
#include <string.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/pattern.h"

#define HOME_LIMIT_MS 20000

void grants_open(struct raw_daemon *daemon, uint32_t frames)
{
	raw_daemon_open(daemon, "grants", frames, 0, 1000);
}

uint32_t grants_first(const struct raw_daemon *daemon)
{
	return daemon->claim.extents[0].first;
}

int grants_push(struct raw_daemon *daemon, uint32_t member, uint32_t first,
		uint32_t nr, uint32_t flags, uint32_t low)
{
	struct usm_push push = { .member = member, .flags = flags, .low = low };
	uint32_t *frames = calloc(nr + 1, sizeof(*frames));
	uint32_t i;
	int err;

	for (i = 0; i < nr; i++)
		frames[i] = first + i;
	err = usm_client_push(daemon->dev, frames, nr, &push);
	free(frames);
	if (err)
		return err;
	return push.error ? push.error : (int)push.done;
}

int grants_range(struct raw_daemon *daemon, const struct usm_grant_entry *entry)
{
	struct usm_grant_entry own = *entry;
	int err = usm_client_grant(daemon->dev, &own, 1, NULL);

	return err ? err : own.result;
}

int grants_free(struct raw_daemon *daemon, uint32_t frame)
{
	struct usm_free_entry entry = { .frame = frame };
	int err = usm_client_free(daemon->dev, &entry, 1, NULL);

	return err ? err : entry.result;
}

bool grants_notice(struct raw_daemon *daemon, enum usm_notice_type type,
		   struct usm_notice *out)
{
	struct usm_notices *notices = (void *)((char *)daemon->channel +
					       daemon->channel->notices_offset);

	while (notices->tail !=
	       __atomic_load_n(&notices->head, __ATOMIC_ACQUIRE)) {
		*out = notices->ring[notices->tail % USM_NOTICES];
		__atomic_store_n(&notices->tail, notices->tail + 1,
				 __ATOMIC_RELEASE);
		if (out->type == type)
			return true;
	}
	return false;
}

bool grants_all_home(struct raw_daemon *daemon, const char *what)
{
	return check(instance_all_free(daemon->dev, daemon->claim.instance,
				       true, HOME_LIMIT_MS),
		     "%s: every frame is home", what);
}

void grants_soil(struct raw_daemon *daemon, uint32_t first, uint32_t frames)
{
	size_t bytes = (size_t)frames * PAGE_BYTES;
	void *slice;

	if (usm_client_map_slice(daemon->dev, first, frames, &slice))
		require(false, "the slice maps");
	memset(slice, 0x5a, bytes);
	usm_client_unmap(slice, bytes);
}
