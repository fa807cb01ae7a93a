/* SPDX-License-Identifier: GPL-3.0-or-later
 * Threads that share the work of one call: each has its part once, and all are done when it ends.
 */
extern "C" {
#include "base/thread_pool.h"
}
#include "signals.h"

#include <algorithm>
#include <cppunit/extensions/HelperMacros.h>
#include <set>
#include <thread>

using namespace oac_test;

namespace
{

class pool : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(pool);
    CPPUNIT_TEST(every_worker_has_its_part_once);
    CPPUNIT_TEST(caller_is_a_worker);
    CPPUNIT_TEST(without_the_others_the_caller_does_all);
    CPPUNIT_TEST_SUITE_END();

    using Pool = std::unique_ptr<struct ::pool, void (*)(struct ::pool *)>;
    static Pool make(size_t n)
    {
        Pool made(oac_pool_create(n), oac_pool_destroy);
        CPPUNIT_ASSERT(made);
        CPPUNIT_ASSERT_EQUAL(n, oac_pool_workers(made.get()));
        return made;
    }

    struct Seen {
        std::vector<int> times; /* [worker]; no two threads write to one */
        std::vector<std::thread::id> threads;
    };
    static Seen run(const Pool &pool, size_t n, int times)
    {
        Seen seen{std::vector<int>(n), std::vector<std::thread::id>(n)};
        const auto job = [](void *context, size_t worker) {
            Seen *to = static_cast<Seen *>(context);
            to->times[worker]++;
            to->threads[worker] = std::this_thread::get_id();
        };
        for (int i = 0; i < times; i++)
            oac_pool_run(pool.get(), job, &seen);
        return seen;
    }

public:
    void every_worker_has_its_part_once()
    {
        for (const size_t n : {1, 2, 3, 8}) {
            const Seen seen = run(make(n), n, 2000);
            CPPUNIT_ASSERT(seen.times == std::vector<int>(n, 2000));
            const std::set<std::thread::id> different(seen.threads.begin(), seen.threads.end());
            CPPUNIT_ASSERT_EQUAL(n, different.size());
        }
    }

    void caller_is_a_worker()
    {
        CPPUNIT_ASSERT(run(make(3), 3, 1).threads[0] == std::this_thread::get_id());
    }

    void without_the_others_the_caller_does_all()
    {
        const Seen seen = run(make(1), 1, 5);
        CPPUNIT_ASSERT(seen.threads == std::vector<std::thread::id>{std::this_thread::get_id()});
        CPPUNIT_ASSERT(oac_pool_cores() >= 1);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(pool);

} // namespace
