/* SPDX-License-Identifier: MIT */
/* output.h - lines of sample.h on stdout, progress on stderr. */
#ifndef USM_BENCH_OUTPUT_H
#define USM_BENCH_OUTPUT_H

void output_value(const char *row, double value, double base);
void output_spoiled(const char *row, const char *why);
void output_invalid(const char *row, const char *why);
void output_info(const char *key, const char *text);

/* Says how far it is, every few seconds at most and at the start. */
void output_progress(const char *what, unsigned int done, unsigned int all);

#endif /* USM_BENCH_OUTPUT_H */
