/* SPDX-License-Identifier: MIT */
#include "instance/policies/evict/checked.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "instance/arena/bitmap.h"
#include "instance/policies/stats.h"

struct usm_checked_evict {
	const struct usm_evict_policy *policy;
	void *ctx;
	uint32_t nr_frames;
	uint32_t turn; /* the frame that goes when the policy names none */
	uint64_t overruled;
	struct usm_bitmap present; /* frames that hold pages */
};

/* Longer paths are cut, in a message. */
#define FIELD_SIZE 64

static int make_context(struct usm_checked_evict *checked, const char *field,
			const struct usm_settings *settings,
			struct usm_failure *failure)
{
	char kind[FIELD_SIZE], options_field[FIELD_SIZE];
	const struct usm_policy_options options = {
		.field = options_field,
		.policy = checked->policy->name,
		.settings = settings,
	};
	void *ctx = NULL;
	int err = checked->policy->init(checked->nr_frames, &ctx);

	if (err) {
		snprintf(kind, sizeof(kind), "%s.evict", field);
		return usm_policy_not_started(kind, checked->policy->name, err,
					      failure);
	}
	checked->ctx = ctx;
	snprintf(options_field, sizeof(options_field), "%s.evict_options",
		 field);
	return usm_policy_configure(&options, checked->policy->config, ctx,
				    failure);
}

int usm_checked_evict_create(const struct usm_evict_policy *policy,
			     const struct usm_settings *settings,
			     uint32_t nr_frames, struct usm_checked_evict **out,
			     struct usm_failure *failure)
{
	return usm_checked_evict_create_at("policy", policy, settings,
					   nr_frames, out, failure);
}

int usm_checked_evict_create_at(const char *field,
				const struct usm_evict_policy *policy,
				const struct usm_settings *settings,
				uint32_t nr_frames,
				struct usm_checked_evict **out,
				struct usm_failure *failure)
{
	struct usm_checked_evict *checked = calloc(1, sizeof(*checked));
	int err;

	if (!checked || usm_bitmap_init(&checked->present, nr_frames)) {
		free(checked);
		return usm_fail(failure, USM_EXIT_FAILED, ENOMEM,
				"out of memory");
	}
	checked->policy = policy;
	checked->nr_frames = nr_frames;
	err = make_context(checked, field, settings, failure);
	if (err) {
		usm_checked_evict_destroy(checked);
		return err;
	}
	*out = checked;
	return 0;
}

void usm_checked_evict_destroy(struct usm_checked_evict *checked)
{
	if (!checked)
		return;
	if (checked->ctx)
		checked->policy->fini(checked->ctx);
	usm_bitmap_fini(&checked->present);
	free(checked);
}

bool usm_checked_evict_has(const struct usm_checked_evict *checked,
			   uint32_t frame)
{
	return frame < checked->nr_frames &&
	       usm_bitmap_test(&checked->present, frame);
}

const char *usm_checked_evict_name(const struct usm_checked_evict *checked)
{
	return checked->policy->name;
}

bool usm_checked_evict_looks(const struct usm_checked_evict *checked)
{
	return checked->policy->upcoming;
}

void usm_checked_evict_placed(struct usm_checked_evict *checked, uint32_t frame,
			      uint64_t page)
{
	if (frame >= checked->nr_frames)
		return;
	usm_bitmap_set(&checked->present, frame);
	checked->policy->placed(checked->ctx, frame, page);
}

void usm_checked_evict_removed(struct usm_checked_evict *checked,
			       uint32_t frame)
{
	if (frame >= checked->nr_frames)
		return;
	usm_bitmap_clear(&checked->present, frame);
	checked->policy->removed(checked->ctx, frame);
}

void usm_checked_evict_accessed(struct usm_checked_evict *checked,
				uint32_t frame)
{
	if (checked->policy->accessed && frame < checked->nr_frames)
		checked->policy->accessed(checked->ctx, frame);
}

uint32_t usm_checked_evict_upcoming(const struct usm_checked_evict *checked,
				    uint32_t *frames, uint32_t nr)
{
	uint32_t named, kept = 0, i;

	if (!checked->policy->upcoming)
		return 0;
	named = checked->policy->upcoming(checked->ctx, frames, nr);
	if (named > nr)
		named = nr;
	for (i = 0; i < named; i++)
		if (usm_checked_evict_has(checked, frames[i]))
			frames[kept++] = frames[i];
	return kept;
}

/*
 * Any page will do, and the policy names none: frames go in turn, so that one
 * that cannot go (shared, pinned) does not stand in the way of the others.
 */
static uint32_t overrule(struct usm_checked_evict *checked, uint32_t *victims,
			 uint32_t nr)
{
	uint32_t chosen = 0, i;

	for (i = 0; i < checked->nr_frames && chosen < nr; i++) {
		uint32_t frame = checked->turn;

		checked->turn = frame + 1 < checked->nr_frames ? frame + 1 : 0;
		if (!usm_checked_evict_has(checked, frame))
			continue;
		usm_checked_evict_removed(checked, frame);
		victims[chosen++] = frame;
	}
	checked->overruled += chosen;
	return chosen;
}

uint32_t usm_checked_evict_choose(struct usm_checked_evict *checked,
				  uint32_t look, bool any, uint32_t *victims,
				  uint32_t nr)
{
	uint32_t named, kept = 0, i;

	named = checked->policy->choose(checked->ctx, look, any, victims, nr);
	if (named > nr) {
		checked->overruled++;
		named = nr;
	}
	for (i = 0; i < named; i++) {
		if (!usm_checked_evict_has(checked, victims[i])) {
			checked->overruled++;
			continue;
		}
		usm_bitmap_clear(&checked->present, victims[i]);
		victims[kept++] = victims[i];
	}
	return any && !kept ? overrule(checked, victims, nr) : kept;
}

void usm_checked_evict_process_new(struct usm_checked_evict *checked,
				   const struct usm_process *process)
{
	if (checked->policy->process_new)
		checked->policy->process_new(checked->ctx, process);
}

void usm_checked_evict_process_exit(struct usm_checked_evict *checked,
				    uint32_t member)
{
	if (checked->policy->process_exit)
		checked->policy->process_exit(checked->ctx, member);
}

uint32_t usm_checked_evict_stats(const struct usm_checked_evict *checked,
				 struct usm_policy_stat *stats, uint32_t nr)
{
	const struct usm_policy_stat own = { "overruled", checked->overruled };

	return usm_policy_stats(&own, 1, checked->policy->stats, checked->ctx,
				stats, nr);
}
