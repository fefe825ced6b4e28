/* SPDX-License-Identifier: MIT */
/*
 * One thread posts ascending numbers, another takes them: all that were
 * accepted arrive, once, in order.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "instance/worker/inbox.h"
#include "race.h"

#define TGID_MASK ((1U << USM_INBOX_TGID_BITS) - 1)

static struct usm_inbox *inbox;
static uint32_t rounds;

static void *post(void *arg)
{
	uint32_t i;

	for (i = 1; i <= rounds; i++)
		while (!usm_inbox_post(inbox, (struct usm_inbox_message){
						      .member = i,
						      .tgid = ~i & TGID_MASK,
					      }))
			sched_yield();
	return arg;
}

int main(void)
{
	pthread_t producer;
	struct usm_inbox_message got;
	uint32_t expected;

	race_watchdog();
	rounds = (uint32_t)race_rounds(200000);
	race_check(!usm_inbox_create(&inbox), "out of memory");
	race_check(!pthread_create(&producer, NULL, post, NULL), "thread");
	for (expected = 1; expected <= rounds; expected++) {
		while (!usm_inbox_take(inbox, &got))
			sched_yield();
		race_check(got.member == expected &&
				   got.tgid == (~expected & TGID_MASK),
			   "%u instead of %u", got.member, expected);
	}
	pthread_join(producer, NULL);
	race_check(!usm_inbox_take(inbox, &got), "%u too many", got.member);
	usm_inbox_destroy(inbox);
	printf("%u messages\n", rounds);
	return 0;
}
