/* SPDX-License-Identifier: MIT */
/*
 * programs.h - what a prefetch policy learnt of a process, for the next one of
 * the same program: asks for it when a process ends, hands it out when one
 * begins.  Belongs to a prefetcher; its thread.
 */
#ifndef USM_INSTANCE_PREFETCH_PROGRAMS_H
#define USM_INSTANCE_PREFETCH_PROGRAMS_H

#include <stdint.h>

#include "instance/policies/prefetch/checked.h"
#include "instance/records/archive.h"
#include "instance/records/roster.h"

struct usm_programs {
	struct usm_roster *roster; /* NULL: nothing is remembered */
	struct usm_archive *archive;
	/* Scratch. */
	char memory[USM_PREFETCH_MEMORY_MAX];
};

/* A process was told to the policy: it recalls its program. */
void usm_programs_begin(struct usm_programs *programs,
			struct usm_checked_prefetch *policy, uint32_t member);

/* A process is about to be told as ended: its program is remembered. */
void usm_programs_end(struct usm_programs *programs,
		      struct usm_checked_prefetch *policy, uint32_t member);

/* The policy is about to go: so are the programs of all processes. */
void usm_programs_end_all(struct usm_programs *programs,
			  struct usm_checked_prefetch *policy);

/* A policy has come: tells it of all processes. */
void usm_programs_begin_all(struct usm_programs *programs,
			    struct usm_checked_prefetch *policy);

#endif /* USM_INSTANCE_PREFETCH_PROGRAMS_H */
