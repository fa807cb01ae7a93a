/* SPDX-License-Identifier: GPL-3.0-or-later
 * A plan is a function of the request and of the table of costs, and what it costs by that table
 * stays near the least. Run once for every table of costs/. */
#include "compare.h"
#include "filter.h"

#include <algorithm>
#include <cmath>
#include <cppunit/extensions/HelperMacros.h>
#include <cstdlib>
#include <filesystem>
#include <map>

using namespace oac_test;

namespace
{

/* What is asked for. Every channel has a row of its own, or all share one. */
struct Request {
    Type type;
    size_t n_channels, n_taps, hop = 0, max_hop = 0;
    bool shared = false;
};

/* What comes: N, L, hop and K. */
struct Plan {
    size_t n_fft, segment, hop, n_partitions;
};

struct Decision {
    Request request;
    const char *taken; /* by "auto" */
    Plan simd, volk;
};

constexpr oaconv_type real = OAC_REAL, real_taps = OAC_COMPLEX_REAL_TAPS, cplx = OAC_COMPLEX;

/* By the name of the table. When a change to the planner or to the tables moves plans on purpose,
 * the failed test prints the lines as they are to be. */
const std::map<std::string, std::vector<Decision>> all_decisions{
    {"even",
     {
         {{real, 1, 1}, "simd", {128, 128, 128, 1}, {64, 64, 128, 1}},
         {{real, 1, 64}, "simd", {256, 192, 192, 1}, {256, 192, 384, 1}},
         {{real, 1, 1000}, "simd", {4096, 3088, 3088, 1}, {2560, 1552, 3104, 1}},
         {{real_taps, 1, 64}, "simd", {256, 192, 192, 1}, {256, 192, 192, 1}},
         {{cplx, 1, 1}, "simd", {64, 64, 64, 1}, {64, 64, 64, 1}},
         {{cplx, 1, 64}, "simd", {256, 192, 192, 1}, {256, 192, 192, 1}},
         {{cplx, 1, 1000}, "simd", {4096, 3088, 3088, 1}, {4096, 3088, 3088, 1}},
         {{real, 1, 64, 1000}, "simd", {640, 512, 1000, 1}, {320, 256, 1000, 1}},
         {{cplx, 1, 1000, 300}, "simd", {640, 300, 300, 4}, {1536, 300, 300, 1}},
         {{real, 1, 3000, 250}, "simd", {512, 250, 250, 12}, {4096, 125, 250, 1}},
         {{cplx, 1, 1000, 16}, "simd", {64, 16, 16, 21}, {1024, 16, 16, 1}},
         {{real, 1, 64, 0, 100}, "simd", {128, 64, 64, 1}, {128, 48, 96, 1}},
         {{cplx, 1, 2000, 0, 256}, "simd", {512, 256, 256, 8}, {2560, 256, 256, 1}},
         {{cplx, 1, 200}, "simd", {768, 560, 560, 1}, {768, 560, 560, 1}},
         {{cplx, 16, 200}, "simd", {768, 560, 560, 1}, {768, 560, 560, 1}},
         {{cplx, 16, 200, 0, 0, true}, "simd", {768, 560, 560, 1}, {768, 560, 560, 1}},
         {{cplx, 1, 1000, 64}, "simd", {128, 64, 64, 16}, {1280, 64, 64, 1}},
         {{cplx, 4, 1000, 64}, "simd", {128, 64, 64, 16}, {1280, 64, 64, 1}},
         {{cplx, 4, 1000, 64, 0, true}, "simd", {128, 64, 64, 16}, {1280, 64, 64, 1}},
         {{cplx, 2, 5000, 64}, "simd", {192, 64, 64, 40}, {5120, 64, 64, 1}},
     }},
    {"volk_cheap",
     {
         {{real, 1, 1}, "volk", {128, 128, 128, 1}, {64, 64, 128, 1}},
         {{real, 1, 64}, "volk", {256, 192, 192, 1}, {256, 192, 384, 1}},
         {{real, 1, 1000}, "volk", {4096, 3088, 3088, 1}, {2560, 1552, 3104, 1}},
         {{real_taps, 1, 64}, "volk", {256, 192, 192, 1}, {256, 192, 192, 1}},
         {{cplx, 1, 1}, "volk", {64, 64, 64, 1}, {64, 64, 64, 1}},
         {{cplx, 1, 64}, "volk", {256, 192, 192, 1}, {256, 192, 192, 1}},
         {{cplx, 1, 1000}, "volk", {4096, 3088, 3088, 1}, {4096, 3088, 3088, 1}},
         {{real, 1, 64, 1000}, "volk", {640, 512, 1000, 1}, {320, 256, 1000, 1}},
         {{cplx, 1, 1000, 300}, "volk", {640, 300, 300, 4}, {1536, 300, 300, 1}},
         {{real, 1, 3000, 250}, "simd", {512, 250, 250, 12}, {4096, 125, 250, 1}},
         {{cplx, 1, 1000, 16}, "simd", {64, 16, 16, 21}, {1024, 16, 16, 1}},
         {{real, 1, 64, 0, 100}, "volk", {128, 64, 64, 1}, {128, 48, 96, 1}},
         {{cplx, 1, 2000, 0, 256}, "simd", {384, 192, 192, 11}, {2560, 256, 256, 1}},
         {{cplx, 1, 200}, "volk", {768, 560, 560, 1}, {768, 560, 560, 1}},
         {{cplx, 16, 200}, "volk", {768, 560, 560, 1}, {768, 560, 560, 1}},
         {{cplx, 16, 200, 0, 0, true}, "volk", {768, 560, 560, 1}, {768, 560, 560, 1}},
         {{cplx, 1, 1000, 64}, "simd", {128, 64, 64, 16}, {1280, 64, 64, 1}},
         {{cplx, 4, 1000, 64}, "simd", {128, 64, 64, 16}, {1280, 64, 64, 1}},
         {{cplx, 4, 1000, 64, 0, true}, "simd", {128, 64, 64, 16}, {1280, 64, 64, 1}},
         {{cplx, 2, 5000, 64}, "simd", {192, 64, 64, 40}, {5120, 64, 64, 1}},
     }},
    {"odd_dear",
     {
         {{real, 1, 1}, "simd", {128, 128, 128, 1}, {64, 64, 128, 1}},
         {{real, 1, 64}, "simd", {256, 192, 192, 1}, {256, 192, 384, 1}},
         {{real, 1, 1000}, "simd", {4096, 3088, 3088, 1}, {2048, 1040, 2080, 1}},
         {{real_taps, 1, 64}, "simd", {256, 192, 192, 1}, {256, 192, 192, 1}},
         {{cplx, 1, 1}, "simd", {64, 64, 64, 1}, {64, 64, 64, 1}},
         {{cplx, 1, 64}, "simd", {256, 192, 192, 1}, {256, 192, 192, 1}},
         {{cplx, 1, 1000}, "simd", {4096, 3088, 3088, 1}, {4096, 3088, 3088, 1}},
         {{real, 1, 64, 1000}, "simd", {256, 176, 1000, 1}, {256, 176, 1000, 1}},
         {{cplx, 1, 1000, 300}, "simd", {640, 300, 300, 4}, {2048, 300, 300, 1}},
         {{real, 1, 3000, 250}, "simd", {512, 250, 250, 12}, {4096, 125, 250, 1}},
         {{cplx, 1, 1000, 16}, "simd", {64, 16, 16, 21}, {1024, 16, 16, 1}},
         {{real, 1, 64, 0, 100}, "simd", {128, 64, 64, 1}, {128, 48, 96, 1}},
         {{cplx, 1, 2000, 0, 256}, "simd", {512, 256, 256, 8}, {2560, 256, 256, 1}},
         {{cplx, 1, 200}, "simd", {1024, 800, 800, 1}, {1024, 800, 800, 1}},
         {{cplx, 16, 200}, "simd", {1024, 800, 800, 1}, {1024, 800, 800, 1}},
         {{cplx, 16, 200, 0, 0, true}, "simd", {1024, 800, 800, 1}, {1024, 800, 800, 1}},
         {{cplx, 1, 1000, 64}, "simd", {128, 64, 64, 16}, {1280, 64, 64, 1}},
         {{cplx, 4, 1000, 64}, "simd", {128, 64, 64, 16}, {1280, 64, 64, 1}},
         {{cplx, 4, 1000, 64, 0, true}, "simd", {128, 64, 64, 16}, {1280, 64, 64, 1}},
         {{cplx, 2, 5000, 64}, "simd", {256, 64, 64, 27}, {5120, 64, 64, 1}},
     }},
    {"partitions_dear",
     {
         {{real, 1, 1}, "simd", {128, 128, 128, 1}, {64, 64, 128, 1}},
         {{real, 1, 64}, "simd", {256, 192, 192, 1}, {256, 192, 384, 1}},
         {{real, 1, 1000}, "simd", {4096, 3088, 3088, 1}, {2560, 1552, 3104, 1}},
         {{real_taps, 1, 64}, "simd", {256, 192, 192, 1}, {256, 192, 192, 1}},
         {{cplx, 1, 1}, "simd", {64, 64, 64, 1}, {64, 64, 64, 1}},
         {{cplx, 1, 64}, "simd", {256, 192, 192, 1}, {256, 192, 192, 1}},
         {{cplx, 1, 1000}, "simd", {4096, 3088, 3088, 1}, {4096, 3088, 3088, 1}},
         {{real, 1, 64, 1000}, "simd", {640, 512, 1000, 1}, {320, 256, 1000, 1}},
         {{cplx, 1, 1000, 300}, "simd", {1536, 300, 300, 1}, {1536, 300, 300, 1}},
         {{real, 1, 3000, 250}, "simd", {4096, 250, 250, 1}, {4096, 125, 250, 1}},
         {{cplx, 1, 1000, 16}, "simd", {1024, 16, 16, 1}, {1024, 16, 16, 1}},
         {{real, 1, 64, 0, 100}, "simd", {128, 64, 64, 1}, {128, 48, 96, 1}},
         {{cplx, 1, 2000, 0, 256}, "simd", {2560, 256, 256, 1}, {2560, 256, 256, 1}},
         {{cplx, 1, 200}, "simd", {768, 560, 560, 1}, {768, 560, 560, 1}},
         {{cplx, 16, 200}, "simd", {768, 560, 560, 1}, {768, 560, 560, 1}},
         {{cplx, 16, 200, 0, 0, true}, "simd", {768, 560, 560, 1}, {768, 560, 560, 1}},
         {{cplx, 1, 1000, 64}, "simd", {1280, 64, 64, 1}, {1280, 64, 64, 1}},
         {{cplx, 4, 1000, 64}, "simd", {1280, 64, 64, 1}, {1280, 64, 64, 1}},
         {{cplx, 4, 1000, 64, 0, true}, "simd", {1280, 64, 64, 1}, {1280, 64, 64, 1}},
         {{cplx, 2, 5000, 64}, "simd", {5120, 64, 64, 1}, {5120, 64, 64, 1}},
     }},
    {"far_dear",
     {
         {{real, 1, 1}, "simd", {128, 128, 128, 1}, {64, 64, 128, 1}},
         {{real, 1, 64}, "simd", {256, 192, 192, 1}, {256, 192, 384, 1}},
         {{real, 1, 1000}, "simd", {4096, 3088, 3088, 1}, {2560, 1552, 3104, 1}},
         {{real_taps, 1, 64}, "simd", {256, 192, 192, 1}, {256, 192, 192, 1}},
         {{cplx, 1, 1}, "simd", {64, 64, 64, 1}, {64, 64, 64, 1}},
         {{cplx, 1, 64}, "simd", {256, 192, 192, 1}, {256, 192, 192, 1}},
         {{cplx, 1, 1000}, "simd", {4096, 3088, 3088, 1}, {4096, 3088, 3088, 1}},
         {{real, 1, 64, 1000}, "simd", {640, 512, 1000, 1}, {320, 256, 1000, 1}},
         {{cplx, 1, 1000, 300}, "simd", {640, 300, 300, 4}, {1536, 300, 300, 1}},
         {{real, 1, 3000, 250}, "simd", {512, 250, 250, 12}, {4096, 125, 250, 1}},
         {{cplx, 1, 1000, 16}, "simd", {64, 16, 16, 21}, {1024, 16, 16, 1}},
         {{real, 1, 64, 0, 100}, "simd", {128, 64, 64, 1}, {128, 48, 96, 1}},
         {{cplx, 1, 2000, 0, 256}, "simd", {512, 256, 256, 8}, {2560, 256, 256, 1}},
         {{cplx, 1, 200}, "simd", {768, 560, 560, 1}, {768, 560, 560, 1}},
         {{cplx, 16, 200}, "simd", {512, 304, 304, 1}, {512, 304, 304, 1}},
         {{cplx, 16, 200, 0, 0, true}, "simd", {768, 560, 560, 1}, {768, 560, 560, 1}},
         {{cplx, 1, 1000, 64}, "simd", {128, 64, 64, 16}, {1280, 64, 64, 1}},
         {{cplx, 4, 1000, 64}, "simd", {1280, 64, 64, 1}, {1280, 64, 64, 1}},
         {{cplx, 4, 1000, 64, 0, true}, "simd", {1280, 64, 64, 1}, {1280, 64, 64, 1}},
         {{cplx, 2, 5000, 64}, "simd", {5120, 64, 64, 1}, {5120, 64, 64, 1}},
     }},
};

/* The table that this process reads: the name of its file, or "nominal". */
std::string table()
{
    const char *source = std::getenv("OACONV_COST_TABLE");
    CPPUNIT_ASSERT_MESSAGE("OACONV_COST_TABLE is not set", source && *source);
    return std::filesystem::path(source).stem();
}

oaconv_info plan_of(const char *backend, const Request &request, size_t threads = 1)
{
    Rows rows;
    for (size_t m = 0; m < (request.shared ? 1 : request.n_channels); m++) {
        rows.emplace_back(request.n_taps * tap_width(request.type));
        rows.back()[0] = 1.0f + static_cast<float>(m); /* no two alike */
    }
    return Filter(
               {request.type, backend, request.n_channels, request.hop, request.max_hop, threads},
               rows)
        .info();
}

std::string write(const Plan &p)
{
    return say("{", p.n_fft, ", ", p.segment, ", ", p.hop, ", ", p.n_partitions, "}");
}

std::string write(const oaconv_info &info)
{
    return write(Plan{info.n_fft, info.segment, info.hop, info.n_partitions});
}

/* As in the lists above. */
std::string write(const Request &r, const char *taken, const std::string &plans)
{
    static const char *const types[] = {"real", "real_taps", "cplx"};
    std::string text = say("{{", types[r.type], ", ", r.n_channels, ", ", r.n_taps);
    if (r.hop || r.max_hop || r.shared)
        text += say(", ", r.hop);
    if (r.max_hop || r.shared)
        text += say(", ", r.max_hop);
    if (r.shared)
        text += ", true";
    return say(text, "}, \"", taken, "\", ", plans, "},");
}

/* Numbers of taps that show every change of plan: all small ones, and then so many that no step
 * falls between them. */
std::vector<size_t> numbers_of_taps(size_t most)
{
    std::vector<size_t> list;
    for (size_t n = 1; n <= most; n += n < 64 ? 1 : n < 1024 ? 10 : 34)
        list.push_back(n);
    return list;
}

class plans_follow_costs : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(plans_follow_costs);
    CPPUNIT_TEST(decisions_are_pinned);
    CPPUNIT_TEST(cost_is_what_the_table_says);
    CPPUNIT_TEST(auto_takes_the_cheapest);
    CPPUNIT_TEST(same_request_same_plan_whatever_the_threads);
    CPPUNIT_TEST(channels_change_plans_through_memory_only);
    CPPUNIT_TEST(double_costs_twice);
    CPPUNIT_TEST(decimation_costs_less);
    CPPUNIT_TEST(chosen_hop_keeps_its_bound);
    CPPUNIT_TEST(no_other_hop_is_much_cheaper);
    CPPUNIT_TEST(more_taps_bring_no_step);
    CPPUNIT_TEST_SUITE_END();

    /* By the estimate, no P < Q with throughput(Q) > 1.10 throughput(P). */
    void check_steps(const char *backend, oaconv_type type, size_t n_channels, size_t most)
    {
        double dearest = 0;
        size_t at = 0;
        for (size_t n_taps : numbers_of_taps(most)) {
            const double cost = plan_of(backend, {type, n_channels, n_taps}).cost;
            CPPUNIT_ASSERT_MESSAGE(say(backend,
                                       " type ",
                                       type,
                                       " M=",
                                       n_channels,
                                       ": a sample costs ",
                                       dearest,
                                       " ns with ",
                                       at,
                                       " taps, ",
                                       cost,
                                       " with ",
                                       n_taps),
                                   dearest <= 1.10 * cost);
            if (cost > dearest) {
                dearest = cost;
                at = n_taps;
            }
        }
    }

public:
    void decisions_are_pinned()
    {
        if (table() == "nominal")
            return; /* measured anew now and then */
        const auto found = all_decisions.find(table());
        CPPUNIT_ASSERT_MESSAGE("no plans are pinned to table " + table(),
                               found != all_decisions.end());
        std::string wrong;
        for (const Decision &d : found->second) {
            const std::string taken = plan_of("auto", d.request).backend;
            const std::string simd = write(plan_of("simd", d.request));
            const std::string volk = write(plan_of("volk", d.request));
            if (taken != d.taken || simd != write(d.simd) || volk != write(d.volk))
                wrong += say("\n+ ",
                             write(d.request, taken.c_str(), simd + ", " + volk),
                             "\n- ",
                             write(d.request, d.taken, write(d.simd) + ", " + write(d.volk)));
        }
        CPPUNIT_ASSERT_MESSAGE("plans with table " + table() + " are not as pinned:" + wrong,
                               wrong.empty());
    }

    /* Where a transform of n points costs n log2(n) / 4: at the sizes of the table, and beyond. */
    void cost_is_what_the_table_says()
    {
        if (table() != "even")
            return;
        for (oaconv_type type : {OAC_REAL, OAC_COMPLEX})
            for (size_t n_taps : {1, 100, 3000, 40000, 150000}) {
                const oaconv_info info = plan_of("simd", {type, 1, n_taps});
                CPPUNIT_ASSERT_EQUAL(info.segment, info.hop);
                const double n = static_cast<double>(info.n_fft) / (type == OAC_REAL ? 2 : 1);
                const double expected = n * std::log2(n) / 4 / static_cast<double>(info.hop);
                CPPUNIT_ASSERT_DOUBLES_EQUAL(expected, info.cost, 1e-4 * expected);
            }
    }

    void auto_takes_the_cheapest()
    {
        for (const char *name : {"auto", "cpu"})
            for (oaconv_type type : all_types())
                for (const Request &request : {Request{type, 1, 1},
                                               {type, 3, 100},
                                               {type, 1, 1000},
                                               {type, 1, 40, 1000},
                                               {type, 1, 1000, 64}}) {
                    const oaconv_info chosen = plan_of(name, request),
                                      simd = plan_of("simd", request),
                                      volk = plan_of("volk", request);
                    const std::string label = write(request, chosen.backend, write(chosen));
                    CPPUNIT_ASSERT_MESSAGE(label, chosen.cost > 0);
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(
                        label, std::min(simd.cost, volk.cost), chosen.cost);
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(
                        label,
                        write(chosen.backend == std::string("simd") ? simd : volk),
                        write(chosen));
                }
    }

    void same_request_same_plan_whatever_the_threads()
    {
        for (const char *backend : {"auto", "simd", "volk"})
            for (oaconv_type type : all_types())
                for (const Request &request :
                     {Request{type, 5, 1}, {type, 5, 300}, {type, 5, 300, 16}}) {
                    const oaconv_info one = plan_of(backend, request);
                    for (size_t threads : {1, 2, 0}) {
                        const oaconv_info other = plan_of(backend, request, threads);
                        const std::string label = say(backend, ", ", threads, " threads");
                        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, write(one), write(other));
                        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, one.cost, other.cost);
                    }
                }
    }

    /* Where the near cache holds everything, and one hop of all channels does not fill the memory,
     * their number makes no difference; elsewhere more of them are never cheaper. */
    void channels_change_plans_through_memory_only()
    {
        const bool all_is_near = table() != "far_dear" && table() != "nominal";
        for (const char *backend : {"simd", "volk"})
            for (oaconv_type type : all_types())
                for (const Request &request :
                     {Request{type, 1, 1}, {type, 1, 500}, {type, 1, 1000}, {type, 1, 700, 32}}) {
                    const oaconv_info alone = plan_of(backend, request);
                    for (size_t n_channels : {3, 64}) {
                        Request more = request;
                        more.n_channels = n_channels;
                        const oaconv_info among = plan_of(backend, more);
                        const std::string label = write(more, backend, write(among));
                        if (all_is_near) {
                            CPPUNIT_ASSERT_EQUAL_MESSAGE(label, write(alone), write(among));
                            CPPUNIT_ASSERT_EQUAL_MESSAGE(label, alone.cost, among.cost);
                        }
                        /* A shorter hop may have been taken for a little more. */
                        CPPUNIT_ASSERT_MESSAGE(label, 1.06 * among.cost >= alone.cost);
                    }
                }
        if (table() == "far_dear") {
            const Request one{cplx, 1, 200}, many{cplx, 16, 200};
            CPPUNIT_ASSERT(write(plan_of("simd", one)) != write(plan_of("simd", many)));
        }
    }

    /* Transforms and bytes alike, so that the plan is the same: where all is near, and where
     * nothing is. */
    void double_costs_twice()
    {
        const bool all_is_near = table() != "far_dear" && table() != "nominal";
        for (oaconv_type type : all_types())
            for (Request request : {Request{type, 1, 1},
                                    {type, 1, 300},
                                    {type, 1, 700, 32},
                                    {type, 256, 4000, 4000}}) {
                const bool nothing_is_near = request.n_channels > 1;
                const oaconv_info single = plan_of("volk", request);
                request.type.precision = OAC_DOUBLE;
                const oaconv_info twice = plan_of("volk", request);
                const std::string label = write(request, "volk", write(twice));
                if (all_is_near || nothing_is_near) {
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(label, write(single), write(twice));
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(label, 2 * single.cost, twice.cost);
                }
                CPPUNIT_ASSERT_MESSAGE(label, 1.06 * twice.cost >= 2 * single.cost);
            }
    }

    /* One transform back for all branches, where filtering everything first needs as many as there
     * are branches. */
    void decimation_costs_less()
    {
        if (table() == "partitions_dear")
            return; /* a product costs more than a transform */
        for (const char *backend : {"auto", "simd", "volk"})
            for (oaconv_type type : all_types())
                for (Request request : {Request{type, 1, 1000},
                                        {type, 4, 1000},
                                        {type, 1, 5000},
                                        {type, 1, 5000, 4096}}) {
                    const double all = plan_of(backend, request).cost;
                    request.type.decimation = 8;
                    const oaconv_info some = plan_of(backend, request);
                    CPPUNIT_ASSERT_MESSAGE(
                        say(write(request, backend, write(some)), " ", some.cost, " of ", all),
                        some.cost < 0.75 * all);
                }
    }

    void chosen_hop_keeps_its_bound()
    {
        for (oaconv_type type : all_types())
            for (size_t n_taps : numbers_of_taps(4096)) {
                const std::string label = say("type ", type, " P=", n_taps);
                const oaconv_info info = plan_of("simd", {type, 1, n_taps});
                CPPUNIT_ASSERT_MESSAGE(label, info.hop <= std::max<size_t>(4 * n_taps, 512));
            }
    }

    /* No hop within the bound, a multiple of 16, costs less by more than a twentieth. Only those
     * that are worked off in whole vectors: the estimate does not know that others are copied. */
    void no_other_hop_is_much_cheaper()
    {
        for (oaconv_type type : {OAC_REAL, OAC_COMPLEX})
            for (size_t n_channels : {1, 64})
                for (size_t n_taps : {1, 25, 66, 130, 195, 510, 1154, 2557}) {
                    const size_t bound = std::max<size_t>(4 * n_taps, 512);
                    const double chosen = plan_of("simd", {type, n_channels, n_taps}).cost;
                    for (size_t hop = 16; hop <= bound;
                         hop += std::max<size_t>(hop / 256, 1) * 16) {
                        const oaconv_info other = plan_of("simd", {type, n_channels, n_taps, hop});
                        CPPUNIT_ASSERT_MESSAGE(say("type ",
                                                   type,
                                                   " M=",
                                                   n_channels,
                                                   " P=",
                                                   n_taps,
                                                   ": a sample costs ",
                                                   chosen,
                                                   " ns, and ",
                                                   other.cost,
                                                   " with hop ",
                                                   hop),
                                               other.segment % 16 != 0 ||
                                                   chosen <= 1.0501 * other.cost);
                    }
                }
    }

    void more_taps_bring_no_step()
    {
        if (table() == "odd_dear")
            return; /* its costs are steps */
        for (oaconv_type type : {OAC_REAL, OAC_COMPLEX}) {
            check_steps("simd", type, 1, 4096);
            check_steps("simd", type, 7, 1024);
        }
        check_steps("volk", OAC_COMPLEX, 1, 1024);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(plans_follow_costs);

} // namespace
