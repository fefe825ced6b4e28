/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "instance/evict/relay.h"

#define FRAMES 300

static struct usm_relay *relay;
static unsigned int rings;

static void ring(void *ctx)
{
	(void)ctx;
	rings++;
}

static void setup(void)
{
	rings = 0;
	cr_assert_eq(usm_relay_create(FRAMES, &relay), 0);
	usm_relay_ring(relay, ring, NULL);
}

static void teardown(void)
{
	usm_relay_destroy(relay);
}

TestSuite(relay, .init = setup, .fini = teardown);

struct heard {
	unsigned int nr;
	uint32_t frame, member;
	uint64_t addr;
};

static void hear(void *ctx, uint32_t frame, uint32_t member, uint64_t addr)
{
	struct heard *heard = ctx;

	heard->nr++;
	heard->frame = frame;
	heard->member = member;
	heard->addr = addr;
}

Test(relay, the_last_word_about_a_frame_counts)
{
	struct heard heard = { 0 };

	usm_relay_placed(relay, FRAMES - 1, 7, 0x1000);
	usm_relay_removed(relay, FRAMES - 1);
	usm_relay_placed(relay, FRAMES - 1, 8, 0x2000);
	usm_relay_drain(relay, hear, &heard);
	cr_assert_eq(heard.nr, 1);
	cr_assert_eq(heard.frame, FRAMES - 1);
	cr_assert_eq(heard.member, 8);
	cr_assert_eq(heard.addr, 0x2000);
	usm_relay_removed(relay, FRAMES - 1);
	usm_relay_drain(relay, hear, &heard);
	cr_assert_eq(heard.nr, 2);
	cr_assert_eq(heard.member, 0);
	usm_relay_drain(relay, hear, &heard);
	cr_assert_eq(heard.nr, 2);
}

Test(relay, has_room_for_news_of_every_frame)
{
	struct heard heard = { 0 };
	uint32_t frame, round;

	for (round = 0; round < 10; round++)
		for (frame = 0; frame < FRAMES; frame++)
			usm_relay_removed(relay, frame);
	/* Of others' frames nobody speaks; it is no harm. */
	usm_relay_removed(relay, FRAMES);
	usm_relay_drain(relay, hear, &heard);
	cr_assert_eq(heard.nr, FRAMES);
	cr_assert_eq(rings, 0);
}

Test(relay, hands_over_each_slot_until_it_is_taken)
{
	uint32_t word;

	cr_assert_not(usm_relay_pending(relay));
	usm_relay_hand(relay, 64);
	usm_relay_hand(relay, 66);
	usm_relay_hand(relay, 4095);
	usm_relay_hand(relay, 64);
	cr_assert_geq(rings, 1);
	cr_assert(usm_relay_pending(relay));
	cr_assert_eq(usm_relay_take_handed(relay, &word), 5);
	cr_assert_eq(word, 1);
	cr_assert_eq(usm_relay_take_handed(relay, &word), 1ULL << 63);
	cr_assert_eq(word, 63);
	cr_assert_eq(usm_relay_take_handed(relay, &word), 0);
	cr_assert_not(usm_relay_pending(relay));
}

Test(relay, rings_once_for_a_wish)
{
	usm_relay_want(relay);
	usm_relay_want(relay);
	cr_assert_eq(rings, 1);
	cr_assert(usm_relay_pending(relay));
	cr_assert(usm_relay_take_wanted(relay));
	cr_assert_not(usm_relay_take_wanted(relay));
	usm_relay_suspect(relay);
	cr_assert_eq(rings, 2);
	cr_assert(usm_relay_take_suspicion(relay));
	cr_assert_not(usm_relay_take_suspicion(relay));
	cr_assert_not(usm_relay_pending(relay));
}

Test(relay, knows_the_low_mark)
{
	usm_relay_see(relay, 0);
	cr_assert_eq(rings, 0);
	cr_assert(usm_relay_hopeful(relay));
	usm_relay_set(relay, 10, 3, false);
	cr_assert_eq(usm_relay_keep(relay), 3);
	cr_assert_not(usm_relay_hopeful(relay));
	usm_relay_see(relay, 10);
	cr_assert_eq(rings, 0);
	usm_relay_see(relay, 9);
	usm_relay_see(relay, 8);
	cr_assert_eq(rings, 1);
}
