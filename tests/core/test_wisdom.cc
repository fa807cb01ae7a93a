/* SPDX-License-Identifier: GPL-3.0-or-later
 * Beside a program that plans with FFTW's threads, whoever comes first, FFTW understands the wisdom
 * that the program has kept, and neither changes what the other one has asked FFTW for. */
#include "child.h"
#include "compare.h"
#include "filter.h"

#include <cppunit/extensions/HelperMacros.h>
#include <cstdlib>
#include <fftw3.h>
#include <filesystem>
#include <memory>
#include <unistd.h>

using namespace oac_test;

namespace
{

/* FFTW in one precision. */
struct Fftw {
    const char *name;
    oaconv_precision precision;
    int (*init_threads)();
    void (*cleanup_threads)();
    void (*plan_with_n)(int);
    int (*planner_n)();
    char *(*export_wisdom)();
    int (*import_wisdom)(const char *);
    bool (*plan)(int n, unsigned flags);
};

template <class Complex, class Plan, Plan (*make)(int, Complex *, Complex *, int, unsigned)>
bool plan_of(int n, unsigned flags)
{
    std::vector<double> memory(4 * size_t(n));
    Complex *at = reinterpret_cast<Complex *>(memory.data());
    return make(n, at, at + n, FFTW_FORWARD, flags);
}

const Fftw precisions[] = {{"single",
                            OAC_SINGLE,
                            fftwf_init_threads,
                            fftwf_cleanup_threads,
                            fftwf_plan_with_nthreads,
                            fftwf_planner_nthreads,
                            fftwf_export_wisdom_to_string,
                            fftwf_import_wisdom_from_string,
                            plan_of<fftwf_complex, fftwf_plan, fftwf_plan_dft_1d>},
                           {"double",
                            OAC_DOUBLE,
                            fftw_init_threads,
                            fftw_cleanup_threads,
                            fftw_plan_with_nthreads,
                            fftw_planner_nthreads,
                            fftw_export_wisdom_to_string,
                            fftw_import_wisdom_from_string,
                            plan_of<fftw_complex, fftw_plan, fftw_plan_dft_1d>}};

using Text = std::unique_ptr<char, decltype(&std::free)>;

Text text(char *made)
{
    CPPUNIT_ASSERT(made);
    return {made, std::free};
}

/* What a program with threads and, where it is asked to, a filter in its process do in turn. */
struct Step {
    const char *name;
    void (*act)(const Fftw &);
};

void filter(const Fftw &fftw)
{
    Random random(1);
    const Type type{OAC_COMPLEX, fftw.precision};
    Filter made({type, "volk", 0, 500}, random.taps(type, {100}));
}

void export_ours(const Fftw &fftw)
{
    text(oaconv_export_wisdom(fftw.precision));
}

void import_ours(const Fftw &fftw)
{
    CPPUNIT_ASSERT(!oaconv_import_wisdom(fftw.precision, "(no wisdom)"));
}

void start_program(const Fftw &fftw)
{
    CPPUNIT_ASSERT(fftw.init_threads());
    fftw.plan_with_n(1);
    CPPUNIT_ASSERT(fftw.plan(60, FFTW_MEASURE));
}

void clean_up(const Fftw &fftw)
{
    fftw.cleanup_threads();
}

const std::vector<std::vector<Step>> orders{
    {{"program", start_program}, {"filter", filter}},
    {{"filter", filter}, {"program", start_program}},
    {{"export", export_ours}, {"program", start_program}, {"filter", filter}},
    {{"import", import_ours}, {"program", start_program}, {"filter", filter}},
    {{"program", start_program}, {"clean up", clean_up}, {"filter", filter}},
    {{"filter", filter}},
};

constexpr int kept_size = 640;

class wisdom : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(wisdom);
    CPPUNIT_TEST(of_the_program_is_understood_and_kept);
    CPPUNIT_TEST(goes_from_one_process_to_the_other);
    CPPUNIT_TEST(threads_of_the_program_are_not_ours);
    CPPUNIT_TEST_SUITE_END();

    static std::string read_kept(int from)
    {
        std::string kept;
        char bytes[4096];
        for (ssize_t n; (n = read(from, bytes, sizeof bytes)) > 0;)
            kept.append(bytes, size_t(n));
        return kept;
    }

    /* What a process leaves to others. */
    static std::string in_a_process(const std::function<std::string()> &make)
    {
        int ends[2];
        CPPUNIT_ASSERT_EQUAL(0, pipe(ends)); /* wisdom of a few plans fits into it */
        in_child("wisdom is made", [&] {
            const std::string made = make();
            CPPUNIT_ASSERT_EQUAL(ssize_t(made.size()), write(ends[1], made.data(), made.size()));
        });
        close(ends[1]);
        const std::string made = read_kept(ends[0]);
        close(ends[0]);
        return made;
    }

    static std::string made_by_program(const Fftw &fftw)
    {
        return in_a_process([&] {
            start_program(fftw);
            CPPUNIT_ASSERT(fftw.plan(kept_size, FFTW_MEASURE));
            return std::string(text(fftw.export_wisdom()).get());
        });
    }

public:
    void of_the_program_is_understood_and_kept()
    {
        for (const Fftw &fftw : precisions) {
            const std::string kept = made_by_program(fftw);
            for (const std::vector<Step> &order : orders) {
                std::string label = fftw.name;
                for (const Step &step : order)
                    label += say(", ", step.name);
                in_child(label, [&] {
                    for (const Step &step : order)
                        step.act(fftw);
                    CPPUNIT_ASSERT(fftw.import_wisdom(kept.c_str()));
                    CPPUNIT_ASSERT(fftw.plan(kept_size, FFTW_MEASURE | FFTW_WISDOM_ONLY));
                });
            }
        }
    }

    void goes_from_one_process_to_the_other()
    {
        for (const Fftw &fftw : precisions) {
            const std::string theirs = made_by_program(fftw);
            in_child("the program's is ours",
                     [&] { CPPUNIT_ASSERT(oaconv_import_wisdom(fftw.precision, theirs.c_str())); });
            const std::string ours = in_a_process([&] {
                filter(fftw);
                return std::string(text(oaconv_export_wisdom(fftw.precision)).get());
            });
            in_child("ours is the program's", [&] {
                start_program(fftw);
                CPPUNIT_ASSERT(fftw.import_wisdom(ours.c_str()));
            });
        }
    }

    /* FFTW would start threads in process(). */
    void threads_of_the_program_are_not_ours()
    {
        for (const Fftw &fftw : precisions)
            in_child(fftw.name, [&] {
                CPPUNIT_ASSERT(fftw.init_threads());
                fftw.plan_with_n(3);
                Random random(2);
                const Type type{OAC_COMPLEX, fftw.precision};
                Filter made({type, "volk", 0, 200000, 0, 1}, random.taps(type, {1000}));
                CPPUNIT_ASSERT_EQUAL(3, fftw.planner_n());
                const size_t hop = made.info().hop;
                Rows y;
                made.process(random.signal(type, 1, hop), 0, hop, y, random);
                const std::filesystem::directory_iterator tasks("/proc/self/task");
                CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{1}, std::distance(begin(tasks), end(tasks)));
            });
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(wisdom);

} // namespace
