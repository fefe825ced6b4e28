/* SPDX-License-Identifier: MIT */
/*
 * One thread begins loads and takes completions, sleeping when there are none,
 * while the device's own threads complete and wake it: every page arrives
 * once, whole, and nobody sleeps over a completion.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "instance/policies/swap/reads.h"
#include "race.h"

#define PAGES 64U

static char page[USM_READS_MAX][USM_FRAME_BYTES];
static uint32_t free_page[USM_READS_MAX];
static uint32_t nr_free;
static sem_t bell;

static void wake(void *ctx)
{
	sem_post(ctx);
}

static int make_file(void)
{
	char path[] = "/tmp/race_swap.XXXXXX", content[USM_FRAME_BYTES];
	int fd = mkstemp(path);

	race_check(fd >= 0, "no file");
	unlink(path);
	for (int i = 0; i < (int)PAGES; i++) {
		memset(content, i, sizeof(content));
		race_check(write(fd, content, sizeof(content)) ==
				   (ssize_t)sizeof(content),
			   "short file");
	}
	return fd;
}

/* The token says which buffer and which page of the file. */
static uint64_t begin_all(struct usm_reads *reads, uint64_t left)
{
	uint64_t begun = 0;

	while (nr_free && begun < left) {
		uint32_t buffer = free_page[nr_free - 1];
		uint32_t nr = random() % PAGES;
		int err =
			reads->begin(reads->ctx, (off_t)nr << USM_FRAME_SHIFT,
				     page[buffer], (uint64_t)buffer << 32 | nr);

		if (err == -EAGAIN)
			break;
		race_check(!err, "begin: %d", err);
		nr_free--;
		begun++;
		/* Few at a time, so that it often runs dry and sleeps. */
		if (random() % 4 == 0)
			break;
	}
	return begun;
}

static uint32_t take_all(struct usm_reads *reads)
{
	struct usm_swap_done done[16];
	uint32_t n = reads->reap(reads->ctx, done, 16), i;

	for (i = 0; i < n; i++) {
		uint32_t buffer = (uint32_t)(done[i].token >> 32);

		race_check(!done[i].result, "result %d", done[i].result);
		race_check(page[buffer][0] == (char)done[i].token &&
				   !memcmp(page[buffer], page[buffer] + 1,
					   USM_FRAME_BYTES - 1),
			   "wrong page");
		free_page[nr_free++] = buffer;
	}
	return n;
}

static void run(int (*open_reads)(int fd, struct usm_reads *out), int fd,
		uint64_t rounds)
{
	struct usm_reads reads;
	uint64_t begun = 0, over = 0;
	uint32_t taken;
	int err = open_reads(fd, &reads);

	if (err) {
		printf("not to be had here: %s\n", strerror(-err));
		return;
	}
	for (nr_free = 0; nr_free < USM_READS_MAX; nr_free++)
		free_page[nr_free] = nr_free;
	sem_init(&bell, 0, 0);
	race_check(!reads.notify(reads.ctx, wake, &bell), "notify");
	while (over < rounds) {
		begun += begin_all(&reads, rounds - begun);
		taken = take_all(&reads);
		over += taken;
		if (!taken && over < begun)
			while (sem_wait(&bell))
				;
	}
	reads.close(reads.ctx);
	sem_destroy(&bell);
	printf("%s: %llu reads\n", reads.name, (unsigned long long)over);
}

int main(void)
{
	int fd = make_file();

	race_watchdog();
	run(usm_reads_threads, fd, race_rounds(20000));
	run(usm_reads_uring, fd, race_rounds(20000));
	close(fd);
	return 0;
}
