/* SPDX-License-Identifier: GPL-3.0-or-later
 * The planner lock that a program hands over is held around every plan, and only there. */
#include "compare.h"
#include "filter.h"

#include <algorithm>
#include <cppunit/extensions/HelperMacros.h>

using namespace oac_test;

namespace
{

struct Lock {
    int depth = 0, deepest = 0, n_locked = 0, n_unlocked = 0;

    static void lock(void *context)
    {
        Lock *self = static_cast<Lock *>(context);
        self->n_locked++;
        self->depth++;
        self->deepest = std::max(self->deepest, self->depth);
    }
    static void unlock(void *context)
    {
        Lock *self = static_cast<Lock *>(context);
        self->n_unlocked++;
        self->depth--;
    }
};

/* Uses the moment of planning, in the middle of a prepare, to put in force what was prepared
 * before. */
struct Swapper {
    oaconv *filter;
    int n_swapped = 0;

    static void lock(void *context)
    {
        Swapper *self = static_cast<Swapper *>(context);
        self->n_swapped += oaconv_taps_swap(self->filter);
    }
    static void unlock(void *) {}
};

class planner_lock : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(planner_lock);
    CPPUNIT_TEST(is_held_around_new_plans);
    CPPUNIT_TEST(is_held_when_taps_are_prepared);
    CPPUNIT_TEST(each_precision_has_plans_of_its_own);
    CPPUNIT_TEST(is_not_taken_for_known_sizes_or_samples);
    CPPUNIT_TEST(can_be_taken_back);
    CPPUNIT_TEST(half_a_lock_is_none);
    CPPUNIT_TEST(a_swap_in_the_middle_of_a_prepare_loses_nothing);
    CPPUNIT_TEST_SUITE_END();

    Lock d_lock;

    /* With this hop, so many taps need a transform size that no test of this process has used. */
    static constexpr size_t hop = 8;
    static size_t fresh_n_taps()
    {
        static size_t n_taps = 40;
        return n_taps *= 2;
    }
    static Rows fresh_taps() { return {Row(2 * fresh_n_taps(), 1.0f)}; }

    void expect_locked(int times)
    {
        CPPUNIT_ASSERT_EQUAL(times, d_lock.n_locked);
        CPPUNIT_ASSERT_EQUAL(times, d_lock.n_unlocked);
        CPPUNIT_ASSERT_EQUAL(0, d_lock.depth);
        CPPUNIT_ASSERT_EQUAL(times ? 1 : 0, d_lock.deepest);
    }

public:
    void setUp() override
    {
        d_lock = Lock();
        oaconv_set_planner_lock(Lock::lock, Lock::unlock, &d_lock);
    }
    void tearDown() override { oaconv_set_planner_lock(nullptr, nullptr, nullptr); }

    void is_held_around_new_plans()
    {
        Filter filter({OAC_COMPLEX, "volk", 0, hop}, fresh_taps());
        expect_locked(1);
    }

    void is_held_when_taps_are_prepared()
    {
        Filter filter({OAC_COMPLEX, "volk", 0, hop}, fresh_taps());
        expect_locked(1);
        filter.prepare(fresh_taps());
        expect_locked(2);
        CPPUNIT_ASSERT(filter.swap());
        expect_locked(2);
    }

    void each_precision_has_plans_of_its_own()
    {
        const Rows taps = fresh_taps();
        const Spec single{OAC_COMPLEX, "volk", 0, hop},
            twice{{OAC_COMPLEX, OAC_DOUBLE}, "volk", 0, hop};
        Filter first(single, taps);
        expect_locked(1);
        Filter second(twice, taps);
        expect_locked(2);
        Filter third(single, taps), fourth(twice, taps);
        expect_locked(2);
    }

    void is_not_taken_for_known_sizes_or_samples()
    {
        Random random(95);
        const Rows x = random.signal(OAC_COMPLEX, 1, 5 * hop + 3);
        const size_t n_taps = fresh_n_taps();
        Filter first({OAC_COMPLEX, "volk", 0, hop}, random.taps(OAC_COMPLEX, {n_taps}));
        Filter second({OAC_COMPLEX, "volk", 0, hop}, random.taps(OAC_COMPLEX, {n_taps}));
        first.prepare(random.taps(OAC_COMPLEX, {n_taps}));
        CPPUNIT_ASSERT(first.swap());
        play(first, x, 5 * hop + 3, random);
        first.reset();
        expect_locked(1);
    }

    void can_be_taken_back()
    {
        oaconv_set_planner_lock(nullptr, nullptr, nullptr);
        Filter filter({OAC_COMPLEX, "volk", 0, hop}, fresh_taps());
        expect_locked(0);
    }

    void half_a_lock_is_none()
    {
        oaconv_set_planner_lock(Lock::lock, nullptr, &d_lock);
        Filter filter({OAC_COMPLEX, "volk", 0, hop}, fresh_taps());
        expect_locked(0);
    }

    void a_swap_in_the_middle_of_a_prepare_loses_nothing()
    {
        Random random(96);
        const size_t n = 3 * hop, n_last = fresh_n_taps();
        const Rows x = random.signal(OAC_COMPLEX, 2, n);
        const Rows first = random.taps(OAC_COMPLEX, {5, 5});
        const Rows longer = random.taps(OAC_COMPLEX, {2 * n_last, n_last});
        const Rows last = random.taps(OAC_COMPLEX, {n_last, 7});
        Filter filter({OAC_COMPLEX, "volk", 0, hop}, first);
        Rows y(2);
        filter.process(x, 0, hop, y, random);
        filter.prepare(longer);
        Swapper swapper{filter.handle()};
        oaconv_set_planner_lock(Swapper::lock, Swapper::unlock, &swapper);
        filter.prepare(last);
        CPPUNIT_ASSERT_EQUAL(1, swapper.n_swapped);
        const size_t n_fft = filter.info().n_fft;
        filter.process(x, hop, hop, y, random);
        CPPUNIT_ASSERT(filter.swap());
        filter.process(x, 2 * hop, hop, y, random);
        filter.finish(x, n, 0, y, random);
        filter.read_tail(filter.tail_length(), y);
        expect_close("first, longer, last",
                     OAC_COMPLEX,
                     respond(OAC_COMPLEX,
                             x,
                             n,
                             {{0, first, n_fft}, {hop, longer, n_fft}, {2 * hop, last, n_fft}}),
                     y);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(planner_lock);

} // namespace
