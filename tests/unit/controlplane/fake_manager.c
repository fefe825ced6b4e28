// SPDX-License-Identifier: MIT
#include "fake_manager.h"

#include <stdlib.h>
#include <string.h>

static bool is_it(const struct fake_manager *fake, const char *name)
{
	return fake->exists && !strcmp(fake->instance.config.name, name);
}

static int ready(void *data, struct usm_problem *problem)
{
	struct fake_manager *fake = data;

	return fake->fail ? usm_problem_set(problem, fake->fail, "not now") : 0;
}

static int info(void *data, struct usm_cp_info *out,
		struct usm_problem *problem)
{
	(void)data;
	(void)problem;
	*out = (struct usm_cp_info){
		.kernel = "6.12.0",
		.backend = "contig",
		.abi = USM_ABI_VERSION,
		.features = USM_FEATURE_COW | USM_FEATURE_EVICT,
	};
	return 0;
}

static int pool(void *data, struct usm_cp_pool *out,
		struct usm_problem *problem)
{
	(void)data;
	(void)problem;
	*out = (struct usm_cp_pool){
		.backend = "contig",
		.bytes = 1 << 28,
		.free = 1 << 27,
	};
	return 0;
}

static int get(void *data, const char *name, struct usm_cp_instance *out,
	       struct usm_problem *problem)
{
	struct fake_manager *fake = data;

	if (!is_it(fake, name))
		return usm_problem_set(problem, USM_PROBLEM_NO_SUCH_INSTANCE,
				       "there is no instance \"%s\"", name);
	*out = fake->instance;
	out->members = NULL;
	out->nr_members = 0;
	if (fake->bound) {
		out->members = malloc(sizeof(fake->member));
		*out->members = fake->member;
		out->nr_members = 1;
	}
	return 0;
}

static int list(void *data, struct usm_cp_instance **out, size_t *nr,
		struct usm_problem *problem)
{
	struct fake_manager *fake = data;

	*out = calloc(1, sizeof(**out));
	*nr = fake->exists;
	return fake->exists
		       ? get(data, fake->instance.config.name, *out, problem)
		       : 0;
}

static void create(void *data, const struct usm_config *config,
		   usm_cp_done done, void *token)
{
	struct fake_manager *fake = data;
	struct usm_problem problem;

	if (fake->fail) {
		usm_problem_set(&problem, fake->fail, "as told");
		done(token, &problem);
		return;
	}
	fake->changes++;
	fake->exists = true;
	fake->instance.config = *config;
	fake->instance.managed = true;
	fake->instance.state = USM_CP_RUNNING;
	if (!fake->slow) {
		done(token, NULL);
		return;
	}
	fake->done = done;
	fake->token = token;
}

void fake_manager_finish(struct fake_manager *fake)
{
	fake->done(fake->token, NULL);
}

static void destroy(void *data, const char *name, usm_cp_done done, void *token)
{
	struct fake_manager *fake = data;
	struct usm_problem problem;

	if (!is_it(fake, name) || fake->bound) {
		usm_problem_set(&problem,
				fake->bound ? USM_PROBLEM_INSTANCE_IN_USE
					    : USM_PROBLEM_NO_SUCH_INSTANCE,
				"as it is");
		done(token, &problem);
		return;
	}
	fake->changes++;
	fake->exists = false;
	done(token, NULL);
}

static int bind(void *data, const char *name, const struct usm_peer *peer,
		pid_t pid, enum usm_inherit inherit,
		struct usm_problem *problem)
{
	struct fake_manager *fake = data;

	fake->last_peer = *peer;
	if (!is_it(fake, name))
		return usm_problem_set(problem, USM_PROBLEM_NO_SUCH_INSTANCE,
				       "as it is");
	if (fake->fail)
		return usm_problem_set(problem, fake->fail, "as told");
	fake->changes++;
	fake->bound = true;
	fake->member.pid = pid;
	fake->member.inherit = inherit;
	memcpy(fake->member.comm, "a\n\xffzz", 6);
	return 0;
}

static int unbind(void *data, const char *name, const struct usm_peer *peer,
		  pid_t pid, struct usm_problem *problem)
{
	struct fake_manager *fake = data;

	(void)name;
	fake->last_peer = *peer;
	if (!fake->bound || fake->member.pid != pid)
		return usm_problem_set(problem, USM_PROBLEM_NOT_BOUND,
				       "as it is");
	fake->changes++;
	fake->bound = false;
	return 0;
}

const struct usm_cp_ops fake_manager_ops = {
	.ready = ready,
	.info = info,
	.pool = pool,
	.list = list,
	.get = get,
	.create = create,
	.destroy = destroy,
	.bind = bind,
	.unbind = unbind,
};
