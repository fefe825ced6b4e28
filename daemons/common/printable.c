/* SPDX-License-Identifier: MIT */
#include "printable.h"

void usm_printable(char *to, const char *from, size_t size)
{
	size_t i;

	for (i = 0; i < size && from[i]; i++)
		to[i] = from[i] < 0x20 || from[i] > 0x7e ? '?' : from[i];
	to[i] = 0;
}
