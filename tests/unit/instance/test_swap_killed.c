/* SPDX-License-Identifier: MIT */
/*
 * A process that stores packed pages is killed at any instruction: each slot
 * holds what was stored last, or what was being stored.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "common/client.h"
#include "instance/policies/swap/compressed.h"
#include "instance/policies/swap/compressed_file.h"
#include "instance/policies/swap/file.h"
#include "instance/policies/swap/tiered.h"
#include "packed_pages.h"

static uint64_t random_state = 88172645463325252; /* any but 0 */

static uint32_t any(void)
{
	return (uint32_t)fake_random(&random_state);
}

#define SLOTS 128U
#define CHUNKS 6U /* for pages at random: too few for all */
#define TIGHT_CHUNKS 2U

/* Of the pages that the tests' codec packs, and of every other one. */
#define PERIOD 1024U
#define SHORT_PERIOD 512U

/* More of them in a soak. */
#define KILLS 100U
#define KILLS_SOAK 5000U
#define KILL_WITHIN_US 2000U

/* Where the chunks begin in the file. */
#define DATA_AT \
	((uint64_t)usm_compressed_offset(0) - sizeof(struct usm_block_header))

/* What a slot was told to hold: a number, of which the shape follows. */
struct said {
	uint32_t begun[SLOTS]; /* by a store that may not be over; 0: nothing */
	uint32_t over[SLOTS];
	uint32_t stores;
};

static char path[64];
static struct said *said;
static struct usm_swap_file options;
static const struct usm_codec *codec = &usm_codec_lz4;
static uint32_t chunks = CHUNKS;
static char file_path[80]; /* of the lower tier; empty: there is none */

static void make(void)
{
	int fd;

	snprintf(path, sizeof(path), "/dev/shm/test_killed.XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	options = (struct usm_swap_file){
		.path = path,
		.bytes = (uint64_t)(SLOTS - 1) << USM_FRAME_SHIFT,
		.instance = "a",
		.created_ns = 42,
	};
	said = mmap(NULL, sizeof(*said), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(said, MAP_FAILED);
}

static void end(void)
{
	unlink(path);
}

/* Puts a file below the store. */
static void add_file(struct usm_swap_file *at, struct usm_swap_device *device)
{
	struct usm_swap_device memory = *device, file;
	struct usm_failure failure = { 0 };
	bool fresh;

	at->path = file_path;
	cr_assert_eq(usm_swap_file_open(at, &file, &fresh, &failure), 0, "%s",
		     failure.text);
	cr_assert_eq(usm_swap_tiered_create(&memory, &file, device), 0);
}

static void open_store(const char *where, struct usm_swap_device *device)
{
	struct usm_swap_file at = options;
	const struct usm_compressed_options how = {
		.codec = codec,
		.memory_max = usm_compressed_overhead(at.bytes) +
			      chunks * USM_CHUNK_BYTES,
		.upper = *file_path,
	};
	struct usm_failure failure = { 0 };
	bool fresh;
	int err;

	at.path = where;
	err = usm_swap_compressed_open(&at, &how, device, &fresh, &failure);
	cr_assert_eq(err, 0, "%s", failure.text);
	if (*file_path)
		add_file(&at, device);
}

/* ---- the process that is killed ----------------------------------------------- */

/* Numbers of pages with a period, which only the tests' codec packs. */
#define PERIODIC 1000000000U

static uint32_t period_of(uint32_t number)
{
	return number % 2 ? SHORT_PERIOD : PERIOD;
}

static void fill(uint32_t *words, uint32_t number)
{
	uint32_t i;

	packed_page_fill(words, number, number % PACKED_SHAPES);
	for (i = 0; i < PACKED_WORDS && number >= PERIODIC; i++)
		words[i] = number + i % (period_of(number) / sizeof(*words));
}

static void store_words(struct usm_swap_device *device, uint32_t slot,
			uint32_t number, uint32_t *words)
{
	struct iovec page = { words, USM_FRAME_BYTES };

	said->begun[slot] = number;
	if (device->store(device->ctx, slot, &page, 1))
		/* Full, which changes nothing. */
		said->begun[slot] = said->over[slot];
	else
		said->over[slot] = number;
	said->stores++;
}

static void store(struct usm_swap_device *device, uint32_t slot,
		  uint32_t number)
{
	static uint32_t words[PACKED_WORDS];

	fill(words, number);
	store_words(device, slot, number, words);
}

static void drop(struct usm_swap_device *device, uint32_t slot)
{
	said->begun[slot] = 0;
	device->drop(device->ctx, slot);
	said->over[slot] = 0;
}

static void write_for_ever(uint32_t round)
{
	struct usm_swap_device device;
	uint32_t number = round * 10007 + 1;

	random_state = (round + 1) * 0x9e3779b97f4a7c15;
	open_store(path, &device);
	for (;; number++) {
		uint32_t slot = 1 + any() % (SLOTS - 1);

		if (any() % 4)
			store(&device, slot, number);
		else
			drop(&device, slot);
	}
}

/* ---- what is left -------------------------------------------------------------- */

static bool holds(const uint32_t *words, int err, uint32_t number)
{
	static uint32_t wanted[PACKED_WORDS];

	/* A file has something in every slot. */
	if (!number)
		return *file_path || err == -EIO;
	if (err)
		return false;
	fill(wanted, number);
	return !memcmp(words, wanted, sizeof(wanted));
}

static void check(const char *where)
{
	static uint32_t words[PACKED_WORDS];
	struct usm_swap_device device;
	uint32_t slot;
	int err;

	open_store(where, &device);
	for (slot = 1; slot < SLOTS; slot++) {
		err = device.load(device.ctx, slot, words);
		cr_assert(holds(words, err, said->over[slot]) ||
				  holds(words, err, said->begun[slot]),
			  "slot %u: neither %u nor %u (%d)", slot,
			  said->over[slot], said->begun[slot], err);
		/* Whichever it is, it is that from now on. */
		if (where == path && holds(words, err, said->begun[slot]))
			said->over[slot] = said->begun[slot];
		else if (where == path)
			said->begun[slot] = said->over[slot];
	}
	/* The store is not emptied by closing it. */
	device.close(device.ctx);
}

TestSuite(killed, .init = make, .fini = end);

static void wait_us(uint32_t us)
{
	struct timespec time = { 0, us * 1000L };

	nanosleep(&time, NULL);
}

static void kill_at_random(void)
{
	uint32_t rounds = getenv("USM_SOAK") ? KILLS_SOAK : KILLS, round;
	pid_t pid;

	for (round = 0; round < rounds; round++) {
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			write_for_ever(round);
		}
		wait_us(any() % KILL_WITHIN_US);
		kill(pid, SIGKILL);
		cr_assert_eq(waitpid(pid, NULL, 0), pid);
		check(path);
	}
	cr_assert_gt(said->stores, rounds);
}

Test(killed, at_random, .timeout = 300)
{
	kill_at_random();
}

Test(killed, at_random_between_two_tiers, .timeout = 300)
{
	snprintf(file_path, sizeof(file_path), "%s.file", path);
	kill_at_random();
	unlink(file_path);
}

/* ---- at every instruction --------------------------------------------------------- */

/*
 * Packs a page of numbers that repeat, in few instructions: those of a real
 * codec touch nothing that outlives the process.
 */
static int make_nothing(void **out)
{
	*out = NULL;
	return 0;
}

static bool repeats(const char *page, uint32_t bytes)
{
	return !memcmp(page, page + bytes, USM_FRAME_BYTES - bytes);
}

static uint32_t pack_period(void *ctx, const void *page, void *out,
			    uint32_t room)
{
	uint32_t bytes = repeats(page, SHORT_PERIOD) ? SHORT_PERIOD : PERIOD;

	(void)ctx;
	if (room < bytes || !repeats(page, bytes))
		return 0;
	memcpy(out, page, bytes);
	return bytes;
}

static int unpack_period(void *ctx, const void *packed, uint32_t bytes,
			 void *page)
{
	uint32_t at;

	(void)ctx;
	for (at = 0; at + bytes <= USM_FRAME_BYTES; at += bytes)
		memcpy((char *)page + at, packed, bytes);
	return at == USM_FRAME_BYTES ? 0 : -EIO;
}

static const struct usm_codec period = {
	.name = "period",
	.id = 99,
	.create = make_nothing,
	.destroy = free,
	.pack = pack_period,
	.unpack = unpack_period,
};

/* All that a few stores touch: header and index, and the first chunks. */
#define INDEX_BYTES (2 * USM_FRAME_BYTES)
#define SEEN_CHUNKS TIGHT_CHUNKS
#define SEEN_BYTES (SEEN_CHUNKS * USM_CHUNK_BYTES)

/*
 * What is stored one instruction at a time; filled before.  None that does not
 * pack: the processor copies those a byte at a step.
 */
static const uint32_t prepared[] = { PERIODIC + 1, PERIODIC + 3, PERIODIC,
				     800 + PACKED_SAME };
static uint32_t prepared_words[4][PACKED_WORDS];

static void prepare(void)
{
	uint32_t i;

	for (i = 0; i < 4; i++)
		fill(prepared_words[i], prepared[i]);
}

static void store_prepared(struct usm_swap_device *device, uint32_t slot,
			   uint32_t nr)
{
	store_words(device, slot, prepared[nr], prepared_words[nr]);
}

/* Blocks of PERIOD and what stands before it. */
#define PER_CHUNK (USM_CHUNK_BYTES / (20 * USM_BLOCK_UNIT))

static char copy_path[80];
static char seen[INDEX_BYTES + SEEN_BYTES];

/* True when something in the file is not as it was before. */
static bool look(int fd)
{
	static char now[sizeof(seen)];

	cr_assert_eq(pread(fd, now, INDEX_BYTES, 0), (ssize_t)INDEX_BYTES);
	cr_assert_eq(pread(fd, now + INDEX_BYTES, SEEN_BYTES, (off_t)DATA_AT),
		     (ssize_t)SEEN_BYTES);
	if (!memcmp(now, seen, sizeof(seen)))
		return false;
	memcpy(seen, now, sizeof(seen));
	return true;
}

/* Opening a store changes it: that is done to a copy. */
static void check_copy(void)
{
	int fd = open(copy_path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(ftruncate(fd, (off_t)(DATA_AT + chunks * USM_CHUNK_BYTES)),
		     0);
	cr_assert_eq(pwrite(fd, seen, INDEX_BYTES, 0), (ssize_t)INDEX_BYTES);
	cr_assert_eq(pwrite(fd, seen + INDEX_BYTES, SEEN_BYTES, (off_t)DATA_AT),
		     (ssize_t)SEEN_BYTES);
	close(fd);
	check(copy_path);
}

/*
 * Two chunks of blocks of one size, one of which is left in the second: the
 * first page of another size has it emptied.  Then pages over each other, and
 * a drop.
 */
static void write_some(void)
{
	struct usm_swap_device device;
	uint32_t slot;

	open_store(path, &device);
	for (slot = 1; slot <= 2 * PER_CHUNK; slot++)
		store(&device, slot, PERIODIC + 2 * slot);
	drop(&device, 1);
	for (slot = PER_CHUNK + 2; slot <= 2 * PER_CHUNK; slot++)
		drop(&device, slot);
	prepare();
	raise(SIGSTOP);
	store_prepared(&device, SLOTS - 1, 0);
	store_prepared(&device, SLOTS - 1, 1);
	store_prepared(&device, 2, 2);
	drop(&device, 3);
	store_prepared(&device, SLOTS - 1, 3);
	_exit(0);
}

static void step_through(pid_t pid)
{
	uint64_t steps = 0, changes = 0;
	int fd = open(path, O_RDONLY), status;

	for (;;) {
		cr_assert_eq(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status))
			break;
		cr_assert(WIFSTOPPED(status));
		steps++;
		if (!look(fd))
			continue;
		changes++;
		check_copy();
	}
	close(fd);
	unlink(copy_path);
	cr_assert_gt(steps, 1000);
	cr_assert_gt(changes, 50);
	fprintf(stderr, "%llu instructions, %llu of them changed the store\n",
		(unsigned long long)steps, (unsigned long long)changes);
}

/* Stepping is nothing but switching between two processes. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;
	int cpu = sched_getcpu();

	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? 0 : cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

Test(killed, at_every_instruction, .timeout = 300)
{
	int status;
	pid_t pid;

	stay_on_one_cpu();
	codec = &period;
	chunks = TIGHT_CHUNKS;
	snprintf(copy_path, sizeof(copy_path), "%s.copy", path);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(77);
		write_some();
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		cr_skip_test("tracing is forbidden here");
	cr_assert(WIFSTOPPED(status));
	step_through(pid);
}
