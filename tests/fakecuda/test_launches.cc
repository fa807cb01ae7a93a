/* SPDX-License-Identifier: GPL-3.0-or-later
 * The double runs kernels as launched, as C++ and as the PTX that nvcc made of them. */
#include "process.h"
#include "test_support.h"

#include <cmath>
#include <csignal>
#include <random>

using namespace fakecuda_test;

class Launches : public Device
{
    CPPUNIT_TEST_SUITE(Launches);
    CPPUNIT_TEST(arguments_are_those_at_the_launch);
    CPPUNIT_TEST(limits);
    CPPUNIT_TEST(unknown_kernels);
    CPPUNIT_TEST(pointers);
    CPPUNIT_TEST(written_ptx);
    CPPUNIT_TEST(memory_of_ptx);
    CPPUNIT_TEST(unknown_ptx_aborts);
#ifdef FAKECUDA_TEST_PTX
    CPPUNIT_TEST(compiled_ptx_computes_the_same);
    CPPUNIT_TEST(compiled_ptx_stays_in_its_buffers);
#endif
    CPPUNIT_TEST_SUITE_END();

    cudaStream_t stream;
    const oac_test::Folder folder;

    /* test_scale as PTX, with another body. */
    std::string write_scale(const std::string &body) const
    {
        const std::string path = folder.path() / "scale.ptx";
        oac_test::write_file(path,
                             ".version 9.0\n.target sm_75\n.address_size 64\n\n"
                             ".visible .entry test_scale(\n"
                             "\t.param .u64 test_scale_param_0,\n"
                             "\t.param .u64 test_scale_param_1,\n"
                             "\t.param .f32 test_scale_param_2,\n"
                             "\t.param .u32 test_scale_param_3\n"
                             ")\n{\n"
                             "\tld.param.u64 \t%out, [test_scale_param_0];\n"
                             "\tld.param.u64 \t%in, [test_scale_param_1];\n" +
                                 body + "\tret;\n}\n");
        return path;
    }

    /* What this body makes of a buffer of four ones. */
    std::vector<float> run_ptx(const std::string &body)
    {
        const std::vector<float> ones(4, 1);
        float *const out = device_floats(4), *const in = device_floats(4);
        upload(out, ones.data(), 16);
        upload(in, ones.data(), 16);
        fakecuda_use_ptx(write_scale(body).c_str());
        must(cudaError_t(launch_scale(out, in, 2, 4, dim3(1), stream)));
        must(cudaStreamSynchronize(stream));
        return downloaded(out, 4);
    }

    bool ptx_aborts(const std::string &body)
    {
        const std::string path = write_scale(body);
        return ends_by(SIGABRT, [&] { fakecuda_use_ptx(path.c_str()); });
    }

    std::vector<float> noise(size_t n)
    {
        std::mt19937 random(1);
        std::normal_distribution<float> normal;
        std::vector<float> values(n);
        for (float &value : values)
            value = normal(random);
        return values;
    }

    std::vector<float> product()
    {
        const unsigned rows = 2, bins = 37, batch = 5;
        const size_t n = 2 * rows * bins * batch, n_taps = 2 * rows * bins;
        float *const X = device_floats(n), *const H = device_floats(n_taps);
        upload(X, noise(n).data(), n * sizeof(float));
        upload(H, noise(n_taps).data(), n_taps * sizeof(float));
        must(cudaError_t(launch_multiply(reinterpret_cast<float2 *>(X),
                                         reinterpret_cast<float2 *>(H),
                                         rows,
                                         bins,
                                         batch,
                                         stream)));
        must(cudaStreamSynchronize(stream));
        return downloaded(X, n);
    }

    std::vector<unsigned long long> integers()
    {
        const int n = 300;
        std::mt19937_64 random(2);
        std::vector<unsigned long long> in(2 * n), out(12 * n);
        for (unsigned long long &value : in)
            value = random() >> random() % 64;
        const auto device_in = reinterpret_cast<unsigned long long *>(device_floats(4 * n));
        const auto device_out = reinterpret_cast<unsigned long long *>(device_floats(24 * n));
        upload(device_in, in.data(), in.size() * 8);
        must(cudaError_t(launch_integers(device_out, device_in, 11, n, stream)));
        must(cudaStreamSynchronize(stream));
        download(out.data(), device_out, out.size() * 8);
        return out;
    }

public:
    void setUp() override
    {
        Device::setUp();
        stream = new_stream();
    }

    void arguments_are_those_at_the_launch()
    {
        const std::vector<float> x = noise(50);
        float *const in = device_floats(50), *const out = device_floats(50);
        upload(in, x.data(), 200);
        must(cudaError_t(launch_scale(out, in, 3, 50, dim3(2), stream)));
        must(cudaError_t(launch_scale(in, out, 5, 0, dim3(2), stream)));
        must(cudaStreamSynchronize(stream));
        const std::vector<float> y = downloaded(out, 50);
        for (size_t i = 0; i < y.size(); i++)
            CPPUNIT_ASSERT_EQUAL(3 * x[i], y[i]);
    }

    void limits()
    {
        float *const data = device_floats(1), *const from = device_floats(1);
        const auto launch = [&](const dim3 &grid) {
            return cudaError_t(launch_scale(data, from, 1, 0, grid, stream));
        };
        must(launch(dim3(1, 65535, 1)));
        for (const dim3 &grid : {dim3(0, 1, 1),
                                 dim3(1, 0, 1),
                                 dim3(1, 65536, 1),
                                 dim3(1, 1, 65536),
                                 dim3(1u << 31, 1, 1)})
            must_be(cudaErrorInvalidConfiguration, launch(grid));
    }

    void unknown_kernels()
    {
        must_be(cudaErrorInvalidDeviceFunction,
                cudaLaunchKernel(&stream, dim3(1), dim3(1), nullptr, 0, stream));
    }

    void pointers()
    {
        float *const device = device_floats(4);
        launch_scale(pinned_floats(4), device, 1, 4, dim3(1), stream);
        expect_violation("test_scale: an argument is not the address of device memory");
        launch_scale(device, nullptr, 1, 4, dim3(1), stream);
        expect_violation("test_scale: an argument is not the address of device memory");
        float *const other = device_floats(4);
        const cudaStream_t second = new_stream();
        must(cudaMemsetAsync(other, 0, 16, second));
        launch_scale(device, other, 1, 4, dim3(1), stream);
        expect_violation("test_scale: used by another stream");
    }

    void written_ptx()
    {
        const std::vector<float> expected = {3, 1, 1, 1};
        CPPUNIT_ASSERT(expected == run_ptx("\tmov.u32 %r1, %tid.x;\n"
                                           "\tsetp.ne.s32 %p1, %r1, 0;\n"
                                           "\t@%p1 bra $END;\n"
                                           "\tld.global.f32 %f1, [%in+12];\n"
                                           "\tadd.f32 %f2, %f1, 0f40000000;\n"
                                           "\tst.global.f32 [%out], %f2;\n"
                                           "$END:\n"));
    }

    void memory_of_ptx()
    {
        const std::vector<float> ones(4, 1);
        CPPUNIT_ASSERT(ones == run_ptx("\tst.global.f32 [%out+16], 0f00000000;\n"));
        CPPUNIT_ASSERT_EQUAL(32l, fakecuda_violations());
        expect_violation("test_scale: PTX accesses memory outside its buffers");
        run_ptx("\tst.global.f32 [%out+-4], 0f00000000;\n");
        expect_violation("test_scale: PTX accesses memory outside its buffers");
        CPPUNIT_ASSERT(std::isnan(run_ptx("\tld.global.nc.v2.f32 {%f1, %f2}, [%in+12];\n"
                                          "\tst.global.f32 [%out], %f1;\n")[0]));
        expect_violation("test_scale: PTX accesses memory outside its buffers");
        run_ptx("\tld.global.v2.f32 {%f1, %f2}, [%in+4];\n");
        expect_violation("test_scale: PTX accesses memory that is not aligned");
        run_ptx("\tst.global.f32 [%in], 0f00000000;\n");
        expect_violation("test_scale: PTX writes to a buffer that is const");
    }

    void unknown_ptx_aborts()
    {
        CPPUNIT_ASSERT(!ptx_aborts("\tmov.u32 %r1, 1;\n"));
        CPPUNIT_ASSERT(ptx_aborts("\tsin.approx.f32 %f1, %f2;\n"));
        CPPUNIT_ASSERT(ptx_aborts("\tadd.rz.f32 %f1, %f2, %f3;\n"));
        CPPUNIT_ASSERT(ptx_aborts("\tbar.sync 0;\n"));
        CPPUNIT_ASSERT(ptx_aborts("\t.shared .align 4 .b8 memory[64];\n"));
        CPPUNIT_ASSERT(ptx_aborts("\tmov.u32 %r1, %laneid;\n\tmov.u32 %r1, %smid.x;\n"));
        CPPUNIT_ASSERT(ptx_aborts("\tbra $NOWHERE;\n"));
        CPPUNIT_ASSERT(ptx_aborts("\t{\n\t.reg .b32 %r9;\n\t}\n"));
        CPPUNIT_ASSERT(ends_by(SIGABRT, [] { fakecuda_use_ptx("no such file"); }));
        CPPUNIT_ASSERT(ends_by(SIGABRT, [this] { run_ptx("\tdiv.s32 %r1, 1, %zero;\n"); }));
        fakecuda_use_ptx(write_scale("").c_str());
        CPPUNIT_ASSERT(ends_by(SIGABRT, [this] { product(); }));
    }

#ifdef FAKECUDA_TEST_PTX
    void compiled_ptx_computes_the_same()
    {
        const std::vector<float> cxx_product = product();
        const std::vector<unsigned long long> cxx_integers = integers();
        fakecuda_use_ptx(FAKECUDA_TEST_PTX);
        const std::vector<float> ptx_product = product();
        for (size_t i = 0; i < cxx_product.size(); i++)
            CPPUNIT_ASSERT_DOUBLES_EQUAL(cxx_product[i], ptx_product[i], 1e-5);
        const std::vector<unsigned long long> ptx_integers = integers();
        for (size_t i = 0; i < cxx_integers.size(); i++)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(i % 12), cxx_integers[i], ptx_integers[i]);
    }

    void compiled_ptx_stays_in_its_buffers()
    {
        fakecuda_use_ptx(FAKECUDA_TEST_PTX);
        const float *const in = device_floats(40);
        must(cudaError_t(launch_scale(device_floats(32), in, 1, 33, dim3(2), stream)));
        must(cudaStreamSynchronize(stream));
        CPPUNIT_ASSERT_EQUAL(1l, fakecuda_violations());
        expect_violation("test_scale: PTX accesses memory outside its buffers");
    }
#endif
};
CPPUNIT_TEST_SUITE_REGISTRATION(Launches);
