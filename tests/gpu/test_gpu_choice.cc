/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which backend is taken, why, and what is refused: on the double of CUDA. */
#include "fakecuda.h"
#include "gpu_filter.h"

#include <cppunit/extensions/HelperMacros.h>
#include <cstdio>
#include <cstdlib>
#include <oaconv/private/gpu_report.h>

using namespace oac_test;

namespace
{

/* An environment variable, for as long as it lives. */
class Variable
{
public:
    Variable(const char *name, const char *value) : d_name(name) { setenv(name, value, 1); }
    ~Variable() { unsetenv(d_name); }

private:
    const char *d_name;
};

class gpu_choice : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(gpu_choice);
    CPPUNIT_TEST(auto_takes_the_faster_and_says_so_once);
    CPPUNIT_TEST(auto_without_a_device_filters_on_the_cpu);
    CPPUNIT_TEST(auto_without_memory_filters_on_the_cpu);
    CPPUNIT_TEST(cpu_asks_nothing_of_the_gpu);
    CPPUNIT_TEST(double_precision_asks_nothing_of_the_gpu);
    CPPUNIT_TEST(a_refusal_names_the_reason);
    CPPUNIT_TEST(far_too_much_memory_is_refused_before_the_cpu_takes_any);
    CPPUNIT_TEST(environment_fills_in_for_auto_only);
    CPPUNIT_TEST(wrong_environment_is_refused);
    CPPUNIT_TEST(the_gpu_is_described);
    CPPUNIT_TEST(its_parts_are_measured);
    CPPUNIT_TEST_SUITE_END();

    static Outcome play_auto() { return play_case({OAC_REAL, {37}, 2, 500, 3000}, "auto", 1); }
    static Outcome play_gpu() { return play_case({OAC_REAL, {37}, 2, 500, 3000}, "gpu", 1); }

    static void expect_refusal(oaconv_config config, oaconv_status status, const std::string &says)
    {
        const float tap = 1;
        const oaconv_row row = {&tap, 1};
        if (!config.rows) {
            config.rows = &row;
            config.n_rows = 1;
        }
        oaconv *filter = nullptr;
        CPPUNIT_ASSERT_EQUAL_MESSAGE(says, status, oaconv_create(&filter, &config));
        const std::string message = oaconv_last_error();
        CPPUNIT_ASSERT_MESSAGE(message, message.find(says) != std::string::npos);
        CPPUNIT_ASSERT(!filter);
    }

    static oaconv_config gpu_config(int device = -1)
    {
        oaconv_config config;
        oaconv_config_init(&config);
        config.backend = "gpu";
        config.device = device;
        return config;
    }

    static void expect_cpu(const Outcome &outcome, const std::string &says)
    {
        CPPUNIT_ASSERT(!outcome.refused);
        CPPUNIT_ASSERT(outcome.backend != "cuda");
        CPPUNIT_ASSERT_EQUAL(size_t{0}, outcome.log.errors.size());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, outcome.log.infos.size());
        CPPUNIT_ASSERT_MESSAGE(outcome.log.infos[0],
                               outcome.log.infos[0].find(says) != std::string::npos);
    }

    /* The numbers of a line, which are rounded, and what follows from them. */
    static void expect_choice(const std::string &line, const std::string &backend)
    {
        double gpu = 0, cpu = 0;
        char cpu_name[17] = "", taken[17] = "";
        const char *format = "auto: the GPU filters %lf MS/s, %16s %lf MS/s: %16s is taken";
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            line, 4, std::sscanf(line.c_str(), format, &gpu, cpu_name, &cpu, taken));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(line, backend, std::string(taken));
        if (gpu - 0.5 > 1.2 * (cpu + 0.5))
            CPPUNIT_ASSERT_EQUAL_MESSAGE(line, std::string("cuda"), backend);
        if (gpu + 0.5 < 1.2 * (cpu - 0.5))
            CPPUNIT_ASSERT_EQUAL_MESSAGE(line, std::string(cpu_name), backend);
    }

public:
    void setUp() override
    {
        fakecuda_wipe();
        fakecuda_reset("eager");
    }
    void tearDown() override
    {
        fakecuda_wipe();
        fakecuda_reset(nullptr);
    }

    /* Whatever the two speeds are, the choice follows from them: the double is slow, and so is the
     * CPU with a hop of one sample. */
    void auto_takes_the_faster_and_says_so_once()
    {
        for (const Spec &race : {Spec{OAC_REAL, "auto"}, Spec{OAC_REAL, "auto", 0, 1}}) {
            Log log;
            Random random(1);
            Spec spec = race;
            spec.log = Log::write;
            spec.log_context = &log;
            Filter filter(spec, random.taps(OAC_REAL, {2000, 37}));
            CPPUNIT_ASSERT_EQUAL(size_t{1}, log.infos.size());
            CPPUNIT_ASSERT_EQUAL(log.infos[0], std::string(filter.info().reason));
            expect_choice(log.infos[0], filter.info().backend);
        }
        CPPUNIT_ASSERT_EQUAL(0L, fakecuda_leaks());
        CPPUNIT_ASSERT_EQUAL(0L, fakecuda_violations());
    }

    void auto_without_a_device_filters_on_the_cpu()
    {
        fakecuda_devices(0);
        expect_cpu(play_auto(), "cudaGetDeviceCount -> 100 cudaErrorNoDevice");
        CPPUNIT_ASSERT_EQUAL_MESSAGE("once per process", size_t{0}, play_auto().log.infos.size());
        expect_refusal(gpu_config(), OAC_ERR_BACKEND, "cudaErrorNoDevice");
        fakecuda_devices(1);
    }

    void auto_without_memory_filters_on_the_cpu()
    {
        fakecuda_limit(1000);
        expect_cpu(play_auto(), "bytes are needed, 1000 are free");
    }

    void cpu_asks_nothing_of_the_gpu()
    {
        for (const char *backend : {"cpu", "simd", "volk", "direct"}) {
            const Outcome outcome = play_case({OAC_REAL, {37}, 2, 500, 300}, backend, 1);
            CPPUNIT_ASSERT(!outcome.refused);
            CPPUNIT_ASSERT_EQUAL(size_t{0}, outcome.log.infos.size());
        }
        CPPUNIT_ASSERT_EQUAL(0L, fakecuda_calls());
    }

    void double_precision_asks_nothing_of_the_gpu()
    {
        const Type type{OAC_COMPLEX, OAC_DOUBLE};
        const double tap[2] = {1, 0};
        const oaconv_row row = {tap, 1};
        oaconv_config config = gpu_config();
        config.type = type;
        config.precision = type.precision;
        config.rows = &row;
        config.n_rows = 1;
        for (const char *name : {"gpu", "cuda"}) {
            config.backend = name;
            expect_refusal(
                config, OAC_ERR_BACKEND, say('"', name, "\" computes in single precision only"));
        }
        {
            Variable backend("OACONV_BACKEND", "gpu");
            config.backend = "auto";
            expect_refusal(config, OAC_ERR_BACKEND, "computes in single precision only");
        }
        Log log;
        const Filter filter({type, "auto", 0, 0, 0, 1, 0, Log::write, &log}, {{1, 0}});
        CPPUNIT_ASSERT_EQUAL(std::string("volk"), std::string(filter.info().backend));
        const std::string reason = filter.info().reason;
        CPPUNIT_ASSERT_MESSAGE(
            reason, reason.find("GPUs are for single precision only") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(size_t{0}, log.infos.size() + log.errors.size());
        CPPUNIT_ASSERT_EQUAL(0L, fakecuda_calls());
    }

    void a_refusal_names_the_reason()
    {
        expect_refusal(gpu_config(5), OAC_ERR_BACKEND, "no CUDA device 5, only 0 to 0");
        expect_refusal(gpu_config(-2), OAC_ERR_ARG, "device is -2");
        oaconv_config on_cpu = gpu_config(-2);
        on_cpu.backend = "cpu";
        expect_refusal(on_cpu, OAC_ERR_ARG, "device is -2");
        fakecuda_limit(1000);
        expect_refusal(gpu_config(), OAC_ERR_BACKEND, "needed, 1000 are free");
    }

    /* 4096 channels of a million taps would need half a terabyte. */
    void far_too_much_memory_is_refused_before_the_cpu_takes_any()
    {
        const std::vector<float> taps(1000000, 1.0f);
        const oaconv_row row = {taps.data(), taps.size()};
        oaconv_config config = gpu_config();
        config.rows = &row;
        config.n_rows = 1;
        config.n_channels = 4096;
        expect_refusal(config, OAC_ERR_BACKEND, "out of memory on the GPU");
        CPPUNIT_ASSERT_EQUAL(0L, fakecuda_leaks());
    }

    void environment_fills_in_for_auto_only()
    {
        {
            Variable backend("OACONV_BACKEND", "gpu");
            CPPUNIT_ASSERT_EQUAL(std::string("cuda"), play_auto().backend);
            Outcome on_cpu = play_case({OAC_REAL, {37}, 2, 500, 300}, "volk", 1);
            CPPUNIT_ASSERT_EQUAL(std::string("volk"), on_cpu.backend);
        }
        {
            Variable backend("OACONV_BACKEND", "direct");
            CPPUNIT_ASSERT_EQUAL(std::string("direct"), play_auto().backend);
            CPPUNIT_ASSERT_EQUAL(std::string("cuda"), play_gpu().backend);
        }
        {
            Variable backend("OACONV_BACKEND", "");
            CPPUNIT_ASSERT_EQUAL(size_t{1}, play_auto().log.infos.size());
        }
        fakecuda_devices(2);
        Variable device("OACONV_DEVICE", "7");
        expect_refusal(gpu_config(), OAC_ERR_BACKEND, "no CUDA device 7, only 0 to 1");
        oaconv_gpu gpu;
        CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_gpu_describe(1, &gpu));
        fakecuda_devices(1);
    }

    void wrong_environment_is_refused()
    {
        for (const char *wrong : {"x", "-1", "0x", "1 2", "99999999999999999999"}) {
            Variable device("OACONV_DEVICE", wrong);
            expect_refusal(gpu_config(), OAC_ERR_ARG, say("OACONV_DEVICE is \"", wrong));
        }
        for (const char *wrong : {"x", "0", "-1", "nan", "1e9", "3s"}) {
            Variable timeout("OACONV_GPU_TIMEOUT", wrong);
            expect_refusal(gpu_config(), OAC_ERR_ARG, say("OACONV_GPU_TIMEOUT is \"", wrong));
        }
        Variable backend("OACONV_BACKEND", "fpga");
        oaconv_config config = gpu_config();
        config.backend = "auto";
        expect_refusal(config, OAC_ERR_BACKEND, "unknown backend \"fpga\"");
    }

    void the_gpu_is_described()
    {
        oaconv_gpu gpu;
        CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_gpu_describe(-1, &gpu));
        CPPUNIT_ASSERT(*gpu.name);
        CPPUNIT_ASSERT(gpu.memory >= gpu.free_memory);
        CPPUNIT_ASSERT(gpu.runtime >= 11080 && gpu.cufft > 0 && gpu.driver > 0);
        CPPUNIT_ASSERT_EQUAL(OAC_ERR_BACKEND, oaconv_gpu_describe(9, &gpu));
        CPPUNIT_ASSERT_EQUAL(OAC_ERR_ARG, oaconv_gpu_describe(0, nullptr));
    }

    void its_parts_are_measured()
    {
        Random random(1);
        const Rows taps = random.taps(OAC_REAL, {37}), x = random.signal(OAC_REAL, 1, 500);
        oaconv_gpu_rates rates;
        Filter filter({OAC_REAL, "gpu", 1, 1, 0, 1, 500}, taps);
        Rows y;
        filter.process(x, 0, 250, y, random);
        CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_gpu_measure(filter.handle(), 0.001, &rates));
        filter.process(x, 250, 250, y, random);
        CPPUNIT_ASSERT(rates.compute > 0 && rates.to_device > 0 && rates.to_host > 0 &&
                       rates.both_ways > 0);
        filter.finish(x, 500, 0, y, random);
        filter.read_tail(filter.tail_length(), y);
        expect_close("measured on the way",
                     OAC_REAL,
                     respond(OAC_REAL, x, 500, {{0, taps, filter.info().n_fft}}),
                     y);
        Filter on_cpu({OAC_REAL, "cpu"}, taps);
        CPPUNIT_ASSERT_EQUAL(OAC_ERR_BACKEND, oaconv_gpu_measure(on_cpu.handle(), 0.001, &rates));
        CPPUNIT_ASSERT_EQUAL(OAC_ERR_ARG, oaconv_gpu_measure(filter.handle(), 0.001, nullptr));
        CPPUNIT_ASSERT_EQUAL(0L, fakecuda_violations());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(gpu_choice);

} // namespace
