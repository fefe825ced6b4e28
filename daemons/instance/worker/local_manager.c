/* SPDX-License-Identifier: MIT */
#include "instance/worker/local_manager.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/workee/workee.h"
#include "instance/worker/answers.h"
#include "instance/worker/backlog.h"
#include "instance/worker/bitfield.h"
#include "instance/worker/loader.h"
#include "instance/worker/stock_refill.h"

#define WORD_BITS 64

struct usm_local_manager {
	struct usm_channel_view view;
	struct usm_backlog backlog;
	struct usm_answers answers;
	struct usm_workees *workees;
	struct usm_loader *loader; /* NULL: nothing to load from */
};

static void answer_slot(void *ctx, uint32_t index)
{
	struct usm_local_manager *manager = ctx;

	usm_answers_give(&manager->answers, index);
}

/* Lets others run while the pager waits for the device. */
static void wait_by_loader(struct usm_local_manager *manager,
			   struct usm_pager *pager)
{
	usm_pager_wait_by(pager, &(struct usm_pager_waits){
					 .ctx = manager->loader,
					 .load = usm_loader_load,
					 .checkpoint = usm_loader_checkpoint,
					 .announced = usm_loader_announced(
						 manager->loader),
					 .begin = usm_loader_begin,
					 .join = usm_loader_join,
				 });
	usm_loader_tell(manager->loader, usm_prefetcher_loaded,
			usm_pager_prefetcher(pager));
}

static int build(struct usm_local_manager *manager, struct usm_pager *pager,
		 const struct usm_kernel *kernel)
{
	uint32_t nr_slots = manager->view.nr_slots;
	int err = usm_workees_create(nr_slots, answer_slot, manager,
				     &manager->workees);

	if (!err)
		err = usm_answers_init(&manager->answers, &manager->view,
				       kernel);
	if (err || !pager)
		return err;
	err = usm_loader_create(usm_pager_device(pager), manager->workees,
				nr_slots, &manager->loader);
	if (!err)
		wait_by_loader(manager, pager);
	return err;
}

int usm_local_manager_create(const struct usm_channel_view *view, uint64_t mask,
			     struct usm_stock *stock, struct usm_pager *pager,
			     uint64_t patience_ns,
			     const struct usm_kernel *kernel,
			     struct usm_local_manager **out)
{
	struct usm_local_manager *manager = calloc(1, sizeof(*manager));
	int err;

	if (!manager)
		return -ENOMEM;
	manager->view = *view;
	manager->backlog = (struct usm_backlog){
		.pfq = view->pfq,
		.nr_words = view->nr_slots / WORD_BITS,
		.own = mask,
		.taking = mask,
	};
	err = build(manager, pager, kernel);
	if (err) {
		usm_local_manager_destroy(manager);
		return err;
	}
	manager->answers.from = (struct usm_answers_from){
		.stock = stock,
		.pager = pager,
		.patience_ns = patience_ns,
	};
	*out = manager;
	return 0;
}

void usm_local_manager_destroy(struct usm_local_manager *manager)
{
	if (!manager)
		return;
	usm_loader_destroy(manager->loader);
	usm_workees_destroy(manager->workees);
	usm_answers_fini(&manager->answers);
	free(manager);
}

void usm_local_manager_share(struct usm_local_manager *manager,
			     struct usm_claims *claims, struct usm_help *help,
			     unsigned int worker)
{
	manager->answers.from.claims = claims;
	manager->backlog.help = help;
	manager->backlog.worker = worker;
}

void usm_local_manager_relay(struct usm_local_manager *manager,
			     struct usm_relay *relay)
{
	manager->answers.from.relay = relay;
}

void usm_local_manager_oom(struct usm_local_manager *manager,
			   struct usm_checked_oom *oom)
{
	manager->answers.from.oom = oom;
}

void usm_local_manager_ahead(struct usm_local_manager *manager,
			     struct usm_ahead *ahead, unsigned int worker)
{
	manager->answers.from.ahead = ahead;
	manager->answers.from.worker = worker;
}

/* What others hand over, because this worker has the pager; or NULL. */
static struct usm_relay *from_others(const struct usm_local_manager *manager)
{
	const struct usm_answers_from *from = &manager->answers.from;

	return from->pager ? from->relay : NULL;
}

void usm_local_manager_ring(struct usm_local_manager *manager,
			    void (*ring)(void *ctx), void *ctx)
{
	if (manager->loader)
		usm_loader_ring(manager->loader, ring, ctx);
}

bool usm_local_manager_pending(const struct usm_local_manager *manager)
{
	const struct usm_relay *relay = from_others(manager);

	return usm_backlog_pending(&manager->backlog) ||
	       usm_workees_ready(manager->workees) ||
	       (relay && usm_relay_pending(relay)) ||
	       (manager->loader && usm_loader_arrived(manager->loader));
}

bool usm_local_manager_waiting(const struct usm_local_manager *manager)
{
	return usm_idq_turns_any(&manager->answers.put_off);
}

static void serve_word(struct usm_local_manager *manager, uint32_t word,
		       uint64_t bits)
{
	for (; bits; bits &= bits - 1)
		usm_workees_begin(manager->workees,
				  word * WORD_BITS +
					  (uint32_t)__builtin_ctzll(bits));
	usm_answers_flush(&manager->answers);
}

/* They were there before everything that has come since. */
static void serve_put_off(struct usm_local_manager *manager)
{
	struct usm_idq *put_off = usm_idq_turn(&manager->answers.put_off);
	uint64_t bits;
	uint32_t word;

	while (usm_idq_any(put_off)) {
		bits = usm_idq_take_word(put_off, &word);
		serve_word(manager, word, bits);
	}
}

/* Those whose pages are there, and those that let others go first. */
static void serve_ready(struct usm_local_manager *manager)
{
	if (manager->loader)
		usm_loader_reap(manager->loader);
	if (usm_workees_go_on(manager->workees))
		usm_answers_flush(&manager->answers);
}

/* What other workers found and only the pager can serve. */
static uint32_t serve_handed(struct usm_local_manager *manager,
			     struct usm_relay *relay)
{
	uint32_t taken = 0, word;
	uint64_t bits;

	if (usm_relay_take_suspicion(relay))
		usm_local_manager_recheck(manager);
	while ((bits = usm_relay_take_handed(relay, &word))) {
		taken += (uint32_t)__builtin_popcountll(bits);
		serve_word(manager, word, bits);
	}
	return taken;
}

uint32_t usm_local_manager_run(struct usm_local_manager *manager)
{
	struct usm_answers *answers = &manager->answers;
	struct usm_relay *relay = from_others(manager);
	struct usm_backlog_pass pass;
	uint32_t taken = 0, word;
	uint64_t bits;

	if (!usm_local_manager_pending(manager) &&
	    !usm_local_manager_waiting(manager)) {
		usm_backlog_end(&manager->backlog, 0);
		return 0;
	}
	answers->given = 0;
	usm_backlog_begin(&manager->backlog, &pass);
	usm_stock_refresh(answers->from.stock);
	serve_ready(manager);
	serve_put_off(manager);
	taken = answers->given;
	if (relay)
		taken += serve_handed(manager, relay);
	while ((bits = usm_backlog_take(&manager->backlog, &pass, &word))) {
		taken += (uint32_t)__builtin_popcountll(bits);
		serve_word(manager, word, bits);
	}
	usm_backlog_end(&manager->backlog, taken);
	usm_answers_end_pass(answers);
	/* The one with the pager looks for itself. */
	if (usm_answers_pager_elsewhere(answers))
		usm_relay_see(answers->from.relay,
			      usm_stock_nr_all(answers->from.stock));
	return taken;
}

uint32_t usm_local_manager_sweep(struct usm_local_manager *manager)
{
	uint32_t nr_words = manager->view.nr_slots / WORD_BITS, word, taken = 0;

	usm_stock_refresh(manager->answers.from.stock);
	for (word = 0; word < nr_words; word++) {
		uint64_t bits = 0;
		uint32_t bit;

		usm_bitfield_take(manager->view.pfq, word,
				  manager->backlog.own);
		for (bit = 0; bit < WORD_BITS; bit++) {
			const struct usm_slot *slot =
				&manager->view.slots[word * WORD_BITS + bit];

			if (__atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) !=
			    USM_SLOT_IDLE)
				bits |= 1ULL << bit;
		}
		bits &= manager->backlog.own;
		taken += (uint32_t)__builtin_popcountll(bits);
		serve_word(manager, word, bits);
	}
	usm_answers_end_pass(&manager->answers);
	return taken;
}

uint32_t usm_local_manager_recheck(struct usm_local_manager *manager)
{
	return usm_answers_recheck(&manager->answers);
}

int usm_local_manager_settle(struct usm_local_manager *manager)
{
	return usm_answers_settle(&manager->answers);
}

size_t usm_local_manager_high_water(const struct usm_local_manager *manager)
{
	return usm_workees_high_water(manager->workees);
}
