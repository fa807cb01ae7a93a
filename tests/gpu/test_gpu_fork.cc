/* SPDX-License-Identifier: GPL-3.0-or-later
 * CUDA does not survive fork(): in a child the CPU goes on where the GPU was, which costs a line in
 * the log and no sample. */
#include "child.h"
#include "fakecuda.h"
#include "gpu_filter.h"

#include <cppunit/extensions/HelperMacros.h>
#include <oaconv/private/gpu_report.h>

using namespace oac_test;

namespace
{

const Type type{OAC_COMPLEX};

/* A filter that has done 100 samples on a GPU. */
struct Stream {
    Random random{3};
    Rows taps = random.taps(type, {50, 7}), next = random.taps(type, {20, 60});
    Rows x = random.signal(type, 2, 400), y;
    Log log;
    Filter filter;

    Stream() : filter({type, "gpu", 0, 1, 0, 1, 100, Log::write, &log}, taps)
    {
        play_piece(filter, x, 0, 100, y, random);
        CPPUNIT_ASSERT_EQUAL(std::string("cuda"), std::string(filter.info().backend));
    }

    void play_to_the_end(size_t from)
    {
        play_piece(filter, x, from, 400 - from, y, random);
        filter.finish(x, 400, 0, y, random);
        filter.read_tail(filter.tail_length(), y);
    }

    /* One line, and the CPU has gone on. */
    void expect_lost(const char *label, const std::vector<Epoch> &epochs)
    {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, size_t{1}, log.errors.size());
        CPPUNIT_ASSERT_MESSAGE(log.errors[0], std::string(filter.info().backend) != "cuda");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, uint64_t{1}, filter.info().gpu_losses);
        expect_close(label, type, respond(type, x, 400, epochs), y);
    }
};

class gpu_fork : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(gpu_fork);
    CPPUNIT_TEST(the_cpu_goes_on);
    CPPUNIT_TEST(with_new_taps);
    CPPUNIT_TEST(a_lost_gpu_stays_lost);
    CPPUNIT_TEST(a_child_makes_no_filter_on_a_gpu);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { fakecuda_reset("lazy"); }

    void the_cpu_goes_on()
    {
        Stream s;
        const size_t n_fft = s.filter.info().n_fft;
        const long n_calls = fakecuda_calls();
        in_child("the CPU goes on", [&] {
            s.play_to_the_end(100);
            s.expect_lost("lost", {{0, s.taps, n_fft}});
            oaconv_destroy(s.filter.handle());
            CPPUNIT_ASSERT_EQUAL(n_calls, fakecuda_calls());
        });
        s.play_to_the_end(100);
        CPPUNIT_ASSERT(s.log.errors.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("cuda"), std::string(s.filter.info().backend));
        expect_close("parent", type, respond(type, s.x, 400, {{0, s.taps, n_fft}}), s.y);
    }

    void with_new_taps()
    {
        for (const bool prepared : {false, true})
            for (const size_t at : {100, 200}) {
                Stream s;
                const size_t n_fft = s.filter.info().n_fft;
                if (prepared)
                    s.filter.prepare(s.next);
                const std::string label = say("prepared before: ", prepared, ", swapped at ", at);
                in_child(label, [&] {
                    if (!prepared)
                        s.filter.prepare(s.next);
                    play_piece(s.filter, s.x, 100, at - 100, s.y, s.random);
                    CPPUNIT_ASSERT(s.filter.swap());
                    s.play_to_the_end(at);
                    s.expect_lost(label.c_str(), {{0, s.taps, n_fft}, {at, s.next, n_fft}});
                    oaconv_destroy(s.filter.handle());
                });
            }
    }

    void a_lost_gpu_stays_lost()
    {
        Stream s;
        in_child("reopened", [&] {
            play_piece(s.filter, s.x, 100, 50, s.y, s.random);
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_BACKEND, oaconv_gpu_reopen(s.filter.handle()));
            const std::string reason = s.filter.info().reason;
            CPPUNIT_ASSERT_MESSAGE(reason, reason.find("fork()") != std::string::npos);
            s.play_to_the_end(150);
            expect_close("reopened",
                         type,
                         respond(type, s.x, 400, {{0, s.taps, s.filter.info().n_fft}}),
                         s.y);
        });
    }

    void a_child_makes_no_filter_on_a_gpu()
    {
        const Stream s;
        in_child("made", [&] {
            oaconv_gpu gpu;
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_BACKEND, oaconv_gpu_describe(0, &gpu));
            const std::string reason = oaconv_last_error();
            CPPUNIT_ASSERT_MESSAGE(reason, reason.find("fork()") != std::string::npos);
            Filter filter({type, "auto"}, s.taps);
            CPPUNIT_ASSERT(std::string(filter.info().backend) != "cuda");
            const TapRows rows(type, s.taps);
            const oaconv_config config = to_config({type, "gpu"}, rows);
            oaconv *refused = nullptr;
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_BACKEND, oaconv_create(&refused, &config));
        });
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(gpu_fork);

} // namespace
