/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every allocation of the core fails once: the call says so, nothing leaks, nothing has changed.
 * And what memory is used for. */
#include "compare.h"
#include "filter.h"

#include <algorithm>
#include <cerrno>
#include <cppunit/extensions/HelperMacros.h>
#include <cstdint>
#include <cstdlib>

using namespace oac_test;

namespace
{

/* What happens to the core's allocations while `armed`; only one thread runs here. */
struct Watch {
    bool armed = false;
    size_t n_calls = 0;          /* since armed */
    size_t n_bytes = 0;          /* likewise */
    size_t fails_at = SIZE_MAX;  /* the call that fails */
    size_t largest = SIZE_MAX;   /* bytes; more are refused */
    void *live[256] = {nullptr}; /* blocks given while armed and not freed */
    size_t n_live = 0;
} watch;

} // namespace

/* Takes the place of libc's: the core allocates with this function only. */
extern "C" __attribute__((visibility("default"))) void *aligned_alloc(size_t alignment, size_t size)
{
    if (watch.armed && (watch.n_calls++ == watch.fails_at || size > watch.largest)) {
        errno = ENOMEM;
        return nullptr;
    }
    void *memory = nullptr;
    if (posix_memalign(&memory, alignment, size))
        return nullptr;
    watch.n_bytes += watch.armed ? size : 0;
    if (watch.armed && watch.n_live < std::size(watch.live))
        watch.live[watch.n_live++] = memory;
    return memory;
}

/* Sanitizers have a free() of their own, and look for leaks themselves. */
#ifndef OAC_SANITIZED
extern "C" void __libc_free(void *);
extern "C" __attribute__((visibility("default"))) void free(void *memory)
{
    void **end = watch.live + watch.n_live, **found = std::find(watch.live, end, memory);
    if (memory && found != end) {
        *found = end[-1];
        watch.n_live--;
    }
    __libc_free(memory);
}
#endif

namespace
{

#ifdef OAC_SANITIZED
constexpr bool counts_live = false;
#else
constexpr bool counts_live = true;
#endif

/* Calls with the k-th allocation failing, for k = 0, 1, ... until it succeeds.
 *   n_kept  blocks that may stay, all calls together: FFT plans are kept as long as the process
 * @return the number of allocations of the call that succeeded. */
template <typename Call>
size_t fail_each(const std::string &label, size_t n_kept, const Call &call)
{
    for (size_t k = 0; k < 200; k++) {
        watch = Watch();
        watch.fails_at = k;
        watch.armed = true;
        const oaconv_status status = call();
        watch.armed = false;
        if (status == OAC_OK) {
            CPPUNIT_ASSERT_MESSAGE(label + ": a failed allocation went unnoticed",
                                   watch.n_calls <= k);
            CPPUNIT_ASSERT_MESSAGE(label + ": no allocation was seen", watch.n_calls > 0);
            return watch.n_calls;
        }
        CPPUNIT_ASSERT_EQUAL_MESSAGE(say(label, " call ", k), OAC_ERR_NO_MEMORY, status);
        CPPUNIT_ASSERT_MESSAGE(oaconv_last_error(),
                               std::string(oaconv_last_error()).find("out of memory") !=
                                   std::string::npos);
        if (counts_live) {
            CPPUNIT_ASSERT_MESSAGE(say(label, " call ", k, " leaks ", watch.n_live, " blocks"),
                                   watch.n_live <= n_kept);
            n_kept -= watch.n_live;
        }
    }
    CPPUNIT_FAIL(label + ": fails for ever");
    return 0;
}

int n_plans;
void count_plan(void *)
{
    n_plans++;
}
void ignore(void *) {}

bool uses_fftw(const Kind &kind)
{
    return kind.backend == std::string("volk");
}

oaconv_config configure(const Kind &kind, const TapRows &rows, size_t hop)
{
    return to_config({kind.type, kind.backend, 0, hop}, rows);
}

class out_of_memory : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(out_of_memory);
    CPPUNIT_TEST(create);
    CPPUNIT_TEST(prepare);
    CPPUNIT_TEST(prepared_taps_survive_a_failed_prepare);
    CPPUNIT_TEST(convolve);
    CPPUNIT_TEST(sizes_within_bounds_but_beyond_memory);
    CPPUNIT_TEST(spectra_of_many_branches);
    CPPUNIT_TEST(one_row_for_all_channels_is_stored_once);
    CPPUNIT_TEST(memory_of_long_taps_is_given_back);
    CPPUNIT_TEST_SUITE_END();

    /* Bytes that a call allocates. */
    template <typename Call>
    static size_t bytes_of(const Call &call)
    {
        watch = Watch();
        watch.armed = true;
        call();
        watch.armed = false;
        return watch.n_bytes;
    }

public:
    void setUp() override
    {
        Filter({OAC_REAL, "auto"}, {Row{1}}); /* costs are measured once, at the first filter */
        n_plans = 0;
        oaconv_set_planner_lock(count_plan, ignore, nullptr);
    }
    void tearDown() override
    {
        watch = Watch();
        oaconv_set_planner_lock(nullptr, nullptr, nullptr);
    }

    void create()
    {
        for (const Kind &kind : cpu_kinds()) {
            const Rows taps = Random(101).taps(kind.type, {9, 4, 7});
            const TapRows rows(kind.type, taps);
            const size_t hop = size_t{100} << 2 * kind.type; /* transforms new to the process */
            const oaconv_config config = configure(kind, rows, hop);
            n_plans = 0;
            const auto make = [&config] {
                oaconv *filter = reinterpret_cast<oaconv *>(uintptr_t{64});
                const oaconv_status status = oaconv_create(&filter, &config);
                if (status == OAC_OK)
                    oaconv_destroy(filter);
                else if (filter)
                    return OAC_ERR_ARG; /* a failed create must leave no handle */
                return status;
            };
            const size_t fresh = fail_each(kind.label + " create", 1, make);
            const size_t known = fail_each(kind.label + " create again", 0, make);
            CPPUNIT_ASSERT_MESSAGE(kind.label, fresh >= 5 && known >= 5);
            CPPUNIT_ASSERT_MESSAGE(kind.label, n_plans <= (uses_fftw(kind) ? 1 : 0));
        }
    }

    void prepare()
    {
        for (const Kind &kind : cpu_kinds()) {
            const size_t hop = whole_hop(kind.type, 64);
            const size_t at = 3 * hop - 1, n = at + 20 * hop + hop / 2;
            Random random(102);
            const size_t n_taps = size_t{3000} << kind.type; /* transforms new to the process */
            const Rows before = random.taps(kind.type, {300, 8}),
                       after = random.taps(kind.type, {n_taps, 2});
            const TapRows rows(kind.type, after);
            const Rows x = random.signal(kind.type, 2, n);
            Filter filter({kind.type, kind.backend, 0, hop}, before);
            std::vector<Epoch> epochs{{0, before, filter.info().n_fft}};
            Rows y(2);
            filter.process(x, 0, 2 * hop, y, random);
            n_plans = 0;
            for (int again = 0; again < 2; again++)
                fail_each(say(kind.label, " prepare ", again), 1, [&] {
                    const oaconv_status status =
                        oaconv_taps_prepare(filter.handle(), rows.data(), rows.size());
                    const bool swapped = status != OAC_OK && again == 0 && filter.swap();
                    return swapped ? OAC_ERR_ARG : status;
                });
            CPPUNIT_ASSERT_MESSAGE(kind.label, n_plans <= (uses_fftw(kind) ? 1 : 0));
            filter.finish(x, 2 * hop, hop - 1, y, random);
            CPPUNIT_ASSERT_MESSAGE(kind.label, filter.swap());
            epochs.push_back({at, after, filter.info().n_fft});
            filter.process(x, at, 20 * hop, y, random);
            filter.finish(x, n - hop / 2, hop / 2, y, random);
            filter.read_tail(filter.tail_length(), y);
            expect_close(kind.label + " seed=102", kind.type, respond(kind.type, x, n, epochs), y);
        }
    }

    void prepared_taps_survive_a_failed_prepare()
    {
        for (const Kind &kind : cpu_kinds()) {
            Random random(103);
            const Rows first = random.taps(kind.type, {30}), last = random.taps(kind.type, {60});
            const TapRows rows(kind.type, last);
            Filter filter({kind.type, kind.backend}, first);
            filter.prepare(random.taps(kind.type, {45}));
            watch.armed = true;
            for (watch.fails_at = 0; watch.fails_at < 5; watch.fails_at++) {
                watch.n_calls = 0;
                CPPUNIT_ASSERT_EQUAL(OAC_ERR_NO_MEMORY,
                                     oaconv_taps_prepare(filter.handle(), rows.data(), 1));
            }
            watch.armed = false;
            CPPUNIT_ASSERT_MESSAGE(kind.label, filter.swap());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, size_t{45}, filter.info().n_taps);
            CPPUNIT_ASSERT_MESSAGE(kind.label, !filter.swap());
        }
    }

    void convolve()
    {
        for (const Kind &kind : cpu_kinds()) {
            Random random(104);
            const size_t hop = whole_hop(kind.type, 128), n = 5 * hop / 2;
            const Rows taps = random.taps(kind.type, {20});
            const TapRows rows(kind.type, taps);
            const oaconv_config config = configure(kind, rows, hop);
            const Rows x = random.signal(kind.type, 1, n);
            const Buffers given(kind.type.precision, x);
            Buffers y(kind.type.precision,
                      {Row(kept(kind.type, n + 19) * sample_width(kind.type))});
            const void *in[] = {given.at(0)};
            void *out[] = {y.at(0)};
            fail_each(
                kind.label + " convolve", 1, [&] { return oaconv_convolve(&config, in, out, n); });
            const size_t n_fft = Filter({kind.type, kind.backend, 0, hop}, taps).info().n_fft;
            expect_close(kind.label + " seed=104",
                         kind.type,
                         respond(kind.type, x, n, {{0, taps, n_fft}}),
                         y.rows());
        }
    }

    /* Gigabytes for the tails of a million channels. */
    void sizes_within_bounds_but_beyond_memory()
    {
        for (const Kind &kind : cpu_kinds()) {
            const size_t n_taps = 8192 * kind.type.decimation;
            const Rows taps = Random(105).taps(kind.type, {n_taps});
            const TapRows rows(kind.type, taps);
            oaconv_config config = configure(kind, rows, 0);
            config.n_channels = OAC_MAX_CHANNELS;
            oaconv *filter = nullptr;
            watch = Watch();
            watch.largest = size_t{1} << 30;
            watch.armed = true;
            const oaconv_status status = oaconv_create(&filter, &config);
            watch.armed = false;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, OAC_ERR_NO_MEMORY, status);
            CPPUNIT_ASSERT_MESSAGE(kind.label, !filter);
            const std::string message = oaconv_last_error();
            CPPUNIT_ASSERT_MESSAGE(message,
                                   message.find(say(n_taps, " taps")) != std::string::npos);
        }
    }

    /* More than a gigabyte of spectra even in the shortest transforms, which are planned all the
     * same. */
    void spectra_of_many_branches()
    {
        constexpr size_t D = 4096;
        const Rows taps = Random(106).taps(OAC_COMPLEX, std::vector<size_t>(520, D));
        const Type type(OAC_COMPLEX, OAC_SINGLE, D);
        const TapRows rows(type, taps);
        const oaconv_config config = to_config({type, "simd"}, rows);
        oaconv *filter = nullptr;
        watch = Watch();
        watch.largest = size_t{1} << 29;
        watch.armed = true;
        const oaconv_status status = oaconv_create(&filter, &config);
        watch.armed = false;
        CPPUNIT_ASSERT_EQUAL(OAC_ERR_NO_MEMORY, status);
        const std::string message = oaconv_last_error();
        CPPUNIT_ASSERT_MESSAGE(message, message.find("blocks of 64 samples") != std::string::npos);
    }

    void one_row_for_all_channels_is_stored_once()
    {
        constexpr size_t M = 256, P = 1000, hop = 3000;
        for (const Kind &kind : cpu_kinds()) {
            const Spec spec{kind.type, kind.backend, M, hop};
            const Rows one = Random(106).taps(kind.type, {P});
            const Rows many = Random(107).taps(kind.type, std::vector<size_t>(M, P));
            const Filter planned(spec, one); /* FFT plans stay, whoever comes first */
            const size_t for_one = bytes_of([&] { Filter(spec, one); });
            const size_t for_equal = bytes_of([&] { Filter(spec, Rows(M, one[0])); });
            const size_t for_many = bytes_of([&] { Filter(spec, many); });
            const size_t spectra = planned.info().n_fft * std::min(P, kind.type.decimation);
            const size_t row = spectra ? 4 * spectra : 16 * P;
            CPPUNIT_ASSERT_MESSAGE(kind.label, for_many >= for_one + (M - 1) * row);
            CPPUNIT_ASSERT_MESSAGE(kind.label, for_equal < for_one + (M - 1) * row / 2);
        }
    }

    void memory_of_long_taps_is_given_back()
    {
        constexpr size_t M = 3;
        for (const Kind &kind : cpu_kinds()) {
            const size_t hop = whole_hop(kind.type, 64);
            Random random(108);
            Filter filter({kind.type, kind.backend, M, hop}, random.taps(kind.type, {5}));
            const Rows x = random.signal(kind.type, M, 200 * hop);
            Rows y;
            filter.prepare(random.taps(kind.type, {5}));
            const size_t before = bytes_of([&] { filter.prepare(random.taps(kind.type, {6})); });
            filter.swap();
            filter.prepare(random.taps(kind.type, {5000}));
            filter.swap();
            filter.process(x, 0, hop, y, random);
            filter.prepare(random.taps(kind.type, {5}));
            filter.swap(); /* now the long ones ring */
            filter.process(x, hop, 100 * hop, y, random);
            filter.prepare(random.taps(kind.type, {5}));
            const size_t after = bytes_of([&] { filter.prepare(random.taps(kind.type, {6})); });
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, before, after);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(out_of_memory);

} // namespace
