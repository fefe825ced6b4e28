/* SPDX-License-Identifier: GPL-2.0 */
/* Included first everywhere: how our lines in the kernel log begin. */
#ifndef USM_PREFIX_H
#define USM_PREFIX_H

#ifndef __ASSEMBLY__
#define pr_fmt(fmt) "usm: " fmt
#endif

#endif /* USM_PREFIX_H */
