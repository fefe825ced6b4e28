/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "instance/worker/channel_view.h"

Test(channel_view, checks_what_it_is_given)
{
	static char memory[1 << 20];
	const size_t slots_end = 8192 + 1024 * sizeof(struct usm_slot);
	struct usm_channel *channel = (struct usm_channel *)memory;
	struct usm_channel_view view;

	*channel = (struct usm_channel){
		.abi = USM_ABI_VERSION,
		.nr_slots = 1024,
		.pfq_offset = 4096,
		.slots_offset = 8192,
		.nr_notices = USM_NOTICES,
	};
	cr_assert_eq(usm_channel_view(channel, slots_end, &view), 0);
	cr_assert_eq((char *)view.slots, memory + 8192);
	cr_assert_eq(usm_channel_view(channel, slots_end - 1, &view), -EPROTO);
	channel->notices_offset = (uint32_t)slots_end;
	cr_assert_eq(usm_channel_view(channel, sizeof(memory), &view), 0);
	cr_assert_eq((char *)view.notices, memory + slots_end);
	cr_assert_eq(usm_channel_view(
			     channel,
			     slots_end + sizeof(struct usm_notices) - 1, &view),
		     -EPROTO);
	channel->notices_offset = 0;
	cr_assert_eq(usm_channel_view(channel, 100, &view), -EPROTO);
	channel->nr_slots = 1000;
	cr_assert_eq(usm_channel_view(channel, sizeof(memory), &view), -EPROTO);
	channel->nr_slots = 1024;
	channel->pfq_offset = 0xfffffff0;
	cr_assert_eq(usm_channel_view(channel, sizeof(memory), &view), -EPROTO);
	channel->pfq_offset = 4096;
	channel->abi++;
	cr_assert_eq(usm_channel_view(channel, sizeof(memory), &view), -EPROTO);
}
