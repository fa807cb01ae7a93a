/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads and writes the public structs as far as the caller's go, and no further. */
#include "structs.h"

#include "base/error.h"
#include "base/sizes.h"

#include <string.h>

/* More is no struct of any version, but memory that was not filled in. */
static const size_t largest_struct = 4096;

/* Copies `n` bytes of ours over a struct of `size` bytes; what only a later version knows is 0. */
static void write_struct(void *theirs, size_t size, const void *ours, size_t n)
{
    memset(theirs, 0, size);
    memcpy(theirs, ours, oac_least(size, n));
}

void oaconv_config_init_sized(oaconv_config *config, size_t struct_size)
{
    const oaconv_config ours = {.struct_size = struct_size,
                                .type = OAC_REAL,
                                .decimation = 1,
                                .backend = "auto",
                                .device = -1};
    if (config && struct_size >= sizeof ours.struct_size)
        write_struct(config, struct_size, &ours, sizeof ours);
}

oaconv_status oac_read_config(oaconv_config *known, const oaconv_config *config)
{
    const size_t size = config->struct_size;
    if (size < sizeof size || size > largest_struct)
        return oac_fail(OAC_ERR_ARG,
                        "config.struct_size is %zu: fill in the config by oaconv_config_init()",
                        size);
    for (size_t i = sizeof *config; i < size; i++)
        if (((const unsigned char *)config)[i] != 0)
            return oac_fail(OAC_ERR_ARG,
                            "the config sets a field that version %s of the library does not know; "
                            "the program was compiled for a later one",
                            oaconv_version());
    oaconv_config_init(known);
    memcpy(known, config, oac_least(size, sizeof *known));
    known->struct_size = sizeof *known;
    return OAC_OK;
}

void oaconv_get_info_sized(const oaconv *filter, oaconv_info *info, size_t struct_size)
{
    if (!info || struct_size < sizeof info->struct_size)
        return;
    oaconv_info ours = {.backend = "", .reason = "", .plan_reason = ""};
    if (filter)
        oac_describe(filter, &ours);
    ours.struct_size = struct_size;
    write_struct(info, struct_size, &ours, sizeof ours);
}
