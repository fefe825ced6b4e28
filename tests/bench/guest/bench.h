/* SPDX-License-Identifier: MIT */
/* bench.h - what every row works with. */
#ifndef USM_BENCH_BENCH_H
#define USM_BENCH_BENCH_H

#include <stdint.h>

#include "bench/catalogue.h"
#include "bench/guest/policy.h"
#include "bench/guest/toucher.h"
#include "bench/sample.h"
#include "lib/instance.h"

/* The processor that faults; everything else is on the last one. */
#define CPU_FAULTS 0

struct bench {
	enum bench_measure measure;
	int other_cpu;
	struct toucher plain; /* never bound */
	struct toucher member; /* bound to the policy's instance */
	struct toucher tenant; /* bound to a real instance */
	struct toucher handled; /* with a userfaultfd handler */
	struct policy policy;
	struct instance instance;
	uint32_t member_id;
	uint64_t touched; /* pages, so far */
	char why[SAMPLE_TEXT_SIZE]; /* the last measurement means nothing */
};

/*
 * One measurement.  VALID: *value is the cost of a page.  SPOILED: the machine
 * was too busy.  INVALID: something else was measured than the row is about;
 * the run goes on without the row.  bench->why says what happened.
 */
enum verdict {
	VALID,
	SPOILED,
	INVALID,
};

typedef enum verdict (*row_fn)(struct bench *bench, double *value);

/* Says why, printf style, and returns INVALID. */
enum verdict invalid(struct bench *bench, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
enum verdict spoiled(struct bench *bench, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* row_kernel.c */
enum verdict row_kernel(struct bench *bench, double *value);
enum verdict row_mthp(struct bench *bench, double *value);
/* Lets the kernel make 64 KiB folios where they are asked for. 0 or -errno. */
int mthp_enable(void);

/* row_magazine.c */
enum verdict row_magazine(struct bench *bench, double *value);
enum verdict row_magazine_zeroed(struct bench *bench, double *value);

/* row_range.c */
enum verdict row_around(struct bench *bench, double *value);
enum verdict row_around_zeroed(struct bench *bench, double *value);
enum verdict row_large(struct bench *bench, double *value);

/* row_upcall.c */
enum verdict row_upcall_polling(struct bench *bench, double *value);
enum verdict row_upcall_asleep(struct bench *bench, double *value);

/* row_instance.c */
/* Starts the daemon and binds the tenant. 0 or -errno. */
int row_instance_start(struct bench *bench);
enum verdict row_upcall_instance(struct bench *bench, double *value);

/* row_uffd.c */
enum verdict row_uffd_other(struct bench *bench, double *value);
enum verdict row_uffd_same(struct bench *bench, double *value);

#endif /* USM_BENCH_BENCH_H */
