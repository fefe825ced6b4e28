// SPDX-License-Identifier: MIT
#include "manager.h"

#include "binding.h"
#include "view.h"

static int ready(void *data, struct usm_problem *problem)
{
	return usm_view_ready(data, problem);
}

static int info(void *data, struct usm_cp_info *out,
		struct usm_problem *problem)
{
	return usm_view_info(data, out, problem);
}

static int pool(void *data, struct usm_cp_pool *out,
		struct usm_problem *problem)
{
	return usm_view_pool(data, out, problem);
}

static int list(void *data, struct usm_cp_instance **out, size_t *nr,
		struct usm_problem *problem)
{
	return usm_view_list(data, out, nr, problem);
}

static int get(void *data, const char *name, struct usm_cp_instance *out,
	       struct usm_problem *problem)
{
	return usm_view_get(data, name, out, problem);
}

static void create(void *data, const struct usm_config *config,
		   usm_cp_done done, void *token)
{
	struct usm_manager *manager = data;

	usm_supervisor_create(&manager->supervisor, config, done, token);
}

static void destroy(void *data, const char *name, usm_cp_done done, void *token)
{
	struct usm_manager *manager = data;

	usm_supervisor_destroy(&manager->supervisor, name, done, token);
}

static int bind(void *data, const char *name, const struct usm_peer *peer,
		pid_t pid, enum usm_inherit inherit,
		struct usm_problem *problem)
{
	return usm_binding_create(data, name, peer, pid, inherit, problem);
}

static int unbind(void *data, const char *name, const struct usm_peer *peer,
		  pid_t pid, struct usm_problem *problem)
{
	return usm_binding_delete(data, name, peer, pid, problem);
}

const struct usm_cp_ops usm_manager_ops = {
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
