/* SPDX-License-Identifier: GPL-3.0-or-later
 * Our engine, through its public C API. */
#include "implementation.h"

#include <algorithm>

namespace oac_bench
{

namespace
{

constexpr std::size_t least_fft = 256, most_fft = 1 << 18, n_ffts = 5;

class engine : public filter
{
public:
    engine(const std::string &backend,
           const setting &chosen,
           const tap_rows &taps,
           std::size_t hop);

    std::size_t n_samples() const override { return d_n; }
    void run(const signals &data) override;
    void describe(json_object &result) const override;

private:
    std::unique_ptr<oaconv, void (*)(oaconv *)> d_filter{nullptr, oaconv_destroy};
    std::size_t d_n;
};

oaconv_info info_of(const oaconv *filter)
{
    oaconv_info info;
    oaconv_get_info(filter, &info);
    return info;
}

void must(oaconv_status status)
{
    if (status == OAC_ERR_BACKEND)
        throw skipped(oaconv_last_error());
    if (status != OAC_OK)
        throw std::runtime_error(oaconv_last_error());
}

engine::engine(const std::string &backend,
               const setting &chosen,
               const tap_rows &taps,
               std::size_t hop)
{
    std::vector<oaconv_row> rows;
    for (const std::vector<float> &row : taps)
        rows.push_back({row.data(), chosen.n_taps});
    oaconv_config config;
    oaconv_config_init(&config);
    config.type = chosen.type;
    config.rows = rows.data();
    config.n_rows = rows.size();
    config.backend = backend.c_str();
    config.hop = hop;
    config.threads = 1;
    oaconv *made = nullptr;
    must(oaconv_create(&made, &config));
    d_filter.reset(made);
    d_n = whole_hops(chosen, info_of(made).hop);
}

void engine::run(const signals &data)
{
    must(oaconv_process(d_filter.get(), data.inputs(), data.outputs(), d_n));
}

void engine::describe(json_object &result) const
{
    const oaconv_info info = info_of(d_filter.get());
    result.add("n_fft", info.n_fft).add("segment", info.segment).add("hop", info.hop);
    result.add("reason", info.reason);
}

/* Hops of segments that nearly fill FFTs of 2 P to 32 P points; of a real signal, one segment or
 * two. */
factory::sizes free_hops(const setting &chosen)
{
    if (chosen.hop)
        throw skipped("the hop is given");
    const std::size_t first = power_of_two(std::max(2 * chosen.n_taps, least_fft));
    factory::sizes hops;
    for (const std::size_t n_fft : doublings(first, most_fft, n_ffts)) {
        const std::size_t segment = (n_fft - chosen.n_taps + 1) / 16 * 16;
        hops.push_back(segment);
        if (chosen.type == OAC_REAL)
            hops.push_back(2 * segment);
    }
    return hops;
}

factory
with_hops(const std::string &name, const std::string &backend, decltype(factory::list_sizes) hops)
{
    return {name, hops, [backend](const setting &chosen, const tap_rows &taps, std::size_t hop) {
                return std::make_unique<engine>(backend, chosen, taps, hop);
            }};
}

} // namespace

factory ours(const std::string &backend)
{
    return with_hops(
        backend, backend, [](const setting &chosen) { return factory::sizes{chosen.hop}; });
}

factory ours_free_hop(const std::string &backend)
{
    return with_hops(backend + " free hop", backend, free_hops);
}

} // namespace oac_bench
