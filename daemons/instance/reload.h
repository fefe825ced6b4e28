/* SPDX-License-Identifier: MIT */
/*
 * reload.h - other policies while the instance runs: the configuration file is
 * read again, and what it says about policies is put into effect.
 *
 * Anything else it says differently is refused, and nothing is changed then:
 * half a configuration would be in force that stands nowhere.  All calls are
 * the main thread's.
 */
#ifndef USM_INSTANCE_RELOAD_H
#define USM_INSTANCE_RELOAD_H

#include "common/config.h"
#include "instance/failure.h"
#include "instance/policies/selection.h"
#include "instance/processes/policies.h"
#include "instance/worker/exchange.h"

struct usm_reload {
	const char *path; /* of the file */
	struct usm_trusted where; /* policies are that are not built in */
	/* What is in force; the selection is owned from usm_reload_init() on. */
	struct usm_config config;
	struct usm_policy_selection *selection;
	/* These stay; owned likewise. */
	struct usm_process_policies processes;
	struct usm_named_policy oom;
	/* Kinds in whose place thresholds have put others, which stay now. */
	struct {
		bool alloc, evict;
	} elsewhere;
	/* What is to be, while .next is not NULL. */
	struct usm_config next_config;
	struct usm_policy_selection *next;
	struct usm_exchange exchange;
};

/*
 * Reads the file and makes the exchange ready, which the caller is to have made
 * and then to report (usm_reload_finish()).  -EALREADY: nothing would be
 * another; -EBUSY: the last one is still under way; otherwise *failure says
 * what is wrong with the file or a policy.  Only on 0 there is anything to do.
 */
int usm_reload_prepare(struct usm_reload *reload, struct usm_failure *failure);

/*
 * The exchange was made, or refused: what is not needed any more is unloaded.
 * Returns its result; *failure says why it was refused.
 */
int usm_reload_finish(struct usm_reload *reload, struct usm_failure *failure);

/* Unloads everything; no policy of it may be in use.  Zeroed is fine. */
void usm_reload_fini(struct usm_reload *reload);

#endif /* USM_INSTANCE_RELOAD_H */
