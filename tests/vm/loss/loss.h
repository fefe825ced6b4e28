/* SPDX-License-Identifier: MIT */
/* loss.h - tenants of a daemon that goes away or falls silent. */
#ifndef USM_VM_LOSS_H
#define USM_VM_LOSS_H

#include <stdint.h>

#include "lib/child.h"
#include "usm.h"

/* What a daemon does with its time does not make its faults late. */
#define LONG_DEADLINE_MS 10000
/* Whatever is to happen at once, on a busy machine under emulation. */
#define SOON_MS 5000
/* Long enough to see that something does not happen. */
#define NEVER_MS 300
#define HOME_LIMIT_MS 20000

/* What becomes of faults without a daemon. */
void test_fallback(int dev);
void test_queue(int dev);
void test_fail(int dev);
/* Those who wait go on when there is nothing to wait for any more. */
void test_queue_unbound(int dev);
void test_queue_ends(int dev);
void test_queue_killed(int dev);

/* A daemon that is there and does not answer. */
void test_stopped(int dev);
void test_looping(int dev);
void test_never_starts(int dev);

/* kill -9 and take-over under load, with nothing lost. */
void test_reattach(int dev);

#endif /* USM_VM_LOSS_H */
