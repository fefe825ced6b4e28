/* SPDX-License-Identifier: MIT */
/* module.h - loading and unloading the module under test. */
#ifndef USM_BENCH_MODULE_H
#define USM_BENCH_MODULE_H

/* Loads the file with a pool of that size ("64M"). 0 or -errno. */
int module_load(const char *path, const char *pool);

/* Unloads it, waiting a while for what still holds it. 0 or -errno. */
int module_unload(void);

#endif /* USM_BENCH_MODULE_H */
