/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whole rows at once: a filter that lives for one call. */
#include "oaconv/oaconv.h"

#include "backends/polyphase.h"
#include "base/arguments.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/taps.h"
#include "structs.h"

/* The M pointers of `rows`, `offset` bytes on, into `moved`. */
static void move_pointers(char **moved, const void *const *rows, size_t n, size_t offset)
{
    for (size_t m = 0; m < n; m++)
        moved[m] = (char *)(uintptr_t)rows[m] + offset;
}

static size_t kept(const oaconv_config *known, size_t n)
{
    return (size_t)oac_kept(n, known->decimation);
}

oaconv_status
oaconv_convolve(const oaconv_config *config, const void *const *in, void *const *out, size_t n)
{
    if (!config)
        return oac_fail(OAC_ERR_ARG, "oaconv_convolve: null pointer");
    oaconv *f = NULL;
    oaconv_config known;
    oaconv_status status = oac_read_config(&known, config);
    if (status != OAC_OK)
        return status;
    known.row_length = n;
    status = oaconv_create(&f, &known);
    if (status != OAC_OK || n == 0) {
        oaconv_destroy(f);
        return status;
    }
    oaconv_info info;
    oaconv_get_info(f, &info);
    const size_t whole = n - n % info.hop, M = info.n_channels;
    const size_t bytes = oac_sample_bytes(known.type, known.precision);
    char **from = oac_alloc(M, sizeof *from), **to = oac_alloc(M, sizeof *to);
    if (!from || !to)
        status = oac_fail(OAC_ERR_NO_MEMORY, "out of memory");
    if (status == OAC_OK)
        status = oac_check_pointers(M, in, out, "oaconv_convolve");
    if (status == OAC_OK)
        status = oac_check_length(n, bytes, "oaconv_convolve");
    if (status == OAC_OK)
        status = oaconv_process(f, in, out, whole);
    if (status == OAC_OK) {
        move_pointers(from, in, M, whole * bytes);
        move_pointers(to, (const void *const *)out, M, kept(&known, whole) * bytes);
        status = oaconv_finish(f, (const void *const *)from, (void *const *)to, n - whole);
    }
    if (status == OAC_OK) {
        move_pointers(to, (const void *const *)out, M, kept(&known, n) * bytes);
        status = oaconv_read_tail(f, (void *const *)to, oaconv_tail_length(f));
    }
    oac_free(from);
    oac_free(to);
    oaconv_destroy(f);
    return status;
}
