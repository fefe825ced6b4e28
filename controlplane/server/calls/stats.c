// SPDX-License-Identifier: MIT
#include "calls.h"
#include "server/metrics.h"
#include "server/render.h"

struct figures {
	struct usm_cp_pool pool;
	struct usm_cp_instance *instances;
	size_t nr;
};

static int take(struct usm_exchange *x, struct figures *out)
{
	const struct usm_cp_ops *ops = x->service.ops;
	struct usm_problem *problem = &x->reply.problem;

	*out = (struct figures){ 0 };
	if (ops->pool(x->service.manager, &out->pool, problem))
		return -1;
	return ops->list(x->service.manager, &out->instances, &out->nr,
			 problem);
}

void usm_call_stats(struct usm_exchange *x, const struct usm_request *request)
{
	struct figures figures;
	cJSON *json;

	(void)request;
	if (take(x, &figures))
		return usm_exchange_problem(x);
	json = usm_render_stats(&figures.pool, figures.instances, figures.nr);
	usm_cp_instances_free(figures.instances, figures.nr);
	usm_exchange_json(x, 200, json);
}

void usm_call_metrics(struct usm_exchange *x, const struct usm_request *request)
{
	struct figures figures;
	char *text;

	(void)request;
	if (take(x, &figures))
		return usm_exchange_problem(x);
	text = usm_metrics_render(&figures.pool, figures.instances, figures.nr);
	usm_cp_instances_free(figures.instances, figures.nr);
	usm_exchange_text(x, USM_METRICS_CONTENT_TYPE, text);
}
