/* SPDX-License-Identifier: GPL-3.0-or-later
 * Batches of transforms by FFTW: where their samples lie, and plans that are made once. */
#include "fft_layout.h"

#include <cstring>
#include <fftw3.h>
#include <map>

namespace fakecuda
{

size_t Side::size(int batch) const
{
    return (size_t(batch - 1) * size_t(distance) + size_t(n - 1) * size_t(stride) + 1) * element;
}

Batch packed_batch(cufftType type, int n, int batch)
{
    const int n_in = type == CUFFT_C2R ? n / 2 + 1 : n;
    const int n_out = type == CUFFT_R2C ? n / 2 + 1 : n;
    const size_t in_element = type == CUFFT_R2C ? sizeof(cufftReal) : sizeof(cufftComplex);
    const size_t out_element = type == CUFFT_C2R ? sizeof(cufftReal) : sizeof(cufftComplex);
    return {type, n, batch, {n_in, 1, n_in, in_element}, {n_out, 1, n_out, out_element}};
}

static fftwf_plan make_plan(const Batch &b, int direction, void *in, void *out)
{
    const unsigned flags = FFTW_ESTIMATE | FFTW_UNALIGNED; /* neither reads nor writes the arrays */
    float *const real_in = static_cast<float *>(in), *const real_out = static_cast<float *>(out);
    auto *const complex_in = static_cast<fftwf_complex *>(in);
    auto *const complex_out = static_cast<fftwf_complex *>(out);
    const int *const n = &b.n;
    switch (b.type) {
    case CUFFT_R2C:
        return fftwf_plan_many_dft_r2c(1,
                                       n,
                                       b.batch,
                                       real_in,
                                       nullptr,
                                       b.in.stride,
                                       b.in.distance,
                                       complex_out,
                                       nullptr,
                                       b.out.stride,
                                       b.out.distance,
                                       flags | FFTW_PRESERVE_INPUT);
    case CUFFT_C2R:
        return fftwf_plan_many_dft_c2r(1,
                                       n,
                                       b.batch,
                                       complex_in,
                                       nullptr,
                                       b.in.stride,
                                       b.in.distance,
                                       real_out,
                                       nullptr,
                                       b.out.stride,
                                       b.out.distance,
                                       flags);
    default:
        return fftwf_plan_many_dft(1,
                                   n,
                                   b.batch,
                                   complex_in,
                                   nullptr,
                                   b.in.stride,
                                   b.in.distance,
                                   complex_out,
                                   nullptr,
                                   b.out.stride,
                                   b.out.distance,
                                   direction == CUFFT_FORWARD ? FFTW_FORWARD : FFTW_BACKWARD,
                                   flags);
    }
}

/* While there is one thread: others may plan with FFTW when the first plan is made here. FFTW makes
 * its planner, and adds solvers to it, behind no lock; with this there is neither left to do. */
[[maybe_unused]] static const bool thread_safe =
    (fftwf_make_planner_thread_safe(), fftwf_init_threads() != 0);

/* A plan for these or any other arrays; kept for ever. */
static fftwf_plan plan_for(const Batch &b, int direction, void *in, void *out)
{
    const auto key = std::make_tuple(int(b.type),
                                     b.n,
                                     b.batch,
                                     b.in.stride,
                                     b.in.distance,
                                     b.out.stride,
                                     b.out.distance,
                                     direction,
                                     in == out);
    static auto &plans = *new std::map<std::decay_t<decltype(key)>, fftwf_plan>;
    fftwf_plan &plan = plans[key];
    if (!plan)
        plan = make_plan(b, direction, in, out);
    return plan;
}

void run_batch(const Batch &b, int direction, void *in, void *out)
{
    const fftwf_plan plan = plan_for(b, direction, in, out);
    if (b.type == CUFFT_R2C)
        fftwf_execute_dft_r2c(plan, static_cast<float *>(in), static_cast<fftwf_complex *>(out));
    else if (b.type == CUFFT_C2R)
        fftwf_execute_dft_c2r(plan, static_cast<fftwf_complex *>(in), static_cast<float *>(out));
    else
        fftwf_execute_dft(
            plan, static_cast<fftwf_complex *>(in), static_cast<fftwf_complex *>(out));
}

void poison(const Side &side, int batch, void *data)
{
    for (int b = 0; b < batch; b++)
        for (int k = 0; k < side.n; k++) {
            const size_t index =
                size_t(b) * size_t(side.distance) + size_t(k) * size_t(side.stride);
            std::memset(static_cast<char *>(data) + index * side.element, 0xFF, side.element);
        }
}

} // namespace fakecuda
