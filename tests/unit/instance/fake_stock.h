/* SPDX-License-Identifier: MIT */
/*
 * fake_stock.h - a stock over the fake kernel, of which a test looks at one
 * part.
 */
#ifndef USM_TESTS_FAKE_STOCK_H
#define USM_TESTS_FAKE_STOCK_H

#include <stdint.h>

#include "fake_kernel.h"
#include "instance/arena/returned.h"
#include "instance/worker/stock.h"

struct fake_stock {
	struct fake_kernel kernel;
	struct usm_returned *returned;
	struct usm_stock *stock;
};

/* A fault that any frame will do for. */
extern const struct usm_fault fake_stock_fault;

/* Empty, under first-fit. */
void fake_stock_init(struct fake_stock *fake, uint32_t nr_frames);
void fake_stock_fini(struct fake_stock *fake);

/* All its frames come into it. */
void fake_stock_fill(struct fake_stock *fake);

/* Picks a frame and has the kernel accept it. */
uint32_t fake_stock_use(struct fake_stock *fake);

#endif /* USM_TESTS_FAKE_STOCK_H */
