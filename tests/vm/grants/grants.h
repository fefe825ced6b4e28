/* SPDX-License-Identifier: MIT */
/* grants.h - frames given ahead, seen from outside. */
#ifndef USM_VM_GRANTS_H
#define USM_VM_GRANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/raw_daemon.h"

/* A claim without a worker: what no grant serves is a fallback at once. */
void grants_open(struct raw_daemon *daemon, uint32_t frames);

/* First frame of the partition; all the tests use the first run only. */
uint32_t grants_first(const struct raw_daemon *daemon);

/* Pushes `nr` frames from `first` on: how many were taken, or -errno. */
int grants_push(struct raw_daemon *daemon, uint32_t member, uint32_t first,
		uint32_t nr, uint32_t flags, uint32_t low);

/* One range grant: its result, or the call's error. */
int grants_range(struct raw_daemon *daemon,
		 const struct usm_grant_entry *entry);

/* USM_IOC_FREE of one frame: its result. */
int grants_free(struct raw_daemon *daemon, uint32_t frame);

/* The next notice of that type; false when there is none. */
bool grants_notice(struct raw_daemon *daemon, enum usm_notice_type type,
		   struct usm_notice *out);

/* Every frame is home or free within a while; then all are free. */
bool grants_all_home(struct raw_daemon *daemon, const char *what);

/* Fills the frame with bytes that are not zero, through the slice. */
void grants_soil(struct raw_daemon *daemon, uint32_t first, uint32_t frames);

/* magazine.c */
void test_magazine_order(int dev);
void test_magazine_zeroed(int dev);
void test_magazine_low(int dev);
void test_magazine_copies(int dev);
void test_magazine_fork(int dev);

/* refused.c */
void test_push_refused(int dev);
void test_free(int dev);

/* ends.c */
void test_member_ends(int dev);
void test_daemon_ends(int dev);
void test_notices_full(int dev);

/* range.c */
void test_range(int dev);
void test_range_refused(int dev);
void test_range_free(int dev);

/* around.c */
void test_around(int dev);
void test_around_edges(int dev);
void test_around_zeroed(int dev);
void test_around_evicted(int dev);

/* large.c */
void test_large(int dev);
void test_large_in_the_way(int dev);
void test_large_pmd(int dev);

/* large_parts.c */
void test_large_unmapped(int dev);
void test_large_moved(int dev);
void test_large_relocated(int dev);
void test_large_forked(int dev);
void test_large_evicted(int dev);

/* large_storm.c */
void test_large_storm(int dev);

#endif /* USM_VM_GRANTS_H */
