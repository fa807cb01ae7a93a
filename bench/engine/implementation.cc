/* SPDX-License-Identifier: GPL-3.0-or-later
 * What contenders have in common. */
#include "contender.h"

#include "check.h"

namespace oac_bench
{

double filter::check(const signals &data, const tap_rows &taps) const
{
    return check_filtered(data, taps, n_samples());
}

rival absent(const std::string &name, const std::string &reason)
{
    return {name,
            [reason](const setting &) -> rival::sizes { throw skipped(reason); },
            [reason](const setting &, const tap_rows &, std::size_t) -> std::unique_ptr<contender> {
                throw skipped(reason);
            }};
}

} // namespace oac_bench
