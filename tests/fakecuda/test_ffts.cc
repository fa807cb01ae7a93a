/* SPDX-License-Identifier: GPL-3.0-or-later
 * The double's cuFFT computes Fourier transforms, and notices plans that are used wrongly. */
#include "test_support.h"

#include <cmath>
#include <complex>
#include <random>

using namespace fakecuda_test;
using Complex = std::complex<float>;

class Ffts : public Device
{
    CPPUNIT_TEST_SUITE(Ffts);
    CPPUNIT_TEST(real_to_complex);
    CPPUNIT_TEST(complex_to_real);
    CPPUNIT_TEST(complex_to_complex);
    CPPUNIT_TEST(in_place);
    CPPUNIT_TEST(layouts);
    CPPUNIT_TEST(inputs_are_kept_or_not);
    CPPUNIT_TEST(work_areas);
    CPPUNIT_TEST(automatic_work_areas);
    CPPUNIT_TEST(streams_share_no_plan);
    CPPUNIT_TEST(streams_share_no_work_area);
    CPPUNIT_TEST(refused_plans);
    CPPUNIT_TEST(refused_executions);
    CPPUNIT_TEST_SUITE_END();

    std::mt19937 random{1};
    cudaStream_t stream;

    struct Plan {
        cufftHandle handle = 0;
        size_t work_size = 0;
    };

    /* With embeds where the strides are not 0; no work area yet. */
    Plan make(cufftType type, int n, int batch, int stride = 0, int in = 0, int out = 0)
    {
        Plan plan;
        int embed = n, *const embeds = stride ? &embed : nullptr;
        must(cufftCreate(&plan.handle));
        must(cufftSetAutoAllocation(plan.handle, 0));
        must(cufftMakePlanMany(plan.handle,
                               1,
                               &n,
                               embeds,
                               stride,
                               in,
                               embeds,
                               stride,
                               out,
                               type,
                               batch,
                               &plan.work_size));
        CPPUNIT_ASSERT(plan.work_size > 0);
        must(cufftSetStream(plan.handle, stream));
        return plan;
    }

    static float *work_area(const Plan &plan)
    {
        float *const area = device_floats(plan.work_size / sizeof(float));
        must(cufftSetWorkArea(plan.handle, area));
        return area;
    }

    Plan usable(cufftType type, int n, int batch, int stride = 0, int in = 0, int out = 0)
    {
        const Plan plan = make(type, n, batch, stride, in, out);
        work_area(plan);
        return plan;
    }

    std::vector<Complex> noise(size_t n)
    {
        std::normal_distribution<float> normal;
        std::vector<Complex> values(n);
        for (Complex &value : values)
            value = Complex(normal(random), normal(random));
        return values;
    }

    template <class T>
    static T *uploaded(const std::vector<T> &values)
    {
        void *const device = device_floats(values.size() * sizeof(T) / sizeof(float));
        upload(device, values.data(), values.size() * sizeof(T));
        return static_cast<T *>(device);
    }

    static std::vector<Complex> fetched(const void *device, size_t n)
    {
        std::vector<Complex> values(n);
        download(values.data(), device, n * sizeof(Complex));
        return values;
    }

    /* One output of a transform of n values that lie `stride` apart. */
    static Complex dft(const Complex *x, size_t n, size_t stride, size_t k, int sign)
    {
        std::complex<double> sum;
        for (size_t t = 0; t < n; t++)
            sum += std::complex<double>(x[t * stride]) *
                   std::polar(1.0, sign * 2 * M_PI * double(k * t % n) / double(n));
        return Complex(sum);
    }

    static void assert_close(Complex expected, Complex actual)
    {
        CPPUNIT_ASSERT_DOUBLES_EQUAL(
            0.0, std::abs(expected - actual), 2e-5 + 2e-6 * std::abs(expected));
    }

    static cufftComplex *samples(void *data) { return static_cast<cufftComplex *>(data); }
    static cufftReal *reals(void *data) { return static_cast<cufftReal *>(data); }

    void finish() { must(cudaStreamSynchronize(stream)); }

public:
    void setUp() override
    {
        Device::setUp();
        stream = new_stream();
    }

    void real_to_complex()
    {
        for (const size_t n : {1, 2, 7, 48}) {
            const size_t batch = 3, bins = n / 2 + 1;
            std::vector<Complex> x = noise(n * batch);
            std::vector<float> real;
            for (Complex &value : x) {
                value.imag(0);
                real.push_back(value.real());
            }
            float *const in = uploaded(real), *const out = device_floats(2 * bins * batch);
            const Plan plan = usable(CUFFT_R2C, int(n), int(batch));
            must(cufftExecR2C(plan.handle, in, samples(out)));
            finish();
            const std::vector<Complex> X = fetched(out, bins * batch);
            for (size_t i = 0; i < X.size(); i++)
                assert_close(dft(&x[i / bins * n], n, 1, i % bins, -1), X[i]);
            CPPUNIT_ASSERT(real == downloaded(in, n * batch));
        }
    }

    void complex_to_real()
    {
        for (const size_t n : {1, 6, 9, 64}) {
            const size_t batch = 2, bins = n / 2 + 1;
            std::vector<Complex> half = noise(bins * batch), full(n * batch);
            for (size_t i = 0; i < full.size(); i++) {
                const size_t b = i / n, k = i % n;
                if (k == 0 || 2 * k == n)
                    half[b * bins + k].imag(0);
                full[i] = k < bins ? half[b * bins + k] : std::conj(half[b * bins + n - k]);
            }
            Complex *const in = uploaded(half);
            float *const out = device_floats(n * batch);
            const Plan plan = usable(CUFFT_C2R, int(n), int(batch));
            must(cufftExecC2R(plan.handle, samples(in), out));
            finish();
            const std::vector<float> x = downloaded(out, n * batch);
            for (size_t i = 0; i < x.size(); i++)
                assert_close(dft(&full[i / n * n], n, 1, i % n, 1), x[i]);
            for (const Complex &value : fetched(in, bins * batch))
                CPPUNIT_ASSERT(std::isnan(value.real()) && std::isnan(value.imag()));
        }
    }

    void complex_to_complex()
    {
        const size_t n = 30, batch = 4;
        const std::vector<Complex> x = noise(n * batch);
        for (const int direction : {CUFFT_FORWARD, CUFFT_INVERSE}) {
            Complex *const in = uploaded(x);
            float *const out = device_floats(2 * n * batch);
            const Plan plan = usable(CUFFT_C2C, int(n), int(batch));
            must(cufftExecC2C(plan.handle, samples(in), samples(out), direction));
            finish();
            const std::vector<Complex> X = fetched(out, n * batch);
            for (size_t i = 0; i < X.size(); i++)
                assert_close(dft(&x[i / n * n], n, 1, i % n, direction), X[i]);
            CPPUNIT_ASSERT(x == fetched(in, n * batch));
        }
    }

    void in_place()
    {
        const size_t n = 16, batch = 2;
        const std::vector<Complex> x = noise(n * batch);
        Complex *const data = uploaded(x);
        const Plan plan = usable(CUFFT_C2C, int(n), int(batch));
        must(cufftExecC2C(plan.handle, samples(data), samples(data), CUFFT_FORWARD));
        finish();
        const std::vector<Complex> X = fetched(data, n * batch);
        for (size_t i = 0; i < X.size(); i++)
            assert_close(dft(&x[i / n * n], n, 1, i % n, -1), X[i]);
        const Plan real = usable(CUFFT_R2C, int(n), int(batch));
        cufftExecR2C(real.handle, reals(data), samples(data));
        expect_violation("cufftExecR2C: input and output overlap");
    }

    void layouts()
    {
        const size_t n = 12, batch = 3, stride = 2, distance = 25;
        const std::vector<Complex> x = noise(distance * batch);
        Complex *const in = uploaded(x), *const out = uploaded(x);
        const Plan plan =
            usable(CUFFT_C2C, int(n), int(batch), int(stride), int(distance), int(distance));
        must(cufftExecC2C(plan.handle, samples(in), samples(out), CUFFT_FORWARD));
        finish();
        const std::vector<Complex> X = fetched(out, distance * batch);
        for (size_t i = 0; i < X.size(); i++) {
            const size_t k = i % distance;
            if (k % stride == 0 && k / stride < n)
                assert_close(dft(&x[i - k], n, stride, k / stride, -1), X[i]);
            else
                CPPUNIT_ASSERT_EQUAL(x[i], X[i]);
        }
    }

    void inputs_are_kept_or_not()
    {
        const size_t n = 8;
        float *const in = uploaded(std::vector<float>(n)), *const out = device_floats(n + 2);
        const Plan plan = usable(CUFFT_R2C, int(n), 1);
        must(cufftExecR2C(plan.handle, in, samples(out)));
        finish();
        CPPUNIT_ASSERT_EQUAL(0.0f, downloaded(in, n)[n - 1]);
        fakecuda_r2c_clobbers(1);
        must(cufftExecR2C(plan.handle, in, samples(out)));
        finish();
        CPPUNIT_ASSERT(std::isnan(downloaded(in, n)[n - 1]));
        CPPUNIT_ASSERT_EQUAL(0.0f, downloaded(out, n)[n - 1]);
    }

    void work_areas()
    {
        float *const data = device_floats(64);
        const Plan plan = make(CUFFT_C2C, 8, 4);
        const auto execute = [&] {
            cufftExecC2C(plan.handle, samples(data), samples(data), CUFFT_FORWARD);
        };
        execute();
        expect_violation("no work area");
        cufftSetWorkArea(plan.handle, device_floats(plan.work_size / sizeof(float) - 1));
        expect_violation("not a live buffer of the size that the plan asks for");
        cufftSetWorkArea(plan.handle, data);
        execute();
        expect_violation("the work area overlaps the data");
        float *const area = work_area(plan);
        must(cudaMemsetAsync(area, 0, plan.work_size, stream));
        execute();
        finish();
        CPPUNIT_ASSERT(std::isnan(downloaded(area, 1)[0]));
        expect_none();
        must(cudaFree(area));
        execute();
        expect_violation("no work area, or one that is freed or too small");
    }

    void automatic_work_areas()
    {
        int n = 8;
        size_t size = 0;
        cufftHandle plan = 0, second = 0;
        float *const data = device_floats(16);
        fakecuda_limit(200);
        must(cufftCreate(&plan));
        must(cufftMakePlanMany(plan, 1, &n, nullptr, 1, 0, nullptr, 1, 0, CUFFT_C2C, 1, &size));
        must(cufftExecC2C(plan, samples(data), samples(data), CUFFT_INVERSE));
        must(cufftCreate(&second));
        CPPUNIT_ASSERT_EQUAL(
            int(CUFFT_ALLOC_FAILED),
            int(cufftMakePlanMany(
                second, 1, &n, nullptr, 1, 0, nullptr, 1, 0, CUFFT_C2C, 2, &size)));
        must(cufftDestroy(plan));
        must(cufftMakePlanMany(second, 1, &n, nullptr, 1, 0, nullptr, 1, 0, CUFFT_C2C, 2, &size));
        cufftSetWorkArea(second, data);
        expect_violation("cufftSetWorkArea: the plan allocates its own");
    }

    void streams_share_no_plan()
    {
        const cudaStream_t other = new_stream();
        float *const data = device_floats(16), *const more = device_floats(16);
        const Plan plan = make(CUFFT_C2C, 8, 1);
        work_area(plan);
        must(cufftExecC2C(plan.handle, samples(data), samples(data), CUFFT_FORWARD));
        must(cufftSetStream(plan.handle, other));
        work_area(plan);
        must(cufftExecC2C(plan.handle, samples(more), samples(more), CUFFT_FORWARD));
        expect_violation("cufftExecC2C: used by another stream, with no order between the two");
        must(cudaStreamSynchronize(other));
        must(cufftSetStream(plan.handle, stream));
        must(cufftExecC2C(plan.handle, samples(data), samples(data), CUFFT_FORWARD));
        expect_none();
    }

    void streams_share_no_work_area()
    {
        const cudaStream_t other = new_stream();
        float *const data = device_floats(16), *const more = device_floats(16);
        const Plan one = make(CUFFT_C2C, 8, 1), two = make(CUFFT_C2C, 8, 1);
        must(cufftSetWorkArea(two.handle, work_area(one)));
        must(cufftExecC2C(one.handle, samples(data), samples(data), CUFFT_FORWARD));
        must(cufftExecC2C(two.handle, samples(data), samples(data), CUFFT_FORWARD));
        expect_none();
        must(cufftSetStream(two.handle, other));
        finish();
        must(cufftExecC2C(one.handle, samples(data), samples(data), CUFFT_FORWARD));
        must(cufftExecC2C(two.handle, samples(more), samples(more), CUFFT_FORWARD));
        expect_violation("cufftExecC2C: used by another stream");
    }

    void refused_plans()
    {
        cufftHandle plan = 0;
        size_t size = 0;
        int n = 8, none = 0;
        must(cufftCreate(&plan));
        const auto make_one =
            [&](int rank, int *length, int *embed, cufftType type, size_t *where) {
                return cufftMakePlanMany(
                    plan, rank, length, embed, 1, 8, nullptr, 1, 8, type, 1, where);
            };
        make_one(2, &n, nullptr, CUFFT_C2C, &size);
        expect_violation("one dimension only");
        make_one(1, &n, nullptr, cufftType(0x2b), &size);
        expect_violation("a type that the double does not know");
        make_one(1, &n, &n, CUFFT_C2C, &size);
        expect_violation("one embed without the other");
        make_one(1, &n, nullptr, CUFFT_C2C, nullptr);
        expect_violation("no place for the size");
        CPPUNIT_ASSERT_EQUAL(int(CUFFT_INVALID_SIZE),
                             int(make_one(1, &none, nullptr, CUFFT_C2C, &size)));
        must(make_one(1, &n, nullptr, CUFFT_C2C, &size));
        make_one(1, &n, nullptr, CUFFT_C2C, &size);
        expect_violation("the plan is made already");
        cufftSetAutoAllocation(plan, 0);
        expect_violation("the plan is made already");
        must(cufftDestroy(plan));
        cufftDestroy(plan);
        expect_violation("cufftDestroy: not a live plan");
    }

    void refused_executions()
    {
        float *const a = device_floats(34), *const b = device_floats(34);
        const Plan plan = usable(CUFFT_C2C, 8, 2);
        const auto execute = [&](float *from, float *to, int direction = CUFFT_FORWARD) {
            cufftExecC2C(plan.handle, samples(from), samples(to), direction);
        };
        execute(a, b + 4);
        expect_violation("cufftExecC2C: beyond the end of a buffer");
        execute(a + 1, b);
        expect_violation("not aligned to complex samples");
        execute(a, a + 2);
        expect_violation("input and output overlap");
        execute(a, pinned_floats(34));
        expect_violation("not device memory");
        execute(a, b, 0);
        expect_violation("unknown direction");
        cufftExecR2C(plan.handle, a, samples(b));
        expect_violation("cufftExecR2C: not a plan of this type");
        must(cudaStreamDestroy(stream));
        execute(a, b);
        expect_violation("not a live stream");
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(Ffts);
