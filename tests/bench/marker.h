/* SPDX-License-Identifier: MIT */
/*
 * marker.h - begin and end of what is measured, for whoever watches the
 * processor from outside (profile/blocks.c).  To the processor it is a no-op
 * with an odd displacement.
 */
#ifndef USM_BENCH_MARKER_H
#define USM_BENCH_MARKER_H

#include <stdint.h>

#define MARKER_BEGIN 0x55534d01
#define MARKER_END 0x55534d02

/* nopl displacement(%rax), the displacement last */
#define MARKER_BYTES 7
#define MARKER_OPCODE "\x0f\x1f\x80"
#define MARKER_OPCODE_BYTES 3

#define marker(displacement)                                 \
	__asm__ volatile(".byte 0x0f, 0x1f, 0x80; .long %c0" \
			 :                                   \
			 : "i"(displacement)                 \
			 : "memory")

#endif /* USM_BENCH_MARKER_H */
