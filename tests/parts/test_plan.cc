/* SPDX-License-Identifier: GPL-3.0-or-later
 * Laws of the planner, which is pure: by tables of costs made here, in each of which one thing is
 * dear or cheap, every plan is held against all that could have been made. */
extern "C" {
#include "plan/plan.h"
}
#include "signals.h"

#include <algorithm>
#include <cmath>
#include <cppunit/extensions/HelperMacros.h>
#include <iterator>
#include <string>
#include <vector>

using namespace oac_test;

namespace
{

/* Transforms of n points cost a factor of n log2(n): one factor for each method, and sizes that are
 * no power of two `odd` times as much. Without factors, the nominal costs. */
struct Costs {
    const char *name;
    double pairs, folded, product, far_byte, near_bytes, odd;

    cost_table table() const
    {
        cost_table made = {};
        if (pairs == 0) {
            oac_cost_set_nominal(&made);
            return made;
        }
        made.product = product;
        made.far_byte = far_byte;
        made.near_bytes = near_bytes;
        for (int method = 0; method < N_COST_METHODS; method++)
            for (int real = 0; real < 2; real++)
                for (int i = 0; i < N_COST_SIZES; i++) {
                    const size_t n = oac_cost_size(i);
                    const double each = method == COST_PAIRS ? pairs : folded;
                    made.block[method][real][i] =
                        each * double(n) * std::log2(double(n)) * (n & (n - 1) ? odd : 1);
                }
        return made;
    }
};

const Costs ALL_COSTS[] = {{"nominal", 0, 0, 0, 0, 0, 0},
                           {"even", 0.25, 0.25, 0.1, 0.001, 1e12, 1},
                           {"volk cheap", 0.1, 0.4, 0.1, 0.001, 1e12, 1},
                           {"odd sizes dear", 0.5, 0.25, 0.1, 0.001, 1e12, 1.5},
                           {"partitions dear", 0.5, 0.25, 20, 0.001, 1e12, 1},
                           {"products free", 0.5, 0.25, 0, 0, 1e12, 1},
                           {"far memory dear", 0.5, 0.25, 0.1, 1, 65536, 1}};

plan_request request_of(cost_method method, oaconv_type type, size_t n_channels, size_t n_taps)
{
    plan_request request = {};
    request.type = type;
    request.method = method;
    request.n_channels = request.n_rows = n_channels;
    request.n_taps = n_taps;
    request.decimation = 1;
    return request;
}

plan plan_of(const plan_request &request, const cost_table &costs)
{
    plan made;
    oac_plan_init(&made, &request, &costs);
    return made;
}

/* ---- the search, written anew ---- */

/* N, L and K of a plan without decimation. */
struct Trial {
    size_t n_fft, segment, partition, n_partitions;
};

bool is_folded(const plan_request &r)
{
    return r.type == OAC_REAL && r.method == COST_FOLDED;
}

size_t together(const plan_request &r)
{
    return r.type == OAC_REAL && r.method == COST_PAIRS ? 2 : 1;
}

/* Nanoseconds per sample: a transform there and back, a product with each partition, and what comes
 * from memory that is not near, over the new samples of a block. */
double cost_of(const plan_request &r, const cost_table &costs, const Trial &t)
{
    const double n = double(t.n_fft) / (is_folded(r) ? 2 : 1), K = double(t.n_partitions);
    double block = oac_cost_of_block(&costs, r.method, r.type == OAC_REAL, size_t(n));
    if (t.n_partitions > 1)
        block += K * n * costs.product;
    const double past = (K - 1) * double(t.partition / t.segment) + 1;
    const double bytes = 8 * n * (K * double(r.n_rows) + (K > 1 ? past * double(r.n_channels) : 0));
    if (bytes > costs.near_bytes)
        block += 8 * n * K * (K > 1 ? 2 : 1) * costs.far_byte;
    return block / double(together(r) * t.segment);
}

/* 1, 3 and 5 times powers of two, up to what no plan of these tests needs. */
std::vector<size_t> sizes(const plan_request &r)
{
    std::vector<size_t> list;
    for (size_t power = r.method == COST_FOLDED ? 64 : 16; power <= 1 << 17; power *= 2)
        for (size_t factor : {1, 3, 5})
            list.push_back(factor * power * (is_folded(r) ? 2 : 1));
    return list;
}

/* The least cost of all plans whose hop is at most so long: every size, every segment of whole
 * vectors, all taps in one block or in up to 8 parts. */
double least_cost(const plan_request &r, const cost_table &costs, size_t longest_hop)
{
    double least = HUGE_VAL;
    for (const size_t N : sizes(r))
        for (size_t L = 16; L < N && L * together(r) <= longest_hop; L += 16) {
            if (L + r.n_taps - 1 <= N)
                least = std::min(least, cost_of(r, costs, {N, L, r.n_taps, 1}));
            const size_t part = (N - L + 1) / L * L;
            const size_t K = part ? (r.n_taps + part - 1) / part : 0;
            if (r.method == COST_FOLDED && L <= N / 2 && K > 1 && K <= 8)
                least = std::min(least, cost_of(r, costs, {N, L, part, K}));
        }
    return least;
}

size_t bound(size_t n_taps)
{
    return std::max<size_t>(4 * n_taps, 512);
}

std::string label(const Costs &costs, const plan_request &r, const plan &p)
{
    return say(costs.name,
               r.method == COST_PAIRS ? ", pairs" : ", folded",
               ", type ",
               r.type,
               ", M=",
               r.n_channels,
               ", P=",
               r.n_taps,
               ": N=",
               p.n_fft,
               " L=",
               p.segment,
               " hop=",
               p.hop,
               " K=",
               p.n_partitions,
               ", ",
               p.cost,
               " ns");
}

/* Calls what(costs, table, request) for every table, method, type and number of channels. */
template <class What>
void for_all(const std::vector<size_t> &numbers_of_taps, const What &what)
{
    for (const Costs &costs : ALL_COSTS) {
        const cost_table table = costs.table();
        for (const cost_method method : {COST_PAIRS, COST_FOLDED})
            for (const oaconv_type type : {OAC_REAL, OAC_COMPLEX})
                for (const size_t n_channels : {1, 16})
                    for (const size_t n_taps : numbers_of_taps)
                        what(costs, table, request_of(method, type, n_channels, n_taps));
    }
}

class planner : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(planner);
    CPPUNIT_TEST(cost_is_what_the_table_says);
    CPPUNIT_TEST(near_the_least_of_an_exhaustive_search);
    CPPUNIT_TEST(never_dearer_than_its_neighbors);
    CPPUNIT_TEST(hops_keep_their_bounds);
    CPPUNIT_TEST(more_taps_never_cost_less);
    CPPUNIT_TEST(decimation_costs_less_than_all_samples);
    CPPUNIT_TEST(channels_count_through_memory_only);
    CPPUNIT_TEST(double_costs_twice);
    CPPUNIT_TEST_SUITE_END();

public:
    void cost_is_what_the_table_says()
    {
        for_all({1, 64, 200, 1000, 5000},
                [](const Costs &costs, const cost_table &table, plan_request r) {
                    for (const size_t hop : {size_t{0}, size_t{64}, size_t{256}}) {
                        r.hop = hop;
                        const plan p = plan_of(r, table);
                        if (p.hop != together(r) * p.segment)
                            continue; /* several transforms, of which the last may be shorter */
                        const double expected =
                            cost_of(r, table, {p.n_fft, p.segment, p.partition, p.n_partitions});
                        CPPUNIT_ASSERT_DOUBLES_EQUAL_MESSAGE(
                            label(costs, r, p), expected, p.cost, 1e-9 * expected);
                    }
                });
    }

    void near_the_least_of_an_exhaustive_search()
    {
        for_all({1, 25, 64, 200, 510, 1154, 2557},
                [](const Costs &costs, const cost_table &table, const plan_request &r) {
                    const plan p = plan_of(r, table);
                    const double least = least_cost(r, table, bound(r.n_taps));
                    CPPUNIT_ASSERT_MESSAGE(say(label(costs, r, p), ", and ", least, " is possible"),
                                           p.cost <= 1.0501 * least);
                });
    }

    /* With a hop that is given there is nothing to trade, and the cheapest size is taken. */
    void never_dearer_than_its_neighbors()
    {
        for_all({1, 64, 200, 1000},
                [](const Costs &costs, const cost_table &table, plan_request r) {
                    for (const size_t hop : {size_t{64}, size_t{192}, size_t{1024}}) {
                        r.hop = hop;
                        const plan p = plan_of(r, table);
                        CPPUNIT_ASSERT_EQUAL_MESSAGE(label(costs, r, p), hop, p.hop);
                        for (const size_t N : sizes(r)) {
                            plan_request other = r;
                            other.n_fft = N;
                            other.segment = hop / together(r);
                            if (!oac_plan_exists(&other))
                                continue;
                            const plan neighbor = plan_of(other, table);
                            CPPUNIT_ASSERT_MESSAGE(
                                say(label(costs, r, p), "; ", label(costs, other, neighbor)),
                                p.cost <= neighbor.cost * (1 + 1e-12));
                        }
                    }
                });
    }

    void hops_keep_their_bounds()
    {
        for_all({1, 2, 63, 64, 65, 300, 1000, 4096, 20000},
                [](const Costs &costs, const cost_table &table, plan_request r) {
                    plan p = plan_of(r, table);
                    CPPUNIT_ASSERT_MESSAGE(label(costs, r, p), p.hop <= bound(r.n_taps));
                    for (const size_t D : {1, 8, 100})
                        for (const size_t max_hop : {100, 256, 5000}) {
                            r.max_hop = max_hop;
                            r.decimation = D;
                            p = plan_of(r, table);
                            CPPUNIT_ASSERT_MESSAGE(say(label(costs, r, p), " D=", D),
                                                   p.hop <= max_hop && p.hop % D == 0 && p.hop > 0);
                        }
                });
    }

    /* But for what a shorter hop may cost more than the cheapest, and what whole vectors and the
     * steps from size to size take: a tenth in all. Not for pairs of real segments, both of which
     * the bound of the hop must hold: there it is up to an eighth. */
    void more_taps_never_cost_less()
    {
        for (const Costs &costs : ALL_COSTS) {
            if (costs.odd > 1)
                continue; /* its costs are steps */
            const cost_table table = costs.table();
            for (const cost_method method : {COST_PAIRS, COST_FOLDED})
                for (const oaconv_type type : {OAC_REAL, OAC_COMPLEX}) {
                    const bool in_pairs = together(request_of(method, type, 1, 1)) > 1;
                    const double step = in_pairs ? 1.125 : 1.10;
                    double dearest = 0;
                    for (size_t n_taps = 1; n_taps < 6000;
                         n_taps += n_taps < 64 ? 1 : n_taps / 64) {
                        const plan_request r = request_of(method, type, 1, n_taps);
                        const plan p = plan_of(r, table);
                        CPPUNIT_ASSERT_MESSAGE(say(label(costs, r, p), ", fewer taps ", dearest),
                                               dearest <= step * p.cost);
                        dearest = std::max(dearest, p.cost);
                    }
                }
        }
    }

    void decimation_costs_less_than_all_samples()
    {
        for_all({1000, 5000}, [](const Costs &costs, const cost_table &table, plan_request r) {
            if (costs.product > 1 || (costs.far_byte == 1 && r.n_channels > 1))
                return; /* a product, or its spectrum, costs more than a transform */
            const double all = plan_of(r, table).cost;
            r.decimation = 8;
            const plan p = plan_of(r, table);
            CPPUNIT_ASSERT_MESSAGE(say(label(costs, r, p), ", all: ", all), p.cost < 0.75 * all);
        });
    }

    void channels_count_through_memory_only()
    {
        for_all({1, 200, 1000}, [](const Costs &costs, const cost_table &table, plan_request r) {
            const plan among = plan_of(r, table);
            r.n_channels = r.n_rows = 1;
            const plan alone = plan_of(r, table);
            if (table.near_bytes > 1e9) {
                CPPUNIT_ASSERT_EQUAL_MESSAGE(label(costs, r, among), alone.n_fft, among.n_fft);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(label(costs, r, among), alone.segment, among.segment);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(label(costs, r, among), alone.cost, among.cost);
            }
            /* A shorter hop may have been taken for a little more. */
            CPPUNIT_ASSERT_MESSAGE(label(costs, r, among), 1.06 * among.cost >= alone.cost);
        });
        const Costs &far = ALL_COSTS[std::size(ALL_COSTS) - 1];
        const plan_request one = request_of(COST_FOLDED, OAC_COMPLEX, 1, 200),
                           many = request_of(COST_FOLDED, OAC_COMPLEX, 16, 200);
        CPPUNIT_ASSERT(plan_of(one, far.table()).n_fft != plan_of(many, far.table()).n_fft);
    }

    /* Transforms and bytes alike, so that the plan is the same where all is near. */
    void double_costs_twice()
    {
        for_all({1, 300, 1000}, [](const Costs &costs, const cost_table &table, plan_request r) {
            if (r.method != COST_PAIRS || table.near_bytes < 1e9)
                return;
            const plan single = plan_of(r, table);
            r.precision = OAC_DOUBLE;
            const plan twice = plan_of(r, table);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(label(costs, r, twice), single.n_fft, twice.n_fft);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(label(costs, r, twice), 2 * single.cost, twice.cost);
        });
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(planner);

} // namespace
