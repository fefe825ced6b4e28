/* SPDX-License-Identifier: MIT */
/*
 * Workers see thresholds crossed at the same time: in the end the level is
 * that of what was seen last, and whoever reads the descriptor is told.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>

#include "instance/thresholds/level.h"
#include "instance/thresholds/watch.h"
#include "race.h"

#define WORKERS 4
#define FRAMES 1000U

static const struct usm_config_thresholds thresholds = {
	.nr = 2,
	.threshold = { { .used_percent = 30 }, { .used_percent = 60 } },
};
static struct usm_threshold_watch watch;
static uint32_t rounds;

static void *work(void *arg)
{
	uint32_t at = (uint32_t)(uintptr_t)arg * 97, i;

	for (i = 0; i < rounds; i++) {
		at = (at + 37) % FRAMES;
		usm_threshold_watch_see(&watch, at);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread[WORKERS];
	unsigned int told = 0, i;
	eventfd_t count;

	race_watchdog();
	rounds = (uint32_t)race_rounds(20000);
	race_check(!usm_threshold_watch_open(&watch, &thresholds, FRAMES),
		   "eventfd");
	for (i = 0; i < WORKERS; i++)
		race_check(!pthread_create(&thread[i], NULL, work,
					   (void *)(uintptr_t)i),
			   "thread");
	for (i = 0; i < rounds; i++) {
		told += !eventfd_read(watch.fd, &count);
		race_check(usm_threshold_watch_level(&watch) <= thresholds.nr,
			   "no such level");
	}
	for (i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	usm_threshold_watch_see(&watch, FRAMES);
	eventfd_read(watch.fd, &count);
	usm_threshold_watch_see(&watch, 0);
	race_check(usm_threshold_watch_level(&watch) == 2, "level %u",
		   usm_threshold_watch_level(&watch));
	race_check(!eventfd_read(watch.fd, &count), "nobody was told");
	usm_threshold_watch_close(&watch);
	printf("told %u times\n", told);
	return 0;
}
