/* SPDX-License-Identifier: MIT */
/*
 * frame_size.h - the pool is made of x86-64 base pages; the ABI has no other
 * frame size.
 */
#ifndef USM_COMMON_FRAME_SIZE_H
#define USM_COMMON_FRAME_SIZE_H

#define USM_FRAME_SHIFT 12
#define USM_FRAME_BYTES (1UL << USM_FRAME_SHIFT)

#endif /* USM_COMMON_FRAME_SIZE_H */
