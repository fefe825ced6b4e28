/* SPDX-License-Identifier: MIT */
#include "instance/worker/local_manager.h"

#include <errno.h>
#include <stdlib.h>

#include "instance/worker/backoff.h"
#include "instance/workee/idq.h"
#include "instance/workee/workee.h"
#include "instance/worker/backlog.h"
#include "instance/worker/bitfield.h"
#include "instance/worker/loader.h"
#include "instance/worker/slot.h"
#include "instance/worker/supply.h"

#define WORD_BITS 64

/*
 * Other frames for one fault that the kernel could serve itself: refused ones
 * are those that it took for a page it moved, a few at a time.
 */
#define REFUSALS_MAX 16

/* The last answer given in a slot. */
struct answer {
	uint32_t gen; /* 0: none yet */
	uint32_t frame;
	uint64_t since_ns; /* put off for the first time; 0: never */
	uint32_t refusals;
	bool put_off; /* not given yet */
	bool refused; /* by USM_IOC_MAP */
	bool error_seen; /* the slot's word about it, which stays */
};

struct usm_local_manager {
	struct usm_channel_view view;
	struct usm_backlog backlog;
	struct usm_claims *claims; /* NULL: there is one worker */
	struct usm_stock *stock;
	struct usm_pager *pager; /* or NULL */
	struct usm_checked_oom *oom; /* NULL: none */
	struct usm_relay *relay; /* to it, or from others; or NULL */
	struct usm_ahead *ahead; /* or NULL */
	unsigned int worker;
	uint64_t patience_ns;
	const struct usm_kernel *kernel;
	bool dry; /* reconcile with the kernel at the end of this pass */
	struct usm_workees *workees;
	struct usm_loader *loader; /* NULL: nothing to load from */
	struct answer *answers; /* [nr_slots] */
	struct usm_idq_turns put_off; /* slots */
	/* Answers given since the last flush, then those to be woken. */
	uint32_t nr_batch;
	uint32_t answered; /* in this pass */
	struct usm_map_entry batch[WORD_BITS];
};

static bool inside(uint64_t offset, uint64_t bytes, uint64_t limit)
{
	return offset <= limit && bytes <= limit - offset;
}

int usm_channel_view(struct usm_channel *channel, uint64_t channel_bytes,
		     struct usm_channel_view *out)
{
	char *base = (char *)channel;
	uint32_t nr_slots;

	if (channel_bytes < sizeof(*channel) || channel->abi != USM_ABI_VERSION)
		return -EPROTO;
	nr_slots = channel->nr_slots;
	if (nr_slots < USM_SLOTS_MIN || nr_slots > USM_SLOTS_MAX ||
	    nr_slots % WORD_BITS)
		return -EPROTO;
	if (!inside(channel->pfq_offset, sizeof(struct usm_bitfield),
		    channel_bytes) ||
	    !inside(channel->slots_offset,
		    (uint64_t)nr_slots * sizeof(struct usm_slot),
		    channel_bytes) ||
	    !inside(channel->notices_offset, sizeof(struct usm_notices),
		    channel_bytes) ||
	    channel->nr_notices != USM_NOTICES)
		return -EPROTO;
	out->notices = (struct usm_notices *)(base + channel->notices_offset);
	out->pfq = (struct usm_bitfield *)(base + channel->pfq_offset);
	out->slots = (struct usm_slot *)(base + channel->slots_offset);
	out->nr_slots = nr_slots;
	return 0;
}

static void answer_slot(void *ctx, uint32_t index);

static int build(struct usm_local_manager *manager)
{
	uint32_t nr_slots = manager->view.nr_slots;
	int err = usm_workees_create(nr_slots, answer_slot, manager,
				     &manager->workees);

	if (err)
		return err;
	manager->answers = calloc(nr_slots, sizeof(*manager->answers));
	if (!manager->answers)
		return -ENOMEM;
	if (!manager->pager)
		return 0;
	err = usm_loader_create(usm_pager_device(manager->pager),
				manager->workees, nr_slots, &manager->loader);
	if (err)
		return err;
	usm_pager_wait_by(
		manager->pager,
		&(struct usm_pager_waits){
			.ctx = manager->loader,
			.load = usm_loader_load,
			.checkpoint = usm_loader_checkpoint,
			.announced = usm_loader_announced(manager->loader),
			.begin = usm_loader_begin,
			.join = usm_loader_join,
		});
	usm_loader_tell(manager->loader, usm_prefetcher_loaded,
			usm_pager_prefetcher(manager->pager));
	return 0;
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
	manager->stock = stock;
	manager->pager = pager;
	manager->patience_ns = patience_ns;
	manager->kernel = kernel;
	err = build(manager);
	if (err) {
		usm_local_manager_destroy(manager);
		return err;
	}
	*out = manager;
	return 0;
}

void usm_local_manager_destroy(struct usm_local_manager *manager)
{
	if (!manager)
		return;
	usm_loader_destroy(manager->loader);
	usm_workees_destroy(manager->workees);
	free(manager->answers);
	free(manager);
}

void usm_local_manager_share(struct usm_local_manager *manager,
			     struct usm_claims *claims, struct usm_help *help,
			     unsigned int worker)
{
	manager->claims = claims;
	manager->backlog.help = help;
	manager->backlog.worker = worker;
}

void usm_local_manager_relay(struct usm_local_manager *manager,
			     struct usm_relay *relay)
{
	manager->relay = relay;
}

void usm_local_manager_oom(struct usm_local_manager *manager,
			   struct usm_checked_oom *oom)
{
	manager->oom = oom;
}

/* Are there evicted pages, whoever brings them? */
static bool swaps(const struct usm_local_manager *manager)
{
	return manager->pager || manager->relay;
}

/* Is it for others that this worker has the pager? */
static bool serves_others(const struct usm_local_manager *manager)
{
	return manager->pager && manager->relay;
}

void usm_local_manager_ahead(struct usm_local_manager *manager,
			     struct usm_ahead *ahead, unsigned int worker)
{
	manager->ahead = ahead;
	manager->worker = worker;
}

void usm_local_manager_ring(struct usm_local_manager *manager,
			    void (*ring)(void *ctx), void *ctx)
{
	if (manager->loader)
		usm_loader_ring(manager->loader, ring, ctx);
}

bool usm_local_manager_pending(const struct usm_local_manager *manager)
{
	return usm_backlog_pending(&manager->backlog) ||
	       usm_workees_ready(manager->workees) ||
	       (serves_others(manager) && usm_relay_pending(manager->relay)) ||
	       (manager->loader && usm_loader_arrived(manager->loader));
}

bool usm_local_manager_waiting(const struct usm_local_manager *manager)
{
	return usm_idq_turns_any(&manager->put_off);
}

/* The answer waits for a frame: the slot is looked at again in every pass. */
static void put_off(struct usm_local_manager *manager, uint32_t index)
{
	manager->answers[index].put_off = true;
	usm_idq_set(usm_idq_filled(&manager->put_off), index);
}

/* Nobody is to wait for the policy for ever where the kernel has memory. */
static uint64_t waited(struct answer *answer, uint64_t now)
{
	if (!answer->since_ns)
		answer->since_ns = now;
	return now - answer->since_ns;
}

/* Nothing was found for a fault: is it tried again? */
static bool try_again(const struct usm_local_manager *manager,
		      struct answer *answer, const struct usm_fault *fault,
		      enum usm_supply supply)
{
	uint64_t now, so_far;

	/* Nobody else can bring an evicted page. */
	if (fault->kind == USM_FAULT_SWAPIN)
		return supply == USM_SUPPLY_LATER;
	if (supply == USM_SUPPLY_NONE && !manager->oom)
		return false;
	now = usm_now_ns();
	so_far = waited(answer, now);
	if (supply == USM_SUPPLY_LATER && so_far < manager->patience_ns)
		return true;
	return manager->oom &&
	       usm_checked_oom_waits(manager->oom, fault, so_far, now);
}

/*
 * A request that is seen twice was answered before: the same answer again, or
 * none at all if the kernel refused it, so that a wrong frame can never make
 * the two sides go round in circles.  Where others take frames from us it gets
 * another one, and an evicted page, which is nobody else's to bring, as often
 * as it takes: a refused frame is out of stock.
 */
static bool answered_before(const struct usm_local_manager *manager,
			    uint32_t index, uint32_t gen, bool evicted)
{
	struct answer *answer = &manager->answers[index];

	if (answer->gen != gen || (answer->put_off && !answer->refused))
		return false;
	if (!answer->refused && (answer->error_seen ||
				 !usm_slot_error(&manager->view.slots[index])))
		return true;
	answer->frame = USM_FRAME_NONE;
	return !evicted &&
	       (!swaps(manager) || ++answer->refusals > REFUSALS_MAX);
}

/* The frame for a request; false when it is put off. */
static bool decide(struct usm_local_manager *manager, uint32_t index,
		   uint32_t gen, const struct usm_fault *fault, uint32_t *frame)
{
	struct answer *answer = &manager->answers[index];
	bool evicted = fault->kind == USM_FAULT_SWAPIN;
	enum usm_supply supply;

	if (!answered_before(manager, index, gen, evicted)) {
		if (answer->gen != gen)
			*answer = (struct answer){ .gen = gen };
		answer->put_off = false;
		answer->refused = false;
		answer->frame = USM_FRAME_NONE;
		supply = manager->relay && !manager->pager
				 ? usm_supply_by_relay(
					   manager->stock, manager->relay,
					   fault, &answer->frame, &manager->dry)
				 : usm_supply(manager->stock, manager->pager,
					      fault, &answer->frame,
					      &manager->dry);
		if (supply != USM_SUPPLY_FRAME &&
		    try_again(manager, answer, fault, supply)) {
			put_off(manager, index);
			return false;
		}
		/* Before the thread goes on, to where it is given ahead. */
		if (supply == USM_SUPPLY_FRAME && manager->ahead)
			usm_ahead_answering(manager->ahead, manager->worker,
					    fault, answer->frame);
	}
	*frame = answer->frame;
	return true;
}

static void check_result(struct usm_local_manager *manager,
			 const struct usm_map_entry *entry, int result)
{
	struct answer *answer = &manager->answers[entry->slot];

	if (!result || entry->frame == USM_FRAME_NONE)
		return;
	if (answer->gen == entry->gen) {
		answer->frame = USM_FRAME_NONE;
		answer->refused = result != -ESTALE;
		if (answer->refused && swaps(manager))
			put_off(manager, entry->slot);
	}
	usm_stock_refused(manager->stock, entry->frame, result == -ESTALE);
}

/* Wakes those of the batch that went to sleep before they saw the reply. */
static void flush(struct usm_local_manager *manager)
{
	const struct usm_kernel *kernel = manager->kernel;
	struct usm_map_entry *batch = manager->batch;
	uint32_t asleep = 0, i;
	int err;

	/* One fence between all the replies and all the states. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (i = 0; i < manager->nr_batch; i++)
		if (usm_slot_is_asleep(&manager->view.slots[batch[i].slot]))
			batch[asleep++] = batch[i];
	manager->nr_batch = 0;
	if (!asleep)
		return;
	err = kernel->map(kernel->ctx, batch, asleep);
	for (i = 0; i < asleep; i++)
		check_result(manager, &batch[i],
			     err ? -ESTALE : batch[i].result);
}

/*
 * Stores the reply.  While a page was loaded the thread may have left, and
 * asked for another one, which another worker may have answered even: then the
 * frame is for nobody.
 */
static bool reply(struct usm_local_manager *manager, uint32_t index,
		  uint32_t gen, uint32_t frame)
{
	struct usm_slot *slot = &manager->view.slots[index];
	struct answer *answer = &manager->answers[index];
	uint64_t before = usm_slot_last_reply(slot);

	while (__atomic_load_n(&slot->gen, __ATOMIC_ACQUIRE) == gen) {
		if (!manager->claims) {
			usm_slot_reply(slot, gen, frame);
			return true;
		}
		/* Else somebody was late with an earlier one. */
		if (usm_slot_reply_after(slot, &before, gen, frame))
			return true;
	}
	if (answer->frame != USM_FRAME_NONE)
		usm_stock_give(manager->stock, answer->frame);
	*answer = (struct answer){ .frame = USM_FRAME_NONE };
	return false;
}

/* Is the request this worker's to answer? */
static bool claim(struct usm_local_manager *manager, uint32_t index,
		  uint32_t gen, const struct usm_fault *fault)
{
	if (fault->kind == USM_FAULT_SWAPIN && manager->relay &&
	    !manager->pager) {
		usm_relay_hand(manager->relay, index);
		return false;
	}
	return !manager->claims || manager->answers[index].gen == gen ||
	       usm_claims_take(manager->claims, index, gen);
}

/* What a workee does: the caller is the worker, or one of them. */
static void answer_slot(void *ctx, uint32_t index)
{
	struct usm_local_manager *manager = ctx;
	struct usm_slot *slot = &manager->view.slots[index];
	struct usm_fault fault;
	uint32_t gen, frame;

	do {
		if (!usm_slot_read(slot, &gen, &fault) ||
		    !claim(manager, index, gen, &fault) ||
		    !decide(manager, index, gen, &fault, &frame))
			return;
	} while (!reply(manager, index, gen, frame));
	if (manager->nr_batch == WORD_BITS)
		flush(manager);
	manager->batch[manager->nr_batch++] = (struct usm_map_entry){
		.slot = index,
		.gen = gen,
		.frame = frame,
	};
	manager->answered++;
}

/*
 * Sends the last answer of every slot once more, by a call that tells what
 * became of it: taken now, or ESTALE.  Afterwards no reply is under way.
 */
int usm_local_manager_settle(struct usm_local_manager *manager)
{
	const struct usm_kernel *kernel = manager->kernel;
	struct usm_map_entry *batch = manager->batch;
	uint32_t nr = 0, i;
	int err = 0;

	for (i = 0; i < manager->view.nr_slots && !err; i++) {
		const struct answer *answer = &manager->answers[i];

		if (answer->frame != USM_FRAME_NONE && answer->gen)
			batch[nr++] = (struct usm_map_entry){
				.slot = i,
				.gen = answer->gen,
				.frame = answer->frame,
			};
		if (nr == WORD_BITS ||
		    (nr && i + 1 == manager->view.nr_slots)) {
			err = kernel->map(kernel->ctx, batch, nr);
			nr = 0;
		}
	}
	return err;
}

/*
 * The stock ran dry although the kernel looked for frames.  Replies that were
 * stored for a thread which left at that moment (signal, deadline) leave a
 * frame that both sides believe the other has: take those back.
 */
static void end_pass(struct usm_local_manager *manager)
{
	if (manager->ahead)
		usm_ahead_answered(manager->ahead, manager->worker);
	if (!manager->dry)
		return;
	manager->dry = false;
	if (!usm_local_manager_settle(manager))
		usm_stock_reconcile(manager->stock, NULL);
}

static void serve_word(struct usm_local_manager *manager, uint32_t word,
		       uint64_t bits)
{
	for (; bits; bits &= bits - 1)
		usm_workees_begin(manager->workees,
				  word * WORD_BITS +
					  (uint32_t)__builtin_ctzll(bits));
	flush(manager);
}

/* They were there before everything that has come since. */
static void serve_put_off(struct usm_local_manager *manager)
{
	struct usm_idq *put_off = usm_idq_turn(&manager->put_off);
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
		flush(manager);
}

/* What other workers found and only the pager can serve. */
static uint32_t serve_handed(struct usm_local_manager *manager)
{
	uint32_t taken = 0, word;
	uint64_t bits;

	if (usm_relay_take_suspicion(manager->relay))
		usm_local_manager_recheck(manager);
	while ((bits = usm_relay_take_handed(manager->relay, &word))) {
		taken += (uint32_t)__builtin_popcountll(bits);
		serve_word(manager, word, bits);
	}
	return taken;
}

uint32_t usm_local_manager_run(struct usm_local_manager *manager)
{
	struct usm_backlog_pass pass;
	uint32_t taken = 0, word;
	uint64_t bits;

	if (!usm_local_manager_pending(manager) &&
	    !usm_local_manager_waiting(manager)) {
		usm_backlog_end(&manager->backlog, 0);
		return 0;
	}
	manager->answered = 0;
	usm_backlog_begin(&manager->backlog, &pass);
	usm_stock_refresh(manager->stock);
	serve_ready(manager);
	serve_put_off(manager);
	taken = manager->answered;
	if (serves_others(manager))
		taken += serve_handed(manager);
	while ((bits = usm_backlog_take(&manager->backlog, &pass, &word))) {
		taken += (uint32_t)__builtin_popcountll(bits);
		serve_word(manager, word, bits);
	}
	usm_backlog_end(&manager->backlog, taken);
	end_pass(manager);
	/* The one with the pager looks for itself. */
	if (manager->relay && !manager->pager)
		usm_relay_see(manager->relay, usm_stock_nr_all(manager->stock));
	return taken;
}

uint32_t usm_local_manager_sweep(struct usm_local_manager *manager)
{
	uint32_t nr_words = manager->view.nr_slots / WORD_BITS, word, taken = 0;

	usm_stock_refresh(manager->stock);
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
	end_pass(manager);
	return taken;
}

uint32_t usm_local_manager_recheck(struct usm_local_manager *manager)
{
	uint32_t i, found = 0;

	for (i = 0; i < manager->view.nr_slots; i++) {
		const struct usm_slot *slot = &manager->view.slots[i];
		struct answer *answer = &manager->answers[i];

		if (!answer->gen || answer->put_off || answer->error_seen ||
		    !usm_slot_error(slot) ||
		    __atomic_load_n(&slot->gen, __ATOMIC_ACQUIRE) !=
			    answer->gen)
			continue;
		answer->error_seen = true;
		answer->refused = true;
		put_off(manager, i);
		found++;
	}
	return found;
}

size_t usm_local_manager_high_water(const struct usm_local_manager *manager)
{
	return usm_workees_high_water(manager->workees);
}
