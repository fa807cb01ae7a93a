/* SPDX-License-Identifier: GPL-3.0-or-later
 * zita-convolver: partitioned taps, real signals. */
#include "implementation.h"

#include <zita-convolver.h>

#include <algorithm>
#include <cstring>

namespace oac_bench
{

namespace
{

constexpr std::size_t n_partitions = 4;

/* M convolutions of one Convproc. Quantum and partitions are as long as each other, so that all is
 * computed in the calling thread. The samples are copied to and from its own buffers, as every
 * program that uses it must. */
class convolver : public filter
{
public:
    convolver(const setting &chosen, tap_rows taps, std::size_t partition);

    std::size_t n_samples() const override { return d_n; }
    void run(const signals &data) override;
    void describe(json_object &result) const override
    {
        result.add("n_fft", 2 * d_partition).add("hop", d_partition);
    }

private:
    Convproc d_proc;
    std::size_t d_partition, d_n;
};

void must(int error, const char *what)
{
    if (error)
        throw skipped(std::string(what) + " answers " + std::to_string(error));
}

convolver::convolver(const setting &chosen, tap_rows taps, std::size_t partition)
    : d_partition(partition), d_n(whole_hops(chosen, partition))
{
    const auto n_channels = unsigned(chosen.n_channels), size = unsigned(partition);
    d_proc.set_options(Convproc::OPT_FFTW_MEASURE | Convproc::OPT_VECTOR_MODE);
    must(d_proc.configure(
             n_channels, n_channels, unsigned(chosen.n_taps), size, size, size, /*density=*/0),
         "configure()");
    for (unsigned m = 0; m < n_channels; m++)
        must(d_proc.impdata_create(m, m, 1, taps[m].data(), 0, int(chosen.n_taps)),
             "impdata_create()");
    must(d_proc.start_process(0, SCHED_OTHER), "start_process()");
}

void convolver::run(const signals &data)
{
    for (std::size_t t = 0; t < d_n; t += d_partition) {
        for (std::size_t m = 0; m < data.n_channels(); m++)
            std::memcpy(d_proc.inpdata(unsigned(m)), data.in(m) + t, d_partition * sizeof(float));
        d_proc.process(true);
        for (std::size_t m = 0; m < data.n_channels(); m++)
            std::memcpy(data.out(m) + t, d_proc.outdata(unsigned(m)), d_partition * sizeof(float));
    }
}

factory::sizes list_partitions(const setting &chosen)
{
    if (chosen.type != OAC_REAL)
        throw skipped("real signals only");
    if (chosen.n_channels > Convproc::MAXINP)
        throw skipped("has " + std::to_string(Convproc::MAXINP) + " inputs at most");
    if (chosen.hop)
        return {chosen.hop};
    const std::size_t most = Convproc::MAXPART, least = Convproc::MINPART;
    const std::size_t first = std::clamp(power_of_two(chosen.n_taps) / 4, least, most);
    return doublings(first, most, n_partitions);
}

} // namespace

factory zita()
{
    return {"zita", list_partitions, [](const auto &chosen, const auto &taps, std::size_t size) {
                return std::make_unique<convolver>(chosen, taps, size);
            }};
}

} // namespace oac_bench
