/* SPDX-License-Identifier: GPL-3.0-or-later
 * Who is measured: ours, peers, and what bounds them. */
#ifndef OAC_BENCH_IMPLEMENTATION_H
#define OAC_BENCH_IMPLEMENTATION_H

#include "json.h"
#include "signals.h"

#include <functional>
#include <memory>
#include <stdexcept>

namespace oac_bench
{

/* M filters, or something that takes as long as M filters at least. */
class implementation
{
public:
    virtual ~implementation() = default;

    /* Samples per channel of one run(). */
    virtual std::size_t n_samples() const = 0;

    /* Takes the next n_samples() of every channel, which are the same ones every time. */
    virtual void run(const signals &data) = 0;

    /* Throws std::runtime_error when the output of the latest of several runs is wrong; else
     * returns the largest error as a fraction of the bound. */
    virtual double check(const signals &data, const tap_rows &taps) const = 0;

    /* Adds the sizes it works with. */
    virtual void describe(json_object &result) const = 0;
};

/* An implementation whose output is that of the taps. */
class filter : public implementation
{
public:
    double check(const signals &data, const tap_rows &taps) const override;
};

/* Why an implementation does not take part in a setting. */
struct skipped : std::runtime_error {
    using runtime_error::runtime_error;
};

/* How to make an implementation. Both functions may throw skipped. */
struct factory {
    using sizes = std::vector<std::size_t>;
    std::string name;

    /* Sizes to choose from, the meaning of which is the factory's own. */
    std::function<sizes(const setting &)> list_sizes;

    std::function<std::unique_ptr<implementation>(
        const setting &, const tap_rows &, std::size_t size)>
        make;
};

/* Our engine with a backend of that name; it plans the hop itself where none is given. */
factory ours(const std::string &backend);
/* The same with the fastest of some longer hops. */
factory ours_free_hop(const std::string &backend);
factory gnuradio_kernel();
factory fftw_alone();
factory fftw_alone_r2c(); /* real signals only */
factory liquid();
factory zita();
factory copy();

/* Stands for a peer that was not there when the benchmark was built. */
factory absent(const std::string &name, const std::string &reason);

} // namespace oac_bench

#endif
