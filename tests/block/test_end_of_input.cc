/* SPDX-License-Identifier: GPL-3.0-or-later
 * The internals of the GNU Radio runtime that tell whether an input is over still do. */
#include "end_of_input.h"
#include "wait_until.h"

#include <gnuradio/block.h>
#include <gnuradio/blocks/head.h>
#include <gnuradio/blocks/null_sink.h>
#include <gnuradio/blocks/null_source.h>
#include <gnuradio/blocks/throttle.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/top_block.h>

#include <atomic>
#include <chrono>
#include <cppunit/extensions/HelperMacros.h>
#include <thread>

namespace
{

/* Copies in pieces of at most 100 samples, and keeps what it saw of its input. */
class Probe : public gr::block
{
public:
    Probe()
        : gr::block("probe",
                    gr::io_signature::make(1, 1, sizeof(float)),
                    gr::io_signature::make(1, 1, sizeof(float)))
    {
    }

    void forecast(int, gr_vector_int &required) override
    {
        const gr::oaconv::input_state state = gr::oaconv::look_at_input(*this, 0);
        if (state.flagged_done && !state.over)
            sibling_seen = true;
        required[0] = state.flagged_done ? std::min(100, state.n_available) : 100;
    }

    int general_work(int n_out,
                     gr_vector_int &n_in,
                     gr_vector_const_void_star &,
                     gr_vector_void_star &) override
    {
        const long left = gr::oaconv::look_at_inputs(*this, 1).n_left;
        const int n = std::min({n_out, n_in[0], 100});
        if (left >= 0) {
            over_seen = true;
            if (left_at_end < 0)
                left_at_end = left;
        } else if (n == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        n_copied += n;
        consume_each(n);
        produce(0, n);
        return left == n ? WORK_DONE : WORK_CALLED_PRODUCE;
    }

    std::atomic<bool> sibling_seen{false}, over_seen{false};
    std::atomic<long> left_at_end{-1}, n_copied{0};
};

} // namespace

class EndOfInput : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(EndOfInput);
    CPPUNIT_TEST(an_input_is_over_when_the_block_above_has_ended);
    CPPUNIT_TEST(another_reader_that_ends_does_not_end_the_input);
    CPPUNIT_TEST_SUITE_END();

public:
    void an_input_is_over_when_the_block_above_has_ended()
    {
        for (const int n : {0, 1, 99, 100, 101, 12345}) {
            auto top = gr::make_top_block("test");
            auto probe = gnuradio::make_block_sptr<Probe>();
            auto head = gr::blocks::head::make(sizeof(float), uint64_t(n));
            top->connect(gr::blocks::null_source::make(sizeof(float)), 0, head, 0);
            top->connect(head, 0, probe, 0);
            top->connect(probe, 0, gr::blocks::null_sink::make(sizeof(float)), 0);
            top->run();
            CPPUNIT_ASSERT(probe->over_seen);
            CPPUNIT_ASSERT(!probe->sibling_seen);
            CPPUNIT_ASSERT(probe->left_at_end <= n);
            CPPUNIT_ASSERT_EQUAL(long(n), probe->n_copied.load());
        }
    }

    void another_reader_that_ends_does_not_end_the_input()
    {
        auto top = gr::make_top_block("test");
        auto probe = gnuradio::make_block_sptr<Probe>();
        auto source = gr::blocks::throttle::make(sizeof(float), 100e3);
        auto head = gr::blocks::head::make(sizeof(float), 1000);
        top->connect(gr::blocks::null_source::make(sizeof(float)), 0, source, 0);
        top->connect(source, 0, probe, 0);
        top->connect(probe, 0, gr::blocks::null_sink::make(sizeof(float)), 0);
        top->connect(source, 0, head, 0);
        top->connect(head, 0, gr::blocks::null_sink::make(sizeof(float)), 0);
        top->start();
        oac_test::wait_until("the end of another reader",
                             [&] { return probe->sibling_seen.load(); });
        top->stop();
        top->wait();
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EndOfInput);
