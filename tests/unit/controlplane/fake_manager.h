/* SPDX-License-Identifier: MIT */
/*
 * fake_manager.h - a manager without kernel and processes, for tests of the
 * control plane alone.
 */
#ifndef USM_TEST_FAKE_MANAGER_H
#define USM_TEST_FAKE_MANAGER_H

#include "server/handle.h"

struct fake_manager {
	struct usm_cp_instance instance; /* the only one, when .exists */
	struct usm_cp_member member;
	bool exists;
	bool bound;
	enum usm_problem_code fail; /* what the next change fails with */
	bool slow; /* create waits for fake_manager_finish() */
	usm_cp_done done;
	void *token;
	struct usm_peer last_peer;
	unsigned int changes;
};

extern const struct usm_cp_ops fake_manager_ops;

/* Ends a create that waits. */
void fake_manager_finish(struct fake_manager *fake);

#endif /* USM_TEST_FAKE_MANAGER_H */
