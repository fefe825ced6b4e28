/* SPDX-License-Identifier: MIT */
/* refusals.h - who may do what, and what happens to those who may not. */
#ifndef USM_VM_REFUSALS_H
#define USM_VM_REFUSALS_H

/* A user without rights: the device, a passed descriptor, the proc files. */
void test_stranger(int dev);

/* Processes that nobody may bind, and binding with wrong arguments. */
void test_untouchables(int dev);

/* One daemon a name, one claim a file, one reader a proc file. */
void test_claims(int dev);

/* Slice and doorbell mappings. */
void test_mappings(int dev);

/* Wrong answers to faults: refused, counted, nothing changed. */
void test_bad_commands(int dev);

/* Unknown flags and reserved fields of every ioctl. */
void test_reserved(int dev);

#endif /* USM_VM_REFUSALS_H */
