/* SPDX-License-Identifier: MIT */
#include "instance/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed(struct usm_failure *failure, const char *what)
{
	int err = errno;

	return usm_fail(failure, USM_EXIT_DENIED, err,
			"dropping rights: %s: %s", what, strerror(err));
}

/* EINVAL says that the kernel knows no capability of that number any more. */
static int drop_bounding_set(void)
{
	unsigned long capability;

	for (capability = 0; capability < 64; capability++)
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
			return errno == EINVAL && capability ? 0 : -1;
	return 0;
}

static int keep_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct left[_LINUX_CAPABILITY_U32S_3] = { 0 };
	unsigned int i;

	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		left[i].permitted = (uint32_t)(kept >> 32 * i);
		left[i].effective = left[i].permitted;
	}

	return (int)syscall(SYS_capset, &header, left);
}

/* kept: a bit for each capability that is left. */
static int drop(uid_t uid, gid_t gid, uint64_t kept,
		struct usm_failure *failure)
{
	if (!uid || !gid)
		return usm_fail(failure, USM_EXIT_USAGE, EINVAL,
				"--uid and --gid: must not be 0");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return failed(failure, "no_new_privs");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return failed(failure, "ambient capabilities");
	if (drop_bounding_set())
		return failed(failure, "capability bounding set");
	/* Other ids would take them all. */
	if (kept && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return failed(failure, "keeping capabilities");
	if (setgroups(0, NULL))
		return failed(failure, "setgroups");
	if (setresgid(gid, gid, gid))
		return failed(failure, "setresgid");
	if (setresuid(uid, uid, uid))
		return failed(failure, "setresuid");
	if (keep_capabilities(kept))
		return failed(failure, "capabilities");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return failed(failure, "dumpable");
	/* What must not work any more. */
	if (!setresuid(0, 0, 0) || geteuid() != uid || getegid() != gid)
		return usm_fail(failure, USM_EXIT_DENIED, EPERM,
				"dropping rights: they are still there");
	return 0;
}

int usm_privileges_drop(uid_t uid, gid_t gid, struct usm_failure *failure)
{
	return drop(uid, gid, 0, failure);
}

int usm_privileges_keep_kill(uid_t uid, gid_t gid, struct usm_failure *failure)
{
	return drop(uid, gid, 1ULL << CAP_KILL, failure);
}
