// SPDX-License-Identifier: MIT
#include "binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/client/members.h"
#include "lookup.h"
#include "process.h"
#include "supervisor/supervised.h"

static int no_such_process(struct usm_problem *problem, pid_t pid,
			   const char *why)
{
	usm_problem_set(problem, USM_PROBLEM_NO_SUCH_PROCESS,
			"pid: process %d %s", (int)pid, why);
	strcpy(problem->field, "pid");
	return -1;
}

static int open_process(pid_t pid, int *pidfd, struct usm_problem *problem)
{
	int ret = usm_client_pidfd(pid, pidfd);

	if (!ret)
		return 0;
	if (ret == -ESRCH)
		return no_such_process(problem, pid, "does not exist");
	if (ret == -EINVAL || ret == -ENOENT)
		return no_such_process(problem, pid,
				       "is a thread; give the process");
	return usm_problem_set(problem, USM_PROBLEM_INTERNAL, "pidfd_open: %s",
			       strerror(-ret));
}

/*
 * The manager's own rights are root's, so a client's are checked here.  What
 * /proc says is about the process behind pidfd only if that is still alive
 * afterwards: until then its number cannot have been reused.
 */
static int check_peer(const struct usm_peer *peer, pid_t pid, int pidfd,
		      struct usm_problem *problem)
{
	struct usm_credentials credentials;
	int ret;

	if (!peer->uid)
		return 0;
	ret = usm_process_credentials(pid, &credentials);
	if (ret == -ESRCH || !usm_process_alive(pidfd))
		return no_such_process(problem, pid, "has ended");
	if (!ret && usm_process_owned_by(&credentials, peer->uid, peer->gid))
		return 0;
	return usm_problem_set(
		problem, USM_PROBLEM_PERMISSION_DENIED,
		"process %d is not wholly yours (uid %u, gid %u)", (int)pid,
		peer->uid, peer->gid);
}

static int find_instance(struct usm_manager *manager, const char *name,
			 struct usm_instance_info *info,
			 struct usm_problem *problem)
{
	const struct usm_supervised *instance =
		usm_supervisor_find(&manager->supervisor, name);
	int ret = usm_lookup_live(manager->device_fd, name, info);

	if (instance && (instance->state == USM_CP_STARTING ||
			 instance->state == USM_CP_DRAINING || ret == -ENOENT))
		return usm_problem_set(problem, USM_PROBLEM_INSTANCE_BUSY,
				       "instance \"%s\" is %s", name,
				       usm_cp_state_name(instance->state));
	if (ret == -ENOENT)
		return usm_problem_set(problem, USM_PROBLEM_NO_SUCH_INSTANCE,
				       "there is no instance \"%s\"", name);
	if (ret)
		return usm_problem_set(problem, USM_PROBLEM_INTERNAL,
				       "the kernel does not answer: %s",
				       strerror(-ret));
	return 0;
}

static bool has_member(int device_fd, uint32_t instance, pid_t pid)
{
	usm_auto_free struct usm_member_info *members = NULL;
	size_t nr = 0;

	if (usm_lookup_members(device_fd, instance, &members, &nr))
		return false;
	for (size_t i = 0; i < nr; i++) {
		if (members[i].pid == pid)
			return true;
	}
	return false;
}

/* Says where the process is bound, when that can still be found out. */
static int already_bound(int device_fd, pid_t pid, struct usm_problem *problem)
{
	usm_auto_free struct usm_instance_info *all = NULL;
	size_t nr = 0;

	if (!usm_lookup_all(device_fd, &all, &nr)) {
		for (size_t i = 0; i < nr; i++) {
			if (has_member(device_fd, all[i].instance, pid))
				return usm_problem_set(
					problem, USM_PROBLEM_ALREADY_BOUND,
					"process %d is bound to instance \"%s\"",
					(int)pid, all[i].name);
		}
	}
	return usm_problem_set(problem, USM_PROBLEM_ALREADY_BOUND,
			       "process %d is bound already", (int)pid);
}

static int bind_failed(int device_fd, int ret, pid_t pid,
		       struct usm_problem *problem)
{
	switch (ret) {
	case -EBUSY:
		return already_bound(device_fd, pid, problem);
	case -ESRCH:
		return no_such_process(problem, pid,
				       "has ended or has no memory");
	case -EPERM:
		return usm_problem_set(
			problem, USM_PROBLEM_PERMISSION_DENIED,
			"process %d may not be bound: init, kernel threads, policy daemons and the manager never are",
			(int)pid);
	case -ENODEV:
		return usm_problem_set(problem, USM_PROBLEM_INSTANCE_BUSY,
				       "the instance is ending");
	default:
		return usm_problem_set(problem, USM_PROBLEM_INTERNAL,
				       "binding failed: %s", strerror(-ret));
	}
}

int usm_binding_create(struct usm_manager *manager, const char *name,
		       const struct usm_peer *peer, pid_t pid,
		       enum usm_inherit inherit, struct usm_problem *problem)
{
	struct usm_instance_info info;
	usm_auto_fd pidfd = -1;
	int ret;

	if (find_instance(manager, name, &info, problem) ||
	    open_process(pid, &pidfd, problem) ||
	    check_peer(peer, pid, pidfd, problem))
		return -1;
	ret = usm_client_bind(manager->device_fd, info.instance, pidfd, inherit,
			      NULL);
	if (ret)
		return bind_failed(manager->device_fd, ret, pid, problem);
	/* It may have executed a privileged image between check and bind. */
	if (check_peer(peer, pid, pidfd, problem)) {
		usm_client_unbind(manager->device_fd, info.instance, pidfd);
		return -1;
	}
	return 0;
}

static int not_bound(const char *name, pid_t pid, struct usm_problem *problem)
{
	return usm_problem_set(problem, USM_PROBLEM_NOT_BOUND,
			       "process %d is not bound to instance \"%s\"",
			       (int)pid, name);
}

int usm_binding_delete(struct usm_manager *manager, const char *name,
		       const struct usm_peer *peer, pid_t pid,
		       struct usm_problem *problem)
{
	struct usm_instance_info info;
	usm_auto_fd pidfd = -1;
	int ret;

	if (find_instance(manager, name, &info, problem))
		return -1;
	if (!has_member(manager->device_fd, info.instance, pid) ||
	    usm_client_pidfd(pid, &pidfd))
		return not_bound(name, pid, problem);
	if (check_peer(peer, pid, pidfd, problem))
		return -1;
	ret = usm_client_unbind(manager->device_fd, info.instance, pidfd);
	if (ret == -ENOENT || ret == -ESRCH)
		return not_bound(name, pid, problem);
	if (ret == -EPERM)
		return usm_problem_set(problem, USM_PROBLEM_PERMISSION_DENIED,
				       "process %d may not be unbound",
				       (int)pid);
	if (ret)
		return usm_problem_set(problem, USM_PROBLEM_INTERNAL,
				       "unbinding failed: %s", strerror(-ret));
	return 0;
}
