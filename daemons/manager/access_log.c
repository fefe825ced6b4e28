// SPDX-License-Identifier: MIT
#include "access_log.h"

#include "log.h"

void usm_access_log(void *data, const struct usm_access *access)
{
	const struct usm_reply *reply = access->reply;

	(void)data;
	if (reply->problem.code)
		usm_log(LOG_WARNING, "refused: uid=%u pid=%d %s %s: %u %s: %s",
			access->peer.uid, (int)access->peer.pid, access->method,
			access->path, reply->status,
			usm_problem_name(reply->problem.code),
			reply->problem.detail);
	else if (reply->change)
		usm_log(LOG_NOTICE, "audit: uid=%u pid=%d %s %s: %u%s%s",
			access->peer.uid, (int)access->peer.pid, access->method,
			access->path, reply->status,
			reply->location[0] ? " " : "", reply->location);
}
