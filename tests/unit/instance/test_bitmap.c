/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "fake_kernel.h"
#include "instance/arena/bitmap.h"

#define STEPS 20000

static uint32_t model_first(const char *model, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (model[i])
			return i;
	return USM_BITMAP_NONE;
}

/* Random sets and clears agree with an array, at sizes around the levels. */
static void agree_with_model(uint32_t nr, uint64_t seed)
{
	struct usm_bitmap map;
	char *model = calloc(nr, 1);
	unsigned int step;

	cr_assert_eq(usm_bitmap_init(&map, nr), 0);
	for (step = 0; step < STEPS; step++) {
		uint32_t bit = (uint32_t)(fake_random(&seed) % nr);

		if (fake_random(&seed) % 3) {
			usm_bitmap_clear(&map, bit);
			model[bit] = 0;
		} else {
			usm_bitmap_set(&map, bit);
			model[bit] = 1;
		}
		cr_assert_eq(usm_bitmap_test(&map, bit), model[bit]);
		if (step % 16 == 0)
			cr_assert_eq(usm_bitmap_first(&map),
				     model_first(model, nr));
	}
	usm_bitmap_fini(&map);
	free(model);
}

Test(bitmap, agrees_with_a_model)
{
	static const uint32_t sizes[] = {
		1, 63, 64, 65, 4095, 4096, 4097, 70000
	};
	unsigned int i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		agree_with_model(sizes[i], 0x1234567 + i);
}

Test(bitmap, last_bit_of_a_large_map_is_found_and_lost)
{
	struct usm_bitmap map;

	cr_assert_eq(usm_bitmap_init(&map, 1U << 24), 0);
	cr_assert_eq(usm_bitmap_first(&map), USM_BITMAP_NONE);
	usm_bitmap_set(&map, (1U << 24) - 1);
	cr_assert_eq(usm_bitmap_first(&map), (1U << 24) - 1);
	usm_bitmap_clear(&map, (1U << 24) - 1);
	cr_assert_eq(usm_bitmap_first(&map), USM_BITMAP_NONE);
	usm_bitmap_fini(&map);
}
