/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "common/client.h"
#include "lib/pagemap.h"
#include "stress/stress.h"

#define MEMBERS_MAX 64

int look_at_members(const struct instance *instance, struct look *out)
{
	struct usm_member_info info[MEMBERS_MAX];
	struct partition partition;
	struct look look = { 0 };
	uint32_t nr = MEMBERS_MAX, i;
	int err = partition_read(instance->pid, &partition);

	if (err)
		return err;
	err = usm_client_members(instance->dev, instance->id, 0, info, &nr);
	for (i = 0; !err && i < nr; i++) {
		struct placement placement;
		struct pages pages;

		if (!info[i].pid || pages_read((pid_t)info[i].pid, &pages))
			continue;
		pages_place(&pages, &partition, &placement);
		look.own += placement.own;
		look.foreign += placement.foreign;
		look.members++;
		pages_free(&pages);
	}
	partition_free(&partition);
	if (!err)
		*out = look;
	return err;
}
