/* SPDX-License-Identifier: GPL-3.0-or-later
 * Promise 4 with threads: taps prepared in one while another filters, and handles side by side. */
#include "compare.h"
#include "filter.h"

#include <atomic>
#include <chrono>
#include <cppunit/extensions/HelperMacros.h>
#include <stdexcept>
#include <thread>

using namespace oac_test;

namespace
{

constexpr size_t n_channels = 2, least_changes = 20, samples_per_change = 2000;
constexpr size_t shortest_taps = 2, n_lengths = 150; /* every length occurs once in a round */

/* Taps number i: told apart by their length, which jumps up and down. */
Rows numbered_taps(Type type, size_t i)
{
    const size_t n_taps = shortest_taps + i * 67 % n_lengths;
    return Random(static_cast<unsigned>(n_taps)).taps(type, {n_taps, n_taps / 2 + 1});
}

Rows taps_of_length(Type type, size_t n_taps)
{
    return Random(static_cast<unsigned>(n_taps)).taps(type, {n_taps, n_taps / 2 + 1});
}

/* The working thread: filters, swaps as taps arrive, and keeps what the filter says of it. */
class Worker
{
public:
    Worker(Filter &filter, const Rows &x, const Rows &taps) : d_filter(filter), d_x(x)
    {
        d_epochs.push_back({0, taps, filter.info().n_fft});
    }

    void run(Random &random)
    {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (d_filter.info().n_changes < least_changes) {
            if (std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error("no new taps within a minute");
            const size_t allowed = samples_per_change * (d_filter.info().n_changes + 1);
            if (d_done + d_filter.info().hop <= allowed)
                step(random);
            else
                std::this_thread::sleep_for(std::chrono::microseconds(50));
            swap();
        }
        d_filter.finish(d_x, d_done, 0, d_y, random);
        while (d_filter.tail_length() > 0)
            d_filter.read_tail(1 + random.below(d_filter.tail_length()), d_y);
    }

    size_t done() const { return d_done; }
    const Rows &y() const { return d_y; }
    const std::vector<Epoch> &epochs() const { return d_epochs; }

private:
    /* A hop, or less and a border. */
    void step(Random &random)
    {
        const size_t hop = d_filter.info().hop, n = random.below(2) ? hop : random.below(hop);
        if (n == hop)
            d_filter.process(d_x, d_done, n, d_y, random);
        else
            d_filter.finish(d_x, d_done, n, d_y, random);
        d_done += n;
    }

    void swap()
    {
        const oaconv_info before = d_filter.info();
        const bool swapped = d_filter.swap();
        const oaconv_info after = d_filter.info();
        if (after.n_changes != before.n_changes + swapped)
            throw std::runtime_error("n_changes is wrong");
        if (!swapped)
            return;
        if (after.last_change != d_done)
            throw std::runtime_error("last_change is wrong");
        d_epochs.push_back({static_cast<size_t>(after.last_change),
                            taps_of_length(d_filter.type(), after.n_taps),
                            after.n_fft});
    }

    Filter &d_filter;
    const Rows &d_x;
    size_t d_done = 0;
    Rows d_y;
    std::vector<Epoch> d_epochs;
};

class taps_while_running : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(taps_while_running);
    CPPUNIT_TEST(handles_are_independent); /* first: nothing is initialized yet */
    CPPUNIT_TEST(taps_belong_to_samples);
    CPPUNIT_TEST(two_threads_prepare);
    CPPUNIT_TEST_SUITE_END();

    void check(const Kind &kind, size_t n_preparers)
    {
        const std::string label = say(kind.label, ", ", n_preparers, " preparing, seed=71");
        for (size_t i = 0; i < n_lengths; i += 10) /* plan before the race, to make it one */
            Filter({kind.type, kind.backend}, numbered_taps(kind.type, i));
        Random random(71);
        const Rows x =
            random.signal(kind.type, n_channels, samples_per_change * (least_changes + 1));
        const Rows taps = numbered_taps(kind.type, 0);
        Filter filter({kind.type, kind.backend}, taps);
        Worker worker(filter, x, taps);
        std::atomic<bool> stop{false};
        std::atomic<size_t> n_failed{0};
        std::vector<std::thread> preparers;
        for (size_t which = 0; which < n_preparers; which++)
            preparers.emplace_back([&, which] {
                for (size_t i = 1 + which; !stop; i += n_preparers) {
                    const Rows next = numbered_taps(kind.type, i);
                    const TapRows rows(kind.type, next);
                    n_failed +=
                        oaconv_taps_prepare(filter.handle(), rows.data(), rows.size()) != OAC_OK;
                }
            });
        std::string failure;
        try {
            worker.run(random);
        } catch (const std::exception &error) {
            failure = error.what();
        }
        stop = true;
        for (std::thread &preparer : preparers)
            preparer.join();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, std::string(), failure);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, size_t{0}, n_failed.load());
        expect_close(
            label, kind.type, respond(kind.type, x, worker.done(), worker.epochs()), worker.y());
    }

public:
    void taps_belong_to_samples()
    {
        for (const Kind &kind : kinds())
            check(kind, 1);
    }

    void two_threads_prepare()
    {
        for (const Kind &kind : kinds())
            check(kind, 2);
    }

    /* Each thread makes, feeds and destroys filters of its own, in both precisions; sizes are new
     * to the process. */
    void handles_are_independent()
    {
        const std::vector<Kind> list = all_kinds();
        std::vector<Rows> results(list.size());
        std::vector<std::string> failures(list.size());
        const auto filter_once = [&list](size_t i) {
            Random random(72);
            Filter filter({list[i].type, list[i].backend, 0, 1500},
                          random.taps(list[i].type, {400, 31}));
            const Rows x = random.signal(list[i].type, 2, 4000);
            return play(
                filter, x, 4000, {{2222, random.taps(list[i].type, {700})}}, random, nullptr);
        };
        std::vector<std::thread> threads;
        for (size_t i = 0; i < list.size(); i++)
            threads.emplace_back([&, i] {
                try {
                    for (int round = 0; round < 3; round++)
                        results[i] = filter_once(i);
                } catch (const std::exception &error) {
                    failures[i] = error.what();
                }
            });
        for (std::thread &thread : threads)
            thread.join();
        for (size_t i = 0; i < list.size(); i++) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(list[i].label, std::string(), failures[i]);
            expect_same_bits(list[i].label + " among threads, seed=72", filter_once(i), results[i]);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(taps_while_running);

} // namespace
