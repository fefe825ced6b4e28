/* SPDX-License-Identifier: MIT */
/*
 * A daemon of several threads: some call at random, one writes anywhere in
 * what it shares with the kernel, one answers faults, mostly properly, and
 * signals interrupt all of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/client.h"
#include "fuzz/fuzz.h"
#include "lib/check.h"
#include "lib/pattern.h"
#include "lib/wait.h"

#define CALLERS 2
#define DEADLINE_MS 10
/* Where an upcall takes milliseconds: else it is in quarantine all the time. */
#define DEADLINE_MS_CHECKING 200
#define SLOTS 64
#define SIGNAL_EVERY_MS 3
#define CLAIM_LIMIT_MS 30000
/* All slots are looked at so often, and for one part in so many of the time. */
#define SWEEP_EVERY_MS 64
#define SWEEP_SHARE 8

struct fuzzer {
	struct stage *stage;
	struct raw_daemon raw;
	int other_dev;
	int events;
	int freed;
	int zeroes; /* /dev/zero: fills frames without a signal when one is gone */
	char *slice;
	struct usm_notices *notices;
	uint32_t pool_frames;
	pthread_t threads[CALLERS + 2];
	bool stop_callers;
	bool stop_answers;
};

int become_nobody(void)
{
	return setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	       setresuid(NOBODY, NOBODY, NOBODY);
}

static bool stopped(const bool *stop)
{
	return __atomic_load_n(stop, __ATOMIC_RELAXED);
}

static bool count(struct fuzzer *fuzzer)
{
	struct stage *stage = fuzzer->stage;

	return __atomic_add_fetch(&stage->calls, 1, __ATOMIC_RELAXED) <
	       stage->quota;
}

/* ---- calls ------------------------------------------------------------------------ */

struct caller_thread {
	struct fuzzer *fuzzer;
	uint32_t number;
};

static void *call(void *arg)
{
	struct caller_thread *thread = arg;
	struct fuzzer *fuzzer = thread->fuzzer;
	struct caller caller;
	int which;

	caller_init(&caller, fuzzer->stage, fuzzer->raw.dev,
		    fuzzer->stage->seed + thread->number);
	caller.other_dev = fuzzer->other_dev;
	caller.daemon = &fuzzer->raw;
	caller.confined = fuzzer->stage->privileged;
	while (!stopped(&fuzzer->stop_callers)) {
		caller_call(&caller, &which);
		if (!count(fuzzer))
			break;
	}
	return NULL;
}

/* ---- shared memory ------------------------------------------------------------------ */

/* Any mapping of the device, written and read by the kernel, and let go. */
static void map_and_touch(struct fuzzer *fuzzer, struct random_state *random)
{
	static const uint64_t start[] = { USM_MMAP_CHANNEL, USM_MMAP_SLICE,
					  USM_MMAP_DOORBELL };
	size_t bytes = (1 + random_below(random, 64)) * PAGE_BYTES;
	uint64_t offset = start[random_below(random, 3)];
	int ends[2];
	char *p, *at;

	if (random_once_in(random, 2))
		offset += random_below(random, FUZZ_FRAMES) * PAGE_BYTES;
	p = mmap(NULL, bytes, (int)random_below(random, 8),
		 random_once_in(random, 8) ? MAP_PRIVATE : MAP_SHARED,
		 fuzzer->raw.dev, (off_t)offset);
	if (p == MAP_FAILED)
		return;
	at = p + random_below(random, (uint32_t)bytes - 8);
	if (!pipe2(ends, O_CLOEXEC | O_NONBLOCK)) {
		if (write(ends[1], at, 8) == 8 && read(ends[0], at, 8) < 0)
			pause_ms(0);
		close(ends[0]);
		close(ends[1]);
	}
	if (random_once_in(random, 64))
		madvise(p, bytes, (int)random_below(random, 26));
	munmap(p, bytes);
}

static void read_files(struct fuzzer *fuzzer, struct random_state *random)
{
	char buffer[1024];
	void *to = random_once_in(random, 8) ? (void *)random_value(random)
					     : buffer;

	if (read(random_once_in(random, 2) ? fuzzer->events : fuzzer->freed, to,
		 random_below(random, sizeof(buffer))) < 0)
		pause_ms(0);
}

/* A reply that might nearly be right. */
static void mutate_reply(struct fuzzer *fuzzer, struct random_state *random)
{
	struct usm_slot *slot = &fuzzer->raw.slots[random_below(random, SLOTS)];
	uint32_t gen = slot->gen, frame = random_below(random, FUZZ_FRAMES);

	if (random_once_in(random, 4))
		gen += random_below(random, 5) - 2;
	if (random_once_in(random, 4))
		frame = (uint32_t)random_value(random);
	*(volatile __u64 *)&slot->reply = USM_REPLY(gen, frame);
}

/* Where the rings of notices and pending faults stand, and the doorbells. */
static void mutate_ring(struct fuzzer *fuzzer, struct random_state *random)
{
	struct usm_channel *channel = fuzzer->raw.channel;
	volatile struct usm_notices *notices = fuzzer->notices;
	volatile struct usm_bitfield *pfq = (void *)fuzzer->raw.pfq;
	volatile struct usm_doorbell *bell =
		&channel->doorbell[random_below(random, 2)];
	uint64_t value = random_value(random);

	switch (random_below(random, 7)) {
	case 0:
		notices->tail = value;
		break;
	case 1:
		notices->head += random_below(random, 5) - 2;
		break;
	case 2:
		pfq->summary = value;
		break;
	case 3:
		pfq->leaf[random_below(random, SLOTS / 64)] = value;
		break;
	case 4:
		bell->state = (uint32_t)random_below(random, 4);
		break;
	case 5:
		bell->seq = (uint32_t)value;
		break;
	case 6:
		fuzzer->raw.slots[random_below(random, SLOTS)].gen +=
			random_below(random, 5) - 2;
		break;
	}
}

static void write_anything(struct fuzzer *fuzzer, struct random_state *random)
{
	uint64_t words = fuzzer->raw.claim.channel_bytes / sizeof(uint64_t);
	volatile uint64_t *channel = (void *)fuzzer->raw.channel;

	if (!fuzzer->stage->scribbles || random_once_in(random, 4))
		mutate_reply(fuzzer, random);
	else if (random_once_in(random, 2))
		mutate_ring(fuzzer, random);
	else
		channel[random_next(random) % words] = random_value(random);
}

/* How many writes are owed for the calls so far. */
static uint64_t owed(const struct stage *stage)
{
	uint64_t due = WRITES_EACH *
		       (__atomic_load_n(&stage->calls, __ATOMIC_RELAXED) +
			__atomic_load_n(&stage->answers, __ATOMIC_RELAXED));

	return due > stage->writes ? due - stage->writes : 0;
}

static void *scribble(void *arg)
{
	struct fuzzer *fuzzer = arg;
	struct stage *stage = fuzzer->stage;
	struct random_state random;
	uint64_t i, nr;

	random_init(&random, stage->seed + 1000);
	while (!stopped(&fuzzer->stop_callers)) {
		nr = owed(stage);
		for (i = 0; i < nr; i++)
			write_anything(fuzzer, &random);
		__atomic_store_n(&stage->writes, stage->writes + nr,
				 __ATOMIC_RELAXED);
		if (random_once_in(&random, 4))
			map_and_touch(fuzzer, &random);
		if (random_once_in(&random, 4))
			read_files(fuzzer, &random);
		/* As much of it as of other calls is enough. */
		pause_ms(1);
	}
	return NULL;
}

/* ---- answers -------------------------------------------------------------------------- */

static void read_freed(struct fuzzer *fuzzer)
{
	uint64_t pfns[64];
	uint32_t nr;

	do
		nr = 64;
	while (!usm_client_read_freed(fuzzer->freed, pfns, &nr) && nr);
}

static int try_answer(struct fuzzer *fuzzer, uint32_t index, uint32_t frame)
{
	__atomic_add_fetch(&fuzzer->stage->answers, 1, __ATOMIC_RELAXED);
	return raw_daemon_answer(&fuzzer->raw, index,
				 fuzzer->raw.slots[index].gen, frame);
}

/* With frames that may be free. */
static void answer_slot(struct fuzzer *fuzzer, struct caller *caller,
			uint32_t index)
{
	struct usm_slot *slot = &fuzzer->raw.slots[index];
	uint32_t frame, tries;
	int err = -EBUSY;

	if (!slot->gen)
		return;
	for (tries = 0; tries < 8 && (err == -EBUSY || err == -EPERM);
	     tries++) {
		frame = some_frame_in(caller, USM_FRAME_FREE);
		if (slot->kind == USM_FAULT_SWAPIN &&
		    frame < fuzzer->pool_frames &&
		    read(fuzzer->zeroes, fuzzer->slice + frame * PAGE_BYTES,
			 PAGE_BYTES) < 0)
			frame = USM_FRAME_NONE;
		err = try_answer(fuzzer, index, frame);
	}
	if (err == -EBUSY)
		try_answer(fuzzer, index,
			   slot->kind == USM_FAULT_SWAPIN ? frame
							  : USM_FRAME_NONE);
}

/* Bits of the PFQ were overwritten: all of them. How long it took. */
static uint64_t sweep(struct fuzzer *fuzzer, struct caller *caller)
{
	uint64_t begin = now_ms();
	uint32_t slot;

	read_freed(fuzzer);
	caller_learn(caller);
	for (slot = 0; slot < SLOTS; slot++)
		answer_slot(fuzzer, caller, slot);
	return now_ms() - begin;
}

static void *answer(void *arg)
{
	struct fuzzer *fuzzer = arg;
	static struct caller caller;
	uint64_t sweep_at = 0;
	int slot;

	caller_init(&caller, fuzzer->stage, fuzzer->raw.dev,
		    fuzzer->stage->seed + 2000);
	raw_daemon_register(&fuzzer->raw);
	while (!stopped(&fuzzer->stop_answers)) {
		if (now_ms() >= sweep_at)
			sweep_at = now_ms() + SWEEP_EVERY_MS +
				   SWEEP_SHARE * sweep(fuzzer, &caller);
		slot = raw_daemon_next(&fuzzer->raw);
		if (slot >= 0 && slot < SLOTS)
			answer_slot(fuzzer, &caller, (uint32_t)slot);
		else
			pause_ms(1);
	}
	return NULL;
}

/* ---- the process ------------------------------------------------------------------------ */

static void nothing(int signal)
{
	(void)signal;
}

/* Of the test's own descriptors it has none but these. */
static void close_others(const struct stage *stage)
{
	uint32_t i;
	int fd;

	for (fd = 3; fd < 256; fd++) {
		bool keep = fd == stage->cgroup_fd;

		for (i = 0; i < FUZZ_TENANTS; i++)
			keep |= fd == stage->tenant_pidfd[i];
		if (!keep)
			close(fd);
	}
}

/* The one that the daemon before left, or a new one. */
static int claim(int dev, struct usm_claim *claim)
{
	struct usm_claim wanted = {
		.flags = USM_CLAIM_PERSIST,
		.name = FUZZ_NAME,
		.nr_slots = SLOTS,
		.deadline_ms =
			test_checking() ? DEADLINE_MS_CHECKING : DEADLINE_MS,
		.owner_uid = NOBODY,
	};
	int err;

	*claim = wanted;
	claim->flags |= USM_CLAIM_ATTACH;
	err = usm_client_claim(dev, claim);
	if (err != -ENOENT)
		return err;
	*claim = wanted;
	claim->frames = FUZZ_FRAMES;
	return usm_client_claim(dev, claim);
}

/* Anything that is missing later only makes less of the fuzzing. */
static int open_all(struct fuzzer *fuzzer)
{
	struct raw_daemon *raw = &fuzzer->raw;
	struct usm_info info;
	int err;

	fuzzer->events = fuzzer->freed = -1;
	fuzzer->zeroes = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (usm_client_open(NULL, &raw->dev) ||
	    usm_client_open(NULL, &fuzzer->other_dev))
		return -1;
	if (!wait_until(CLAIM_LIMIT_MS,
			(err = claim(raw->dev, &raw->claim)) != -EBUSY &&
				err != -EEXIST) ||
	    err)
		return err ? err : -EBUSY;
	err = usm_client_map_channel(raw->dev, raw->claim.channel_bytes,
				     &raw->channel);
	if (err || usm_client_info(raw->dev, &info))
		return err ? err : -1;
	raw->pfq = (void *)((char *)raw->channel + raw->channel->pfq_offset);
	raw->slots =
		(void *)((char *)raw->channel + raw->channel->slots_offset);
	fuzzer->notices =
		(void *)((char *)raw->channel + raw->channel->notices_offset);
	fuzzer->pool_frames = info.pool_frames;
	err = usm_client_map_slice(raw->dev, 0, info.pool_frames,
				   (void **)&fuzzer->slice);
	usm_client_open_events(&fuzzer->events);
	usm_client_open_freed(&fuzzer->freed);
	return err;
}

static void run(struct fuzzer *fuzzer)
{
	struct caller_thread callers[CALLERS];
	struct stage *stage = fuzzer->stage;
	struct random_state random;
	uint32_t i;

	random_init(&random, stage->seed + 3000);
	if (pthread_create(&fuzzer->threads[CALLERS + 1], NULL, answer,
			   fuzzer) ||
	    pthread_create(&fuzzer->threads[CALLERS], NULL, scribble, fuzzer))
		_exit(3);
	for (i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller_thread){ fuzzer, i };
		if (pthread_create(&fuzzer->threads[i], NULL, call,
				   &callers[i]))
			_exit(3);
	}
	while (__atomic_load_n(&stage->calls, __ATOMIC_RELAXED) <
	       stage->quota) {
		pause_ms(SIGNAL_EVERY_MS);
		pthread_kill(
			fuzzer->threads[random_below(&random, CALLERS + 1)],
			SIGUSR1);
	}
	__atomic_store_n(&fuzzer->stop_callers, true, __ATOMIC_RELAXED);
	for (i = 0; i < CALLERS + 1; i++)
		/* One may sleep in a call for as long as nobody signals. */
		while (pthread_tryjoin_np(fuzzer->threads[i], NULL) == EBUSY) {
			pthread_kill(fuzzer->threads[i], SIGUSR1);
			pause_ms(SIGNAL_EVERY_MS);
		}
}

int daemon_main(struct child *self, void *arg)
{
	static struct fuzzer fuzzer;
	struct sigaction action = { .sa_handler = nothing };
	struct stage *stage = arg;
	int err;

	fuzzer.stage = stage;
	sigaction(SIGUSR1, &action, NULL);
	close_others(stage);
	err = open_all(&fuzzer);
	if (err) {
		test_note("the daemon cannot begin: %d", err);
		return 2;
	}
	stage->instance = fuzzer.raw.claim.instance;
	if (!stage->privileged && become_nobody())
		return 2;
	child_stop_at(self, 1);
	run(&fuzzer);
	child_stop_at(self, 2);
	__atomic_store_n(&fuzzer.stop_answers, true, __ATOMIC_RELAXED);
	pthread_join(fuzzer.threads[CALLERS + 1], NULL);
	return 0;
}
