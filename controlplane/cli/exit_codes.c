// SPDX-License-Identifier: MIT
#include "exit_codes.h"

#include <errno.h>

enum usm_exit usm_exit_from_status(long status)
{
	switch (status) {
	case 200 ... 299:
		return USM_EXIT_OK;
	case 400:
		return USM_EXIT_USAGE;
	case 401:
	case 403:
		return USM_EXIT_DENIED;
	case 404:
	case 422:
		return USM_EXIT_NOT_FOUND;
	case 409:
		return USM_EXIT_CONFLICT;
	case 503:
		return USM_EXIT_UNREACHABLE;
	default:
		return USM_EXIT_FAILED;
	}
}

enum usm_exit usm_exit_from_errno(int error)
{
	switch (error) {
	case 0:
		return USM_EXIT_OK;
	case -EACCES:
	case -EPERM:
		return USM_EXIT_DENIED;
	case -ENOENT:
	case -ENODEV:
	case -ESRCH:
		return USM_EXIT_NOT_FOUND;
	case -EBUSY:
	case -EEXIST:
	case -ENOSPC:
		return USM_EXIT_CONFLICT;
	default:
		return USM_EXIT_FAILED;
	}
}
