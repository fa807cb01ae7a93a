/* SPDX-License-Identifier: GPL-3.0-or-later
 * A user of liboaconv in C++17: whole rows of complex samples, an impulse gives back the taps. */
#include <complex>
#include <cstdio>
#include <oaconv/oaconv.h>
#include <vector>

int main()
{
    using row = std::vector<std::complex<float>>;
    const std::vector<row> taps = {{{1, 2}, {-3, 4}}, {{0, 1}, {5, 0}}};
    const row impulse = {{1, 0}, {0, 0}, {0, 0}};

    std::vector<oaconv_row> rows;
    std::vector<row> out(taps.size(), row(impulse.size() + taps[0].size() - 1));
    std::vector<const void *> in_pointers;
    std::vector<void *> out_pointers;
    for (std::size_t m = 0; m < taps.size(); m++) {
        rows.push_back({reinterpret_cast<const float *>(taps[m].data()), taps[m].size()});
        in_pointers.push_back(impulse.data());
        out_pointers.push_back(out[m].data());
    }

    oaconv_config config;
    oaconv_config_init(&config);
    config.type = OAC_COMPLEX;
    config.rows = rows.data();
    config.n_rows = rows.size();
    if (oaconv_convolve(&config, in_pointers.data(), out_pointers.data(), impulse.size()) !=
        OAC_OK) {
        std::fprintf(stderr, "%s\n", oaconv_last_error());
        return 1;
    }

    int wrong = 0;
    for (std::size_t m = 0; m < taps.size(); m++) {
        for (std::size_t t = 0; t < out[m].size(); t++) {
            const auto expected = t < taps[m].size() ? taps[m][t] : std::complex<float>(0);
            wrong += !(std::abs(out[m][t] - expected) < 1e-5F);
        }
    }
    std::printf("oaconv %s: %d samples are wrong\n", oaconv_version(), wrong);
    return wrong != 0;
}
