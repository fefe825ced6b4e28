// SPDX-License-Identifier: MIT
/*
 * toucher - a tenant for tests: writes a pattern to every page of a mapping,
 * reads it back, gives the memory up, and starts over.
 *
 *   toucher MEGABYTES [ROUNDS]
 *
 * Says "ready" and waits for SIGUSR1 before the first round; ROUNDS 0 (the
 * default) goes on until it is killed.  Exit 1 when a page read back wrong.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define WORDS (PAGE / sizeof(uint64_t))

static uint64_t pattern(size_t page, unsigned long round)
{
	return (page + 1) * 0x9e3779b97f4a7c15ULL ^ round;
}

static int run_round(uint64_t *memory, size_t pages, unsigned long round)
{
	for (size_t i = 0; i < pages; i++) {
		memory[i * WORDS] = pattern(i, round);
		memory[i * WORDS + WORDS - 1] = ~pattern(i, round);
	}
	for (size_t i = 0; i < pages; i++) {
		if (memory[i * WORDS] != pattern(i, round) ||
		    memory[i * WORDS + WORDS - 1] != ~pattern(i, round) ||
		    memory[i * WORDS + 1]) {
			fprintf(stderr, "page %zu is wrong in round %lu\n", i,
				round);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	size_t bytes = argc > 1 ? strtoul(argv[1], NULL, 10) << 20 : 0;
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	sigset_t go;
	int signal;
	uint64_t *memory;

	if (!bytes) {
		fprintf(stderr, "usage: toucher MEGABYTES [ROUNDS]\n");
		return 2;
	}
	sigemptyset(&go);
	sigaddset(&go, SIGUSR1);
	sigprocmask(SIG_BLOCK, &go, NULL);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	puts("ready");
	fflush(stdout);
	sigwait(&go, &signal);
	for (unsigned long round = 0; !rounds || round < rounds; round++) {
		if (round && madvise(memory, bytes, MADV_DONTNEED))
			return 2;
		if (run_round(memory, bytes / PAGE, round))
			return 1;
	}
	puts("done");
	fflush(stdout);
	/* Keeps the last round's memory until it is told again. */
	sigwait(&go, &signal);
	return 0;
}
