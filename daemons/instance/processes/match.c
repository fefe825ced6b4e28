/* SPDX-License-Identifier: MIT */
#include "instance/processes/match.h"

#include <fnmatch.h>

static bool fits_pattern(const char *pattern, const char *text)
{
	return !*pattern || (text && !fnmatch(pattern, text, 0));
}

static bool fits(const struct usm_config_process *process,
		 const struct usm_process_facts *facts)
{
	if (process->has_uid && (!facts->has_uid || facts->uid != process->uid))
		return false;
	return fits_pattern(process->name, facts->name) &&
	       fits_pattern(process->cgroup, facts->cgroup);
}

unsigned int usm_process_match(const struct usm_config_processes *processes,
			       const struct usm_process_facts *facts)
{
	unsigned int i;

	for (i = 0; i < processes->nr; i++)
		if (fits(&processes->process[i], facts))
			return i + 1;
	return 0;
}

bool usm_process_match_cgroup(const struct usm_config_processes *processes)
{
	unsigned int i;

	for (i = 0; i < processes->nr; i++)
		if (*processes->process[i].cgroup)
			return true;
	return false;
}

bool usm_process_match_uid(const struct usm_config_processes *processes)
{
	unsigned int i;

	for (i = 0; i < processes->nr; i++)
		if (processes->process[i].has_uid)
			return true;
	return false;
}
