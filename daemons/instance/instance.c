/* SPDX-License-Identifier: MIT */
#include "instance/instance.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "instance/control.h"
#include "instance/evict/pager.h"
#include "instance/evict/recover.h"
#include "instance/worker/wake_cost.h"
#include "instance/worker/worker.h"

/*
 * One worker owns the whole partition.  More of them need the partition cut in
 * shares with a common reserve; dispatch (usm_worker_mask) is ready for it.
 */
#define NR_WORKERS 1

/*
 * A fault for which no page can be evicted now waits half of the deadline: the
 * kernel would serve it itself after the whole.
 */
#define PATIENCE_NS_PER_MS 500000ULL

struct usm_instance {
	struct usm_session *session;
	struct usm_kernel kernel;
	struct usm_returned *returned;
	struct usm_stock *stock;
	struct usm_swap_device *swap; /* NULL: none */
	struct usm_pager *pager; /* NULL: no swap */
	struct usm_local_manager *manager;
	struct usm_inbox *inbox;
	struct usm_worker_thread *worker;
	struct usm_resize_parts resize;
};

/* Reading /proc/usmPgs first makes what came home meanwhile FREE again. */
static int take_over_frames(struct usm_instance *instance)
{
	int err = usm_returned_collect(instance->returned, NULL);

	if (err)
		return err;
	return usm_stock_reconcile(instance->stock, NULL);
}

static int build_pager(struct usm_instance *instance,
		       const struct usm_instance_options *options)
{
	struct usm_session *session = instance->session;
	struct usm_pager_options wanted = {
		.kernel = &instance->kernel,
		.stock = instance->stock,
		.policy = options->evict,
		.device = options->swap,
		.notices = session->view.notices,
		.pool = session->pool,
		.pool_frames = session->pool_frames,
		.marks = usm_watermarks_of(session->claim.frames,
					   options->free_low_percent,
					   options->free_high_percent),
	};

	return options->swap ? usm_pager_create(&wanted, &instance->pager) : 0;
}

static int build(struct usm_instance *instance,
		 const struct usm_instance_options *options)
{
	const struct usm_claim *claim = &instance->session->claim;
	int err;

	usm_session_kernel(instance->session, &instance->kernel);
	err = usm_returned_create(claim->extents, claim->nr_extents,
				  claim->base_pfn, &instance->kernel,
				  &instance->returned);
	if (err)
		return err;
	err = usm_stock_create(claim->extents, claim->nr_extents,
			       options->alloc, &instance->kernel,
			       instance->returned, &instance->stock);
	if (err)
		return err;
	err = build_pager(instance, options);
	if (err)
		return err;
	err = usm_local_manager_create(&instance->session->view,
				       usm_worker_mask(0, NR_WORKERS),
				       instance->stock, instance->pager,
				       claim->deadline_ms * PATIENCE_NS_PER_MS,
				       &instance->kernel, &instance->manager);
	if (err)
		return err;
	instance->resize = (struct usm_resize_parts){
		.kernel = &instance->kernel,
		.stock = instance->stock,
		.pager = instance->pager,
		.manager = instance->manager,
		.pool_frames = instance->session->pool_frames,
		.free_low_percent = options->free_low_percent,
		.free_high_percent = options->free_high_percent,
	};
	return usm_inbox_create(&instance->inbox);
}

/* Before there is a frame in stock or a page: costs next to nothing. */
static int configure_policies(struct usm_instance *instance,
			      const struct usm_instance_options *options,
			      struct usm_failure *failure)
{
	int err = 0;

	if (options->alloc_settings && options->alloc_settings->nr)
		err = usm_stock_replace_policy(instance->stock, options->alloc,
					       options->alloc_settings,
					       failure);
	if (!err && instance->pager && options->evict_settings &&
	    options->evict_settings->nr)
		err = usm_pager_replace_policy(instance->pager, options->evict,
					       options->evict_settings,
					       failure);
	return err;
}

int usm_instance_create(const struct usm_instance_options *options,
			struct usm_instance **out, struct usm_failure *failure)
{
	struct usm_instance *instance = calloc(1, sizeof(*instance));
	const struct usm_claim *claim = &options->session->claim;
	int err;

	if (!instance)
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	instance->session = options->session;
	instance->swap = options->swap;
	err = build(instance, options);
	if (err) {
		usm_fail(failure, USM_EXIT_FAILED, -err,
			 "setting up the partition: %s", strerror(-err));
	} else {
		err = configure_policies(instance, options, failure);
	}
	if (!err) {
		err = take_over_frames(instance);
		if (err)
			usm_fail(failure, USM_EXIT_FAILED, -err,
				 "reading the states of the frames: %s",
				 strerror(-err));
	}
	if (!err)
		err = usm_recover(instance->pager, &instance->kernel,
				  claim->extents, claim->nr_extents,
				  options->swap_fresh, failure);
	if (err) {
		usm_instance_destroy(instance);
		return err;
	}
	*out = instance;
	return 0;
}

/* Spreads instances over the CPUs this process may use. */
static int choose_cpu(uint32_t id, unsigned int *nr_cpus)
{
	unsigned int nth, cpu;
	cpu_set_t set;

	*nr_cpus = 1;
	if (sched_getaffinity(0, sizeof(set), &set))
		return -1;
	*nr_cpus = (unsigned int)CPU_COUNT(&set);
	nth = (id - 1) % *nr_cpus;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && !nth--)
			return (int)cpu;
	return -1;
}

int usm_instance_start(struct usm_instance *instance, int cpu,
		       struct usm_failure *failure)
{
	struct usm_session *session = instance->session;
	unsigned int nr_cpus;
	int chosen = choose_cpu(session->claim.instance, &nr_cpus);
	struct usm_worker_options options = {
		.kernel = &instance->kernel,
		.index = 0,
		.cpu = cpu >= 0 ? cpu : chosen,
		.nr_cpus = nr_cpus,
		.wake_cost_ns = usm_wake_cost_ns(),
		.bell = &session->channel->doorbell[0],
		.manager = instance->manager,
		.stock = instance->stock,
		.pager = instance->pager,
		.inbox = instance->inbox,
		.resize = &instance->resize,
	};
	int err = usm_worker_start(&options, &instance->worker);

	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"starting the worker: %s", strerror(-err));
	return 0;
}

void usm_instance_exchange(struct usm_instance *instance,
			   struct usm_exchange *exchange)
{
	exchange->stock = instance->stock;
	exchange->pager = instance->pager;
	usm_worker_exchange(instance->worker, exchange);
}

int usm_instance_run(struct usm_instance *instance,
		     const struct usm_instance_run *run,
		     struct usm_failure *failure)
{
	struct usm_control control = {
		.session = instance->session,
		.returned = instance->returned,
		.inbox = instance->inbox,
		.worker = instance->worker,
		.stop_fd = run->stop_fd,
		.observe = run->observe,
		.observe_ctx = run->observe_ctx,
	};
	int err;

	memcpy(control.source, run->source, sizeof(control.source));
	err = usm_control_resync(&control);
	if (!err)
		err = usm_control_run(&control);
	usm_members_fini(&control.members);
	if (err == -ENODEV)
		return usm_fail(failure, USM_EXIT_FAILED, ENODEV,
				"the partition was taken away");
	if (err)
		return usm_fail(failure, USM_EXIT_FAILED, -err,
				"reading announcements: %s", strerror(-err));
	return 0;
}

void usm_instance_destroy(struct usm_instance *instance)
{
	if (!instance)
		return;
	usm_worker_stop(instance->worker);
	/* It reports to the manager until it is closed. */
	if (instance->swap)
		usm_swap_device_close(instance->swap);
	usm_local_manager_destroy(instance->manager);
	usm_inbox_destroy(instance->inbox);
	usm_pager_destroy(instance->pager);
	usm_stock_destroy(instance->stock);
	usm_returned_destroy(instance->returned);
	free(instance);
}
