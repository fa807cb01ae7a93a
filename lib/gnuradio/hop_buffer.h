/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whole hops for graphs whose buffers or limits are shorter than a hop. */
#ifndef INCLUDED_OACONV_HOP_BUFFER_H
#define INCLUDED_OACONV_HOP_BUFFER_H

#include <cstddef>
#include <vector>

namespace gr
{
namespace oaconv
{

/* Gathers samples of all channels until a hop is full, and hands results out in pieces of any
 * size. One thread. Has no memory, and is empty, until allocate(). */
class hop_buffer
{
public:
    hop_buffer(int n_inputs, int n_outputs, std::size_t sample_size); /* bytes */

    /* capacity: the longest hop, in samples. Throws std::bad_alloc; then nothing has changed. */
    void allocate(std::size_t capacity);
    bool has_memory() const { return d_capacity > 0; }

    std::size_t n_gathered() const { return d_n_gathered; }
    std::size_t n_ready() const { return d_n_ready; }
    bool empty() const { return d_n_gathered == 0 && d_n_ready == 0; }
    void clear() { d_n_gathered = d_ready_begin = d_n_ready = 0; }

    /* Appends n samples of every input to the gathered ones. */
    void gather(const void *const *in, std::size_t n);

    /* Where a filter reads the gathered samples and writes its results; valid while none is ready.
     */
    const void *const *gathered() const { return d_gathered_rows.data(); }
    void *const *results() const { return d_result_rows.data(); }

    /* The first n gathered samples have been filtered: they go, n_results are ready. */
    void filtered(std::size_t n, std::size_t n_results);

    /* Moves the next n ready results to out. */
    void take(void *const *out, std::size_t n);

private:
    std::size_t d_sample_size, d_capacity = 0;
    std::size_t d_n_gathered = 0, d_ready_begin = 0, d_n_ready = 0;
    std::vector<char> d_gathered, d_results; /* [n_inputs], [n_outputs] rows of capacity samples */
    std::vector<const void *> d_gathered_rows;
    std::vector<void *> d_result_rows;
};

} // namespace oaconv
} // namespace gr

#endif
