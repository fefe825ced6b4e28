/* SPDX-License-Identifier: MIT */
#include "instance/worker/rendezvous.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

struct usm_rendezvous {
	pthread_mutex_t lock;
	pthread_cond_t done_changed; /* or .nr_workers */
	void (*act)(void *ctx);
	void *ctx;
	unsigned int nr_workers; /* that have not left */
	unsigned int nr_here;
	uint64_t called; /* how often, so far */
	uint64_t done; /* .called when it was last done */
};

int usm_rendezvous_create(unsigned int nr, void (*act)(void *ctx), void *ctx,
			  struct usm_rendezvous **out)
{
	struct usm_rendezvous *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->nr_workers = nr;
	made->act = act;
	made->ctx = ctx;
	if (pthread_mutex_init(&made->lock, NULL)) {
		free(made);
		return -ENOMEM;
	}
	if (pthread_cond_init(&made->done_changed, NULL)) {
		pthread_mutex_destroy(&made->lock);
		free(made);
		return -ENOMEM;
	}
	*out = made;
	return 0;
}

void usm_rendezvous_destroy(struct usm_rendezvous *rendezvous)
{
	if (!rendezvous)
		return;
	pthread_cond_destroy(&rendezvous->done_changed);
	pthread_mutex_destroy(&rendezvous->lock);
	free(rendezvous);
}

void usm_rendezvous_call(struct usm_rendezvous *rendezvous)
{
	__atomic_fetch_add(&rendezvous->called, 1, __ATOMIC_SEQ_CST);
}

bool usm_rendezvous_called(const struct usm_rendezvous *rendezvous)
{
	return __atomic_load_n(&rendezvous->called, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&rendezvous->done, __ATOMIC_RELAXED);
}

/* With the lock, and everybody here. */
static void act(struct usm_rendezvous *rendezvous)
{
	uint64_t called =
		__atomic_load_n(&rendezvous->called, __ATOMIC_SEQ_CST);

	rendezvous->act(rendezvous->ctx);
	__atomic_store_n(&rendezvous->done, called, __ATOMIC_SEQ_CST);
	pthread_cond_broadcast(&rendezvous->done_changed);
}

void usm_rendezvous_come(struct usm_rendezvous *rendezvous)
{
	uint64_t before;

	pthread_mutex_lock(&rendezvous->lock);
	before = rendezvous->done;
	if (usm_rendezvous_called(rendezvous)) {
		rendezvous->nr_here++;
		/* Whoever was waited for may also have left. */
		while (rendezvous->done == before) {
			if (rendezvous->nr_here == rendezvous->nr_workers)
				act(rendezvous);
			else
				pthread_cond_wait(&rendezvous->done_changed,
						  &rendezvous->lock);
		}
		rendezvous->nr_here--;
	}
	pthread_mutex_unlock(&rendezvous->lock);
}

void usm_rendezvous_leave(struct usm_rendezvous *rendezvous)
{
	pthread_mutex_lock(&rendezvous->lock);
	rendezvous->nr_workers--;
	pthread_cond_broadcast(&rendezvous->done_changed);
	pthread_mutex_unlock(&rendezvous->lock);
}
