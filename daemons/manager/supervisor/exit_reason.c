// SPDX-License-Identifier: MIT
#include "exit_reason.h"

#include <stdio.h>
#include <string.h>

void usm_exit_reason(const siginfo_t *info, char *text, size_t size)
{
	const char *name;

	if (info->si_code == CLD_EXITED) {
		snprintf(text, size, "exited with status %d", info->si_status);
		return;
	}
	name = sigabbrev_np(info->si_status);
	if (name)
		snprintf(text, size, "killed by SIG%s%s", name,
			 info->si_code == CLD_DUMPED ? ", core dumped" : "");
	else
		snprintf(text, size, "killed by signal %d", info->si_status);
}
