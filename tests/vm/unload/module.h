/* SPDX-License-Identifier: MIT */
/* module.h - loading and unloading the module under test. */
#ifndef USM_VM_UNLOAD_MODULE_H
#define USM_VM_UNLOAD_MODULE_H

#include <pthread.h>
#include <stdbool.h>

/* How long unloading may take: many grace periods on a busy host. */
#define UNLOAD_LIMIT_MS 30000

/* Remembers the parameters it was loaded with, and finds its file. */
void module_find(void);

/* Its file, and the parameters that it was loaded with. */
const char *module_file(void);
const char *module_parameters(void);

/* Loads it with these parameters (NULL: those it had). 0 or -errno. */
int module_load(const char *parameters);

/* As rmmod does: refused at once (EAGAIN) while it is in use. */
int module_unload(void);

/* The same again and again until it is not in use any more. */
int module_unload_soon(unsigned int limit_ms);

/* Is anything of it left in /proc, /dev or the list of modules? */
bool module_left_traces(void);

/* Unloading, as soon as possible, that may take its time. */
struct unloading {
	pthread_t thread;
	bool done;
	int error;
};

void unloading_start(struct unloading *unloading);

/* Has it ended within the limit? */
bool unloading_ended(struct unloading *unloading, unsigned int limit_ms);

/* Waits for the end, however late: its result. */
int unloading_join(struct unloading *unloading);

#endif /* USM_VM_UNLOAD_MODULE_H */
