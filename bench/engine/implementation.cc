/* SPDX-License-Identifier: GPL-3.0-or-later
 * What implementations have in common. */
#include "implementation.h"

#include "check.h"

namespace oac_bench
{

double filter::check(const signals &data, const tap_rows &taps) const
{
    return check_filtered(data, taps, n_samples());
}

factory absent(const std::string &name, const std::string &reason)
{
    return {name,
            [reason](const setting &) -> factory::sizes { throw skipped(reason); },
            [reason](const setting &,
                     const tap_rows &,
                     std::size_t) -> std::unique_ptr<implementation> { throw skipped(reason); }};
}

} // namespace oac_bench
