/* SPDX-License-Identifier: GPL-3.0-or-later
 * Aligned, zeroed memory. */
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool oac_multiply(size_t a, size_t b, size_t *product)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *product = a * b;
    return true;
}

void *oac_alloc(size_t count, size_t size)
{
    size_t bytes;
    if (!oac_multiply(count, size, &bytes) || bytes > SIZE_MAX - OAC_ALIGNMENT)
        return NULL;
    bytes = (bytes / OAC_ALIGNMENT + 1) * OAC_ALIGNMENT;
    void *memory = aligned_alloc(OAC_ALIGNMENT, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void oac_free(void *memory)
{
    free(memory);
}
