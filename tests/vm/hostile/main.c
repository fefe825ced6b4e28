/* SPDX-License-Identifier: MIT */
/*
 * A daemon that writes and calls at random, against its own member and a
 * well-behaved neighbour.  It has a claim and nothing else: no uid of root, no
 * capability, as a real daemon after its start.
 */
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/client.h"
#include "lib/check.h"
#include "lib/instance.h"
#include "lib/load.h"
#include "lib/pagemap.h"
#include "hostile/random_calls.h"

#define LIMIT_S 240
/* "nobody" of most systems: a user without any right. */
#define NOBODY 65534
#define FRAMES 2048
#define OPERATIONS 20000
#define OPERATIONS_SOAK 10000000
/* Each round is another daemon, which ends in another way. */
#define ROUNDS 8
#define ROUNDS_SOAK 200
#define ROUND_LIMIT_MS 120000
#define FREE_LIMIT_MS 30000
/* Short: most faults of its member are answered wrongly or not at all. */
#define DEADLINE_MS 10

struct round {
	int dev; /* without a claim */
	unsigned int number;
	unsigned int operations;
};

#define WORD_INSTANCE 0
#define WORD_ANSWERED 1

/* 0 when root is given up for good. */
static int become_nobody(void)
{
	return setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	       setresuid(NOBODY, NOBODY, NOBODY);
}

static int scribble(struct child *self, void *arg)
{
	const struct round *round = arg;
	struct raw_daemon daemon;
	struct random_calls calls;

	/* Its only descriptor of the device has the claim. */
	close(round->dev);
	raw_daemon_open_for(&daemon, "hostile", FRAMES, 0, DEADLINE_MS, NOBODY);
	if (become_nobody() || raw_daemon_register(&daemon))
		return 2;
	self->shared->word[WORD_INSTANCE] = daemon.claim.instance;
	child_stop_at(self, 1);
	random_calls_init(&calls, &daemon, round->number);
	random_calls_run(&calls, round->operations);
	self->shared->word[WORD_ANSWERED] = calls.answered;
	child_stop_at(self, 2);
	if (round->number % 3 == 0)
		raise(SIGKILL);
	if (round->number % 3 == 1)
		usm_client_destroy(daemon.dev, daemon.claim.instance);
	return 0;
}

/* Frames of neither are where they must not be. */
static void check_places(pid_t tenant, pid_t daemon, const char *whose)
{
	struct partition partition;
	struct placement placement;
	struct pages pages;

	int err = partition_read(daemon, &partition);

	if (!check_eq(err, 0, "%s partition can be read", whose))
		return;
	if (check(!pages_read(tenant, &pages), "and its tenant's pages")) {
		pages_place(&pages, &partition, &placement);
		check_eq(placement.foreign, 0,
			 "no frame outside the %s partition (%zu in it)", whose,
			 placement.own);
		check_eq(placement.twice, 0, "no frame twice");
		pages_free(&pages);
	}
	partition_free(&partition);
}

static void one_round(int dev, const struct round *round,
		      const struct instance *neighbour,
		      const struct child *tenant)
{
	struct child daemon, member;
	uint32_t id;
	int code;

	child_start(&daemon, scribble, (void *)round);
	child_let(&daemon, 0);
	require(child_reached(&daemon, 1), "round %u: a hostile daemon",
		round->number);
	id = (uint32_t)daemon.shared->word[WORD_INSTANCE];
	child_start(&member, load_main, NULL);
	require(!usm_client_bind(dev, id, member.pidfd, USM_INHERIT_ALL, NULL),
		"round %u: its member", round->number);
	child_let(&member, 0);
	child_let(&daemon, 1);
	require(child_reached(&daemon, 2), "round %u: it comes to its end",
		round->number);
	/* A page that moves on while pagemap is read would show twice. */
	require(process_stop(member.pid) && process_stop(tenant->pid),
		"both tenants stand still");
	check_places(member.pid, daemon.pid, "hostile");
	check_places(tenant->pid, neighbour->pid, "neighbour's");
	kill(member.pid, SIGCONT);
	kill(tenant->pid, SIGCONT);
	test_note("%llu faults were answered properly",
		  (unsigned long long)daemon.shared->word[WORD_ANSWERED]);

	child_let(&daemon, 2);
	code = child_end(&daemon, ROUND_LIMIT_MS);
	check(code == 0 || code == 128 + SIGKILL, "it ends (%d)", code);
	check(load_moves_on(&member, 16, ROUND_LIMIT_MS),
	      "its member goes on without it");
	code = load_end(&member, ROUND_LIMIT_MS);
	check(code == 0 || code == 1, "and ends (%d)", code);
	check(instance_gone(dev, id, FREE_LIMIT_MS), "all its frames are back");
}

int main(void)
{
	const struct instance_options options = {
		.name = "neighbour",
		.memory = "16M",
	};
	struct usm_instance_info info;
	struct instance neighbour;
	struct child tenant;
	struct round round;
	unsigned int rounds = test_count(ROUNDS, ROUNDS_SOAK);
	uint32_t member;
	int dev;

	test_begin(LIMIT_S);
	dev = device_open();
	round.number = 0;
	round.dev = dev;
	round.operations = test_count(OPERATIONS, OPERATIONS_SOAK) / rounds;
	instance_start(&neighbour, dev, &options);
	child_start(&tenant, load_main, NULL);
	require(!instance_bind(&neighbour, &tenant, &member),
		"the neighbour's tenant");
	child_let(&tenant, 0);
	for (; round.number < rounds; round.number++)
		one_round(dev, &round, &neighbour, &tenant);
	check(load_moves_on(&tenant, 16, ROUND_LIMIT_MS),
	      "the neighbour's tenant still moves on");
	check_eq(tenant.shared->word[LOAD_BAD], 0, "its data was always right");
	check_eq(load_end(&tenant, ROUND_LIMIT_MS), 0, "it ends well");
	instance_info(dev, neighbour.id, &info);
	check_eq(info.bad_commands, 0, "no bad command counts against it");
	check(instance_all_free(dev, neighbour.id, false, FREE_LIMIT_MS),
	      "all its frames are free again");
	check_eq(instance_stop(&neighbour), 0, "the neighbour ends cleanly");
	close(dev);
	return test_end();
}
