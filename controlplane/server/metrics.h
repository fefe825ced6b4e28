/* SPDX-License-Identifier: MIT */
/*
 * metrics.h - pool and instances in the text format of Prometheus.  Pure.
 *
 * Base units (bytes, seconds), counters end in _total.  Processes have no
 * metrics: a label for each would make the series without end.  /v1/stats has
 * them.
 */
#ifndef USM_CONTROLPLANE_METRICS_H
#define USM_CONTROLPLANE_METRICS_H

#include "ops.h"

/* The text format's own media type; scrapers look at the version. */
#define USM_METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Owned by the caller, free(); NULL when memory is short. */
char *usm_metrics_render(const struct usm_cp_pool *pool,
			 const struct usm_cp_instance *instances, size_t nr);

#endif /* USM_CONTROLPLANE_METRICS_H */
