/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the library makes of the environment that it is run in, a line for everything: for tests of
 * variables that a process reads once. Ends with 0 if all filters that it made filter right. */
#include <oaconv/oaconv.h>

#include <cmath>
#include <cstdio>
#include <vector>

namespace
{

int n_planned;
void lock(void *)
{
    n_planned++;
}
void unlock(void *) {}

struct Request {
    oaconv_type type;
    size_t n_taps, hop;
};

/* Whether an impulse brings out the taps. */
bool filters_right(oaconv *filter, const std::vector<float> &taps, size_t width)
{
    oaconv_info info;
    oaconv_get_info(filter, &info);
    const size_t n = (taps.size() / info.hop + 1) * info.hop;
    std::vector<float> x(n * width), y(n * width);
    x[0] = 1;
    const void *in = x.data();
    void *out = y.data();
    bool right = oaconv_process(filter, &in, &out, n) == OAC_OK;
    for (size_t k = 0; k < taps.size() / width; k++)
        right = right && std::fabs(y[k * width] - taps[k * width]) < 1e-4f;
    return right;
}

/* Writes the plan, or why there is none; false where the filter is wrong. */
bool try_filter(const char *backend, const Request &request)
{
    const size_t width = request.type == OAC_REAL ? 1 : 2;
    std::vector<float> taps(request.n_taps * width);
    for (size_t i = 0; i < taps.size(); i++)
        taps[i] = 1.0f / static_cast<float>(i + 1);
    const oaconv_row row{taps.data(), request.n_taps};
    oaconv_config config;
    oaconv_config_init(&config);
    config.type = request.type;
    config.rows = &row;
    config.n_rows = 1;
    config.hop = request.hop;
    config.backend = backend;
    oaconv *filter = nullptr;
    const oaconv_status status = oaconv_create(&filter, &config);
    if (status != OAC_OK) {
        std::printf("refused %s: %d %s\n", backend, status, oaconv_last_error());
        return true;
    }
    oaconv_info info;
    oaconv_get_info(filter, &info);
    std::printf("plan %s: %s %zu %zu %zu %zu %.17g\n",
                backend,
                info.backend,
                info.n_fft,
                info.segment,
                info.hop,
                info.n_partitions,
                info.cost);
    const bool right = filters_right(filter, taps, width);
    oaconv_destroy(filter);
    return right;
}

} // namespace

int main()
{
    const Request requests[] = {
        {OAC_REAL, 100, 0}, {OAC_COMPLEX, 100, 0}, {OAC_REAL, 1000, 64}, {OAC_COMPLEX, 7, 100}};
    oaconv_set_planner_lock(lock, unlock, nullptr);
    bool right = true;
    for (size_t i = 0; i < oaconv_backend_count(); i++) {
        const char *reason = nullptr;
        const bool usable = oaconv_backend_usable(i, &reason);
        std::printf("%s %s: %s\n", usable ? "usable" : "unusable", oaconv_backend_name(i), reason);
    }
    for (const Request &request : requests)
        right = try_filter("simd", request) && right;
    std::printf("FFTW plans by then: %d\n", n_planned);
    right = try_filter("auto", requests[0]) && try_filter("auto", requests[1]) && right;
    return right ? 0 : 1;
}
