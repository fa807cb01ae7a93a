/* SPDX-License-Identifier: GPL-3.0-or-later
 * The last sample of every output, while a tag may yet belong to it. */
#include "withheld_sample.h"

#include <cstring>

namespace gr
{
namespace oaconv
{

withheld_sample::withheld_sample(int n_outputs, std::size_t sample_size)
    : d_n_outputs(std::size_t(n_outputs)), d_sample_size(sample_size),
      d_samples(d_n_outputs * sample_size)
{
}

int withheld_sample::put(void *const *out)
{
    if (!d_is_there)
        return 0;
    for (std::size_t m = 0; m < d_n_outputs; m++)
        std::memcpy(out[m], d_samples.data() + m * d_sample_size, d_sample_size);
    d_is_there = false;
    return 1;
}

void withheld_sample::take_back(const void *const *end)
{
    for (std::size_t m = 0; m < d_n_outputs; m++)
        std::memcpy(d_samples.data() + m * d_sample_size,
                    static_cast<const char *>(end[m]) - d_sample_size,
                    d_sample_size);
    d_is_there = true;
}

} // namespace oaconv
} // namespace gr
