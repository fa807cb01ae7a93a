/* SPDX-License-Identifier: GPL-3.0-or-later
 * Taps belong to samples on a GPU, too, whether it lives or dies: on the double of CUDA. */
#include "afresh.h"

#include <cppunit/extensions/HelperMacros.h>

using namespace oac_test;

namespace
{

class gpu_taps : public Faulty
{
    CPPUNIT_TEST_SUITE(gpu_taps);
    CPPUNIT_TEST(change_in_the_middle);
    CPPUNIT_TEST(change_with_a_fault_in_any_call);
    CPPUNIT_TEST(decimated_change_with_a_fault_in_any_call);
    CPPUNIT_TEST(change_without_room_on_the_gpu);
    CPPUNIT_TEST_SUITE_END();

    /* Longer rows, then shorter ones; one row for all, then one each. */
    static const std::vector<TapChange> &changes()
    {
        static const std::vector<TapChange> list{
            {300, {120, 7, 64}}, {610, {2}}, {640, {33, 1, 5}}};
        return list;
    }

    static GpuCase a_case(const Type &type) { return {type, {37, 20, 37}, 3, 60, 1000}; }

public:
    void change_in_the_middle()
    {
        for (const Type &type : gpu_types())
            for (unsigned seed = 0; seed < 10; seed++) {
                fakecuda_reset(say("random:", seed).c_str());
                const Outcome outcome = play_case(a_case(type), "gpu", seed, changes());
                CPPUNIT_ASSERT_EQUAL(std::string("cuda"), outcome.backend);
                CPPUNIT_ASSERT_EQUAL(uint64_t{3}, outcome.info.n_changes);
                CPPUNIT_ASSERT_EQUAL(uint64_t{640}, outcome.info.last_change);
                CPPUNIT_ASSERT_EQUAL(size_t{0}, outcome.log.errors.size());
                CPPUNIT_ASSERT_EQUAL_MESSAGE(fakecuda_report(), 0L, fakecuda_violations());
                CPPUNIT_ASSERT_EQUAL(0L, fakecuda_leaks());
            }
    }

    void change_with_a_fault_in_any_call() { change_with_a_fault(a_case(OAC_COMPLEX_REAL_TAPS)); }

    void decimated_change_with_a_fault_in_any_call()
    {
        change_with_a_fault(a_case({OAC_REAL, OAC_SINGLE, 8}));
    }

    static void change_with_a_fault(const GpuCase &c)
    {
        fakecuda_reset("lazy");
        play_case(c, "gpu", 2, changes());
        const long n_calls = fakecuda_calls();
        for (long call = 1; call <= n_calls; call++) {
            fakecuda_reset(call % 2 ? "lazy" : "eager");
            const bool hangs = call % 4 == 2;
            switch (call % 4) {
            case 0:
                fakecuda_fail_sticky(call, 700);
                break;
            case 1:
                fakecuda_fail_late(call, 700);
                break;
            case 2:
                fakecuda_hang(call);
                break;
            default:
                fakecuda_fail_once(call, 999);
            }
            const std::string label = say("call ", call, " ", fakecuda_call_name(call));
            const Outcome outcome = [&] {
                const Patience patience(hangs ? "0.02" : "60");
                return play_case(c, "gpu", 2, changes());
            }();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                label + ": " + fakecuda_report(), 0L, fakecuda_violations());
            if (!outcome.refused && outcome.backend != "cuda")
                CPPUNIT_ASSERT_MESSAGE(label, !outcome.log.errors.empty());
            start_afresh();
        }
    }

    /* The taps come into force all the same, with one line that says why not on the GPU. */
    void change_without_room_on_the_gpu()
    {
        for (const size_t D : {1, 4})
            change_without_room({OAC_REAL, OAC_SINGLE, D});
    }

    static void change_without_room(const Type &type)
    {
        Log log;
        Random random(3);
        const Rows taps = random.taps(type, {20, 20}), next = random.taps(type, {3000, 20});
        const Rows x = random.signal(type, 2, 900);
        fakecuda_reset("lazy");
        Filter filter({type, "gpu", 0, 1, 0, 1, 100, Log::write, &log}, taps);
        fakecuda_limit(filter.info().device_bytes + 10000);
        Rows y;
        play_piece(filter, x, 0, 450, y, random);
        filter.prepare(next);
        CPPUNIT_ASSERT_EQUAL(std::string("cuda"), std::string(filter.info().backend));
        CPPUNIT_ASSERT(filter.swap());
        CPPUNIT_ASSERT(std::string(filter.info().backend) != "cuda");
        CPPUNIT_ASSERT(std::string(filter.info().reason).find("refused") != std::string::npos);
        play_piece(filter, x, 450, 450, y, random);
        filter.finish(x, 900, 0, y, random);
        filter.read_tail(filter.tail_length(), y);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, log.errors.size());
        CPPUNIT_ASSERT_MESSAGE(log.errors[0], log.errors[0].find("needed") != std::string::npos);
        const size_t n_fft = filter.info().n_fft;
        expect_close(
            "no room", type, respond(type, x, 900, {{0, taps, n_fft}, {450, next, n_fft}}), y);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(gpu_taps);

} // namespace
