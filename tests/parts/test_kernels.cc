/* SPDX-License-Identifier: GPL-3.0-or-later
 * The kernels of "simd", of every vector width that this processor has, against sums in double. */
extern "C" {
#include "backends/simd/kernel.h"
#include "base/memory.h"
}
#include "signals.h"

#include <cmath>
#include <complex>
#include <cppunit/extensions/HelperMacros.h>
#include <memory>
#include <set>

using namespace oac_test;

namespace
{

using Complex = std::complex<double>;
using Floats = std::unique_ptr<float[], void (*)(void *)>;

/* n floats, aligned, zero. */
Floats floats(size_t n)
{
    return {static_cast<float *>(oac_alloc(n, sizeof(float))), oac_free};
}

/* A kernel with an open transform of n complex points. */
class Transform
{
public:
    Transform(const simd_kernel *kernel, size_t n, bool real)
        : d_kernel(kernel), d_fft(oac_simd_fft_open(n, real, kernel->width)), d_work(floats(2 * n))
    {
        CPPUNIT_ASSERT(d_fft);
    }
    ~Transform() { oac_simd_fft_close(d_fft); }
    Transform(const Transform &) = delete;
    Transform &operator=(const Transform &) = delete;

    const simd_kernel &kernel() const { return *d_kernel; }
    const simd_fft *fft() const { return d_fft; }
    float *work() { return d_work.get(); }
    size_t points() const { return d_fft->n; }
    size_t width() const { return d_fft->real ? 1 : 2; }               /* numbers per sample */
    size_t length() const { return d_fft->n * (d_fft->real ? 2 : 1); } /* N samples */
    std::string label() const
    {
        return say(d_kernel->name, d_fft->real ? " real" : " complex", ", n=", d_fft->n);
    }

    /* The spectrum of samples; the rest of the block is zero. */
    Floats forward(const Row &x)
    {
        const size_t whole = OAC_SIMD_MAX_WIDTH * width();
        const size_t n = (x.size() + whole - 1) / whole * whole;
        const Floats in = floats(n);
        std::copy(x.begin(), x.end(), in.get());
        simd_block block{};
        block.in = in.get();
        block.n_in = n / width();
        Floats spectrum = floats(2 * points());
        d_kernel->forward(d_fft, &block, spectrum.get());
        return spectrum;
    }

    /* Point number s of a spectrum: real and imaginary parts are in vectors of their own. */
    Complex point(const Floats &spectrum, size_t s) const
    {
        const size_t W = d_kernel->width, at = s / W * 2 * W + s % W;
        return {spectrum[at], spectrum[at + W]};
    }

private:
    const simd_kernel *d_kernel;
    const simd_fft *d_fft;
    Floats d_work;
};

double bound(const Transform &t, double size)
{
    return FLT_EPSILON * std::log2(static_cast<double>(t.points())) * size;
}

double norm(const Row &x)
{
    double sum = 0;
    for (double value : x)
        sum += value * value;
    return std::sqrt(sum);
}

/* x and y, one after the other in time, convolved; complex numbers are two. */
Row convolve(const Row &x, const Row &h, size_t width)
{
    Row y(x.size() + h.size() - width);
    for (size_t i = 0; i < x.size(); i += width)
        for (size_t k = 0; k < h.size(); k += width)
            if (width == 1) {
                y[i + k] += x[i] * h[k];
            } else {
                y[i + k] += x[i] * h[k] - x[i + 1] * h[k + 1];
                y[i + k + 1] += x[i] * h[k + 1] + x[i + 1] * h[k];
            }
    return y;
}

void expect_near(const Transform &t, size_t i, double expected, double actual, double bound)
{
    const double error = std::fabs(expected - actual);
    if (!(error <= bound))
        CPPUNIT_FAIL(say(t.label(), ": number ", i, " is off by ", error));
}

class kernels : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(kernels);
    CPPUNIT_TEST(fastest_comes_first);
    CPPUNIT_TEST(forward_is_the_fourier_transform);
    CPPUNIT_TEST(inverse_brings_the_samples_back);
    CPPUNIT_TEST(convolve_adds_what_is_owed);
    CPPUNIT_TEST(multiply_add_is_a_sum_of_products);
    CPPUNIT_TEST_SUITE_END();

    /* Every kernel, real and complex, with sizes of all radices. */
    template <typename Check>
    static void for_all(const std::vector<size_t> &sizes, const Check &check)
    {
        for (size_t i = 0; oac_simd_kernel_here(i); i++)
            for (const bool real : {false, true})
                for (const size_t n : sizes) {
                    Transform transform(oac_simd_kernel_here(i), n, real);
                    check(transform);
                }
    }
    static std::vector<size_t> sizes_up_to(size_t most)
    {
        std::vector<size_t> list;
        for (size_t n = 64; n <= most; n++)
            if (oac_simd_fft_exists(n))
                list.push_back(n);
        return list;
    }

    /* Whose powers point s of a spectrum adds up, as their number among the n; the transform of a
     * sample that comes second tells. */
    static size_t root_of(const Transform &t, Complex second)
    {
        const double theta = t.fft()->real ? -0.25 : 0, n = static_cast<double>(t.points());
        const double k = std::round(-std::arg(second) / (2 * M_PI) * n - theta);
        return static_cast<size_t>(k + n) % t.points();
    }

    /* The sum of z[j] root^j in double; a real block is folded, z[j] = x[j] + i x[j + n]. */
    static Complex at_root(const Transform &t, const Row &x, size_t k)
    {
        const size_t n = t.points(), turn = 4 * n; /* of 4 n steps */
        const size_t step = t.fft()->real ? 4 * k + turn - 1 : 4 * k;
        Complex sum;
        for (size_t j = 0; j < n; j++) {
            const Complex z =
                t.fft()->real ? Complex(x[j], x[j + n]) : Complex(x[2 * j], x[2 * j + 1]);
            const auto steps = static_cast<double>(j * step % turn);
            sum += z * std::polar(1.0, -2 * M_PI * steps / static_cast<double>(turn));
        }
        return sum;
    }

public:
    void fastest_comes_first()
    {
        CPPUNIT_ASSERT(oac_simd_kernel_here(0));
        for (size_t i = 1; oac_simd_kernel_here(i); i++)
            CPPUNIT_ASSERT(oac_simd_kernel_here(i)->width < oac_simd_kernel_here(i - 1)->width);
    }

    void forward_is_the_fourier_transform()
    {
        for_all(sizes_up_to(5 << 13), [](Transform &t) {
            const size_t n = t.points(), step = n <= 320 ? 1 : n / 11;
            const Row x = Random(1).row(OAC_SINGLE, t.length(), t.width());
            Row second(2 * t.width());
            second[t.width()] = 1;
            const Floats roots = t.forward(second), spectrum = t.forward(x);
            std::set<size_t> seen;
            for (size_t s = 0; s < n; s++)
                seen.insert(root_of(t, t.point(roots, s)));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(t.label() + ": different roots", n, seen.size());
            for (size_t s = 0; s < n; s += step) {
                const Complex expected = at_root(t, x, root_of(t, t.point(roots, s)));
                const double error = std::abs(t.point(spectrum, s) - expected);
                CPPUNIT_ASSERT_MESSAGE(say(t.label(), ", point ", s, " is off by ", error),
                                       error <= bound(t, norm(x)));
            }
        });
    }

    void inverse_brings_the_samples_back()
    {
        for_all(sizes_up_to(5 << 14), [](Transform &t) {
            const Row x = Random(2).row(OAC_SINGLE, t.length(), t.width());
            const Floats spectrum = t.forward(x), out = floats(x.size());
            simd_block block{};
            block.out = out.get();
            block.n_out = t.length();
            t.kernel().inverse(t.fft(), spectrum.get(), &block);
            const auto n = static_cast<double>(t.points());
            for (size_t i = 0; i < x.size(); i++)
                expect_near(t, i, x[i], out[i] / n, bound(t, 1));
        });
    }

    void convolve_adds_what_is_owed()
    {
        for_all(sizes_up_to(640), [](Transform &t) {
            Random random(3);
            const size_t n_tail = t.length() / 4, n = t.length() - n_tail, width = t.width();
            const Row x = random.row(OAC_SINGLE, n, width),
                      owed = random.row(OAC_SINGLE, n_tail, width);
            Row h = random.row(OAC_SINGLE, n_tail + 1, width), scaled = h;
            for (double &tap : scaled)
                tap /= static_cast<double>(t.points());
            const Floats spectrum = t.forward(scaled), in = floats(n * width);
            const Floats out = floats(n * width), before = floats(owed.size()),
                         after = floats(owed.size());
            std::copy(x.begin(), x.end(), in.get());
            std::copy(owed.begin(), owed.end(), before.get());
            const simd_block block{in.get(), n, out.get(), n, before.get(), after.get(), n_tail};
            t.kernel().convolve(t.fft(), &block, spectrum.get(), t.work());
            const Row y = convolve(x, h, width);
            for (size_t i = 0; i < y.size(); i++) {
                const double expected = y[i] + (i < owed.size() ? owed[i] : 0);
                const double actual = i < n * width ? out[i] : after[i - n * width];
                expect_near(t, i, expected, actual, bound(t, norm(x)));
            }
        });
    }

    void multiply_add_is_a_sum_of_products()
    {
        for_all({64, 320, 1024}, [](Transform &t) {
            Random random(4);
            constexpr size_t n_sums = 3, n_inputs = 5;
            const size_t n = t.points();
            std::vector<Row> rows(n_inputs + n_sums);
            std::vector<Floats> spectra;
            for (Row &row : rows) {
                row = random.row(OAC_SINGLE, n, 2);
                spectra.push_back(floats(2 * n));
                std::copy(row.begin(), row.end(), spectra.back().get());
            }
            const Floats filters = floats(n_inputs * 2 * n), results = floats(n_sums * 2 * n);
            for (size_t i = 0; i < n_inputs * 2 * n; i++)
                filters[i] = static_cast<float>(random.sample(OAC_SINGLE));
            const float *inputs[n_sums][n_inputs];
            simd_sum sums[n_sums];
            for (size_t i = 0; i < n_sums; i++) {
                for (size_t k = 0; k < n_inputs; k++)
                    inputs[i][k] = spectra[i + k].get();
                sums[i] = {inputs[i], n_inputs, results.get() + i * 2 * n};
            }
            t.kernel().multiply_add(n, sums, n_sums, filters.get());
            check_sums(t, spectra, filters, results, n_sums, n_inputs);
        });
    }

private:
    /* Sum i is that of spectra[i + k] times filter k. */
    static void check_sums(const Transform &t,
                           const std::vector<Floats> &spectra,
                           const Floats &filters,
                           const Floats &results,
                           size_t n_sums,
                           size_t n_inputs)
    {
        const size_t n = t.points(), W = t.kernel().width;
        for (size_t i = 0; i < n_sums; i++)
            for (size_t s = 0; s < n; s++) {
                const size_t at = s / W * 2 * W + s % W;
                const auto point = [at, W](const float *from) {
                    return Complex(from[at], from[at + W]);
                };
                Complex expected;
                for (size_t k = 0; k < n_inputs; k++)
                    expected += point(spectra[i + k].get()) * point(filters.get() + k * 2 * n);
                const double error = std::abs(expected - point(results.get() + i * 2 * n));
                CPPUNIT_ASSERT_MESSAGE(say(t.label(), ", sum ", i, ", point ", s),
                                       error <= 10 * FLT_EPSILON);
            }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(kernels);

} // namespace
