/* SPDX-License-Identifier: MIT */
/* death.h - what happens when a daemon or a tenant dies, or does not answer. */
#ifndef USM_VM_DEATH_H
#define USM_VM_DEATH_H

#include <stddef.h>

#include "lib/child.h"
#include "lib/instance.h"

/* kill -9 of a daemon under load, and its successor. */
void test_daemon_killed(int dev, bool managed);

/* kill -9 of a tenant under load. */
void test_tenant_killed(int dev);

/* A daemon that is stopped: every fault within the deadline. */
void test_daemon_stopped(int dev);

/* Daemons that refuse, have no worker, or no frame left. */
void test_daemon_refuses(int dev);
void test_no_worker(int dev);
void test_partition_full(int dev);

/* Signals while faults wait, and more faults than slots. */
void test_signals(int dev);
void test_few_slots(int dev);

#endif /* USM_VM_DEATH_H */
