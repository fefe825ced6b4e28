/* SPDX-License-Identifier: MIT */
/*
 * log.h - what the manager tells the operator, one line each on stderr, with
 * the priority prefix of sd-daemon(3) where systemd collects it.
 */
#ifndef USM_MANAGER_LOG_H
#define USM_MANAGER_LOG_H

#include <syslog.h>

/*
 * priority: LOG_ERR, LOG_WARNING, LOG_NOTICE or LOG_INFO.  Control characters
 * and bytes outside ASCII come out as '?', so that a hostile path or name
 * cannot forge a line.  Any thread.
 */
void usm_log(int priority, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* USM_MANAGER_LOG_H */
