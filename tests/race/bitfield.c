/* SPDX-License-Identifier: MIT */
/*
 * One thread sets two bits of a leaf word while another takes what it finds;
 * after each round both bits must have been taken exactly once.  Nothing else
 * touches the word, so a bit without a summary bit has nobody to rescue it.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "instance/worker/bitfield.h"
#include "race.h"

/* Looks in vain before the CPU is given up: there may be only one. */
#define SPINS 1000

static struct usm_bitfield field;
static uint64_t rounds;
static uint64_t started; /* round the producer may begin */
static uint64_t finished; /* round whose bits are all set */

static void set_bit(unsigned int bit)
{
	__atomic_fetch_or(&field.leaf[bit / 64], 1ULL << (bit % 64),
			  __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&field.summary, 1ULL << (bit / 64), __ATOMIC_SEQ_CST);
}

static void relax(unsigned int *spins)
{
	if (++*spins % SPINS == 0)
		sched_yield();
}

static void *produce(void *arg)
{
	unsigned int spins = 0;
	uint64_t round;

	for (round = 1; round <= rounds; round++) {
		while (__atomic_load_n(&started, __ATOMIC_ACQUIRE) < round)
			relax(&spins);
		set_bit(64 * 5 + round % 64);
		set_bit(64 * 5 + (round + 1) % 64);
		__atomic_store_n(&finished, round, __ATOMIC_RELEASE);
	}
	return arg;
}

/* Everything pending; a bit that comes twice in a round is an error. */
static uint64_t take_all(uint64_t mask, uint64_t had)
{
	uint64_t words = usm_bitfield_snapshot(&field), bits = 0;

	while (words) {
		unsigned int word = (unsigned int)__builtin_ctzll(words);
		uint64_t got = usm_bitfield_take(&field, word, mask);

		race_check(!got || word == 5, "bits in word %u", word);
		race_check(!((had | bits) & got), "a bit came twice");
		bits |= got;
		words &= words - 1;
	}
	return bits;
}

static uint64_t take_for(uint64_t mask, uint64_t had)
{
	return usm_bitfield_pending(&field, mask) ? take_all(mask, had) : 0;
}

int main(void)
{
	/* As a lone worker, and as the two halves of a pair. */
	static const uint64_t even = 0x5555555555555555ULL;
	pthread_t producer;
	uint64_t round;

	race_watchdog();
	rounds = race_rounds(20000);
	race_check(!pthread_create(&producer, NULL, produce, NULL), "thread");
	for (round = 1; round <= rounds; round++) {
		uint64_t wanted =
			1ULL << (round % 64) | 1ULL << ((round + 1) % 64);
		uint64_t got = 0;
		unsigned int spins = 0;
		int whole = round % 2, last = 0;

		__atomic_store_n(&started, round, __ATOMIC_RELEASE);
		while (!last) {
			last = __atomic_load_n(&finished, __ATOMIC_ACQUIRE) ==
			       round;
			got |= take_for(whole ? ~0ULL : even, got);
			if (!whole)
				got |= take_for(~even, got);
			relax(&spins);
		}
		race_check(got == wanted, "round %lu: took %lx, set %lx", round,
			   got, wanted);
	}
	pthread_join(producer, NULL);
	printf("%lu rounds\n", rounds);
	return 0;
}
