/* SPDX-License-Identifier: MIT */
/*
 * sample.h - what the guest says to the host, one line each, fields separated
 * by tabs:
 *
 *   sample   ROW  VALUE  BASE   one measurement and what it is compared with,
 *                               both per page
 *   spoiled  ROW  REASON        one that was thrown away: the machine was too
 *                               busy for it to mean anything
 *   invalid  ROW  REASON        it measured something else: the row fails
 *   info     KEY  TEXT          about the guest
 */
#ifndef USM_BENCH_SAMPLE_H
#define USM_BENCH_SAMPLE_H

#define SAMPLE_NAME_SIZE 32
#define SAMPLE_TEXT_SIZE 160

enum sample_kind {
	SAMPLE_VALUE,
	SAMPLE_SPOILED,
	SAMPLE_INVALID,
	SAMPLE_INFO,
};

struct sample {
	enum sample_kind kind;
	char name[SAMPLE_NAME_SIZE];
	double value;
	double base;
	char text[SAMPLE_TEXT_SIZE];
};

/* Reads one line, with or without its newline. EINVAL when it is none. */
int sample_parse(const char *line, struct sample *out);

#endif /* USM_BENCH_SAMPLE_H */
