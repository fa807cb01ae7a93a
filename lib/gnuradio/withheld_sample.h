/* SPDX-License-Identifier: GPL-3.0-or-later
 * The last sample of every output, while a tag may yet belong to it. */
#ifndef INCLUDED_OACONV_WITHHELD_SAMPLE_H
#define INCLUDED_OACONV_WITHHELD_SAMPLE_H

#include <cstddef>
#include <vector>

namespace gr
{
namespace oaconv
{

/* Takes the last sample that a call of work gives back from the outputs, and gives it first in the
 * next call. One thread. Allocates in the constructor only. */
class withheld_sample
{
public:
    withheld_sample(int n_outputs, std::size_t sample_size);

    /* How many samples are withheld: 0 or 1. */
    int count() const { return d_is_there ? 1 : 0; }
    void forget() { d_is_there = false; }

    /* Begins the outputs with the sample that is withheld; returns how many that are. */
    int put(void *const *out);

    /* Withholds the sample of every output that lies before `end`. */
    void take_back(const void *const *end);

private:
    std::size_t d_n_outputs, d_sample_size;
    bool d_is_there = false;
    std::vector<char> d_samples; /* [n_outputs] samples */
};

} // namespace oaconv
} // namespace gr

#endif
