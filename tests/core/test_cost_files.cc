/* SPDX-License-Identifier: GPL-3.0-or-later
 * OACONV_COST_TABLE: a file is read if it is good, and costs a line on stderr if it is not; only
 * the cache is ever written. */
#include "process.h"
#include "signals.h"

#include <cppunit/extensions/HelperMacros.h>
#include <iostream>
#include <unistd.h>

using namespace oac_test;
namespace fs = std::filesystem;

namespace
{

using Environment = std::map<std::string, std::string>;

struct Fault {
    const char *name;
    std::string text;
};

/* A good table. */
const std::string &good_text()
{
    static const std::string text = read_file(fs::path(OAC_COSTS_FOLDER) / "volk_cheap.txt");
    return text;
}

/* The good table with the number of one line replaced. */
std::string with_number(const std::string &line, const std::string &number)
{
    const size_t begin = good_text().find("\n" + line + " ") + line.size() + 2;
    const size_t end = good_text().find('\n', begin);
    CPPUNIT_ASSERT(begin < end && end != std::string::npos);
    return good_text().substr(0, begin) + number + good_text().substr(end);
}

std::vector<Fault> faults()
{
    const std::string &good = good_text();
    std::string swapped = good;
    const size_t word = swapped.find("folded");
    swapped.replace(word, 6, "pairs ");
    return {{"empty", ""},
            {"another title", "oaconv costs 0" + good.substr(good.find('\n'))},
            {"truncated in a line", good.substr(0, good.size() / 2)},
            {"without its last line", good.substr(0, good.rfind('\n', good.size() - 2) + 1)},
            {"one line of another name", swapped},
            {"a word", with_number("product", "dear")},
            {"not a number", with_number("block pairs complex 64", "nan")},
            {"infinite", with_number("near_bytes", "inf")},
            {"beyond all numbers", with_number("near_bytes", "1e999")},
            {"a comma for a point", with_number("product", "1,5")},
            {"a word after the number", with_number("product", "0.1dear")},
            {"negative", with_number("block folded real 96", "-5")},
            {"zero", with_number("far_byte", "0")}};
}

std::string joined(const std::vector<std::string> &lines)
{
    std::string text;
    for (const std::string &line : lines)
        text += "\n  " + line;
    return text;
}

/* The number of FFTW plans that were made by the time that filters of "simd" were. Measuring makes
 * some. */
int n_planned(const Outcome &outcome)
{
    const std::string key = "FFTW plans by then: ";
    for (const std::string &line : outcome.out)
        if (line.rfind(key, 0) == 0)
            return std::stoi(line.substr(key.size()));
    CPPUNIT_FAIL("the probe says nothing of plans:" + joined(outcome.out));
    return -1;
}

std::vector<double> costs_of(const Outcome &outcome)
{
    std::vector<double> costs;
    for (const std::string &line : outcome.out)
        if (line.rfind("plan ", 0) == 0)
            costs.push_back(std::stod(line.substr(line.rfind(' '))));
    return costs;
}

/* To the digits that a file has; where two plans cost nearly the same, the other may be taken. */
void expect_same_costs(const Outcome &a, const Outcome &b)
{
    const std::vector<double> first = costs_of(a), second = costs_of(b);
    CPPUNIT_ASSERT(!first.empty());
    CPPUNIT_ASSERT_EQUAL(first.size(), second.size());
    for (size_t i = 0; i < first.size(); i++)
        CPPUNIT_ASSERT_DOUBLES_EQUAL(first[i], second[i], 0.06 * first[i]);
}

void expect_silent(const std::string &label, const Outcome &outcome)
{
    CPPUNIT_ASSERT_MESSAGE(label + ": the probe failed" + joined(outcome.out), outcome.good);
    CPPUNIT_ASSERT_MESSAGE(label + joined(outcome.err), outcome.err.empty());
}

void expect_one_line(const std::string &label, const Outcome &outcome, const std::string &named)
{
    const std::string said = label + ", said:" + joined(outcome.err);
    CPPUNIT_ASSERT_MESSAGE(label + ": the probe failed" + joined(outcome.out), outcome.good);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(said, size_t{1}, outcome.err.size());
    CPPUNIT_ASSERT_MESSAGE(said, outcome.err[0].rfind("oaconv: ", 0) == 0);
    CPPUNIT_ASSERT_MESSAGE(said, outcome.err[0].find(named) != std::string::npos);
    CPPUNIT_ASSERT_MESSAGE(said, outcome.err[0].find("measured") != std::string::npos);
}

class cost_files : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(cost_files);
    CPPUNIT_TEST(nominal_measures_and_writes_nothing);
    CPPUNIT_TEST(unset_measures_and_writes_nothing);
    CPPUNIT_TEST(file_is_read_and_not_written);
    CPPUNIT_TEST(bad_file_costs_a_line);
    CPPUNIT_TEST(missing_file_costs_a_line);
    CPPUNIT_TEST(second_process_reads_what_the_first_has_written);
    CPPUNIT_TEST(cache_is_under_home_without_xdg_cache_home);
    CPPUNIT_TEST(every_kernel_has_a_cache_of_its_own);
    CPPUNIT_TEST(bad_cache_costs_a_line_and_is_replaced);
    CPPUNIT_TEST(folder_in_the_place_of_the_cache_costs_a_line);
    CPPUNIT_TEST(folder_that_cannot_be_written_costs_a_line);
    CPPUNIT_TEST(file_that_cannot_be_read_costs_a_line);
    CPPUNIT_TEST_SUITE_END();

    Folder d_folder;

    Outcome probe(const std::string &table, Environment more = {}) const
    {
        more.insert({"HOME", d_folder.path()});
        more.insert({"XDG_CACHE_HOME", d_folder.path() / "cache"});
        more.insert({"OACONV_COST_TABLE", table});
        return run(OAC_PROBE, more);
    }

    /* The only file in the folder. */
    fs::path the_file() const
    {
        const std::vector<fs::path> files = d_folder.files();
        CPPUNIT_ASSERT_EQUAL(size_t{1}, files.size());
        return files[0];
    }

public:
    void nominal_measures_and_writes_nothing()
    {
        const Outcome first = probe("nominal"), second = probe("nominal");
        expect_silent("nominal", first);
        CPPUNIT_ASSERT_EQUAL(0, n_planned(first));
        CPPUNIT_ASSERT_EQUAL(joined(first.out), joined(second.out));
        CPPUNIT_ASSERT(fs::is_empty(d_folder.path()));
    }

    void unset_measures_and_writes_nothing()
    {
        const Outcome outcome = probe("");
        expect_silent("measured", outcome);
        CPPUNIT_ASSERT(n_planned(outcome) > 0);
        CPPUNIT_ASSERT(fs::is_empty(d_folder.path()));
    }

    void file_is_read_and_not_written()
    {
        const fs::path file = d_folder.path() / "costs of mine.txt";
        write_file(file, good_text());
        const auto written = fs::last_write_time(file);
        const Outcome first = probe(file), second = probe(file);
        expect_silent("a file", first);
        CPPUNIT_ASSERT_EQUAL(0, n_planned(first));
        CPPUNIT_ASSERT_EQUAL(joined(first.out), joined(second.out));
        CPPUNIT_ASSERT(joined(first.out) != joined(probe("nominal").out));
        CPPUNIT_ASSERT_EQUAL(file, the_file());
        CPPUNIT_ASSERT_EQUAL(good_text(), read_file(file));
        CPPUNIT_ASSERT(written == fs::last_write_time(file));
    }

    void bad_file_costs_a_line()
    {
        const fs::path file = d_folder.path() / "costs.txt";
        for (const Fault &fault : faults()) {
            write_file(file, fault.text);
            expect_one_line(fault.name, probe(file), file);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(fault.name, fault.text, read_file(file));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(fault.name, file, the_file());
        }
        expect_one_line("a folder", probe(d_folder.path()), d_folder.path());
    }

    void missing_file_costs_a_line()
    {
        const Outcome outcome = probe("/no/such/file");
        expect_one_line("/no/such/file", outcome, "/no/such/file");
        CPPUNIT_ASSERT(n_planned(outcome) > 0);
        CPPUNIT_ASSERT(fs::is_empty(d_folder.path()));
    }

    void second_process_reads_what_the_first_has_written()
    {
        const Outcome first = probe("cache");
        expect_silent("first", first);
        CPPUNIT_ASSERT(n_planned(first) > 0);
        const fs::path file = the_file();
        CPPUNIT_ASSERT_EQUAL(d_folder.path() / "cache", file.parent_path());
        const auto written = fs::last_write_time(file);
        const std::string text = read_file(file);
        const Outcome second = probe("cache"), third = probe(file);
        expect_silent("second", second);
        CPPUNIT_ASSERT_EQUAL(0, n_planned(second));
        expect_silent("third, by its path", third);
        expect_same_costs(first, second);
        CPPUNIT_ASSERT_EQUAL(joined(second.out), joined(third.out));
        CPPUNIT_ASSERT_EQUAL(file, the_file());
        CPPUNIT_ASSERT_EQUAL(text, read_file(file));
        CPPUNIT_ASSERT(written == fs::last_write_time(file));
    }

    void cache_is_under_home_without_xdg_cache_home()
    {
        expect_silent("no XDG_CACHE_HOME", probe("cache", {{"XDG_CACHE_HOME", ""}}));
        CPPUNIT_ASSERT_EQUAL(d_folder.path() / ".cache", the_file().parent_path());
        const Outcome outcome = probe("cache", {{"XDG_CACHE_HOME", ""}, {"HOME", ""}});
        expect_one_line("no HOME either", outcome, "HOME");
        the_file();
    }

    void every_kernel_has_a_cache_of_its_own()
    {
        probe("cache", {{"OACONV_SIMD", "generic"}});
        the_file();
        probe("cache", {{"OACONV_SIMD", "none"}});
        CPPUNIT_ASSERT_EQUAL(size_t{2}, d_folder.files().size());
        const Outcome outcome = probe("cache", {{"OACONV_SIMD", "generic"}});
        CPPUNIT_ASSERT_EQUAL(0, n_planned(outcome));
        CPPUNIT_ASSERT_EQUAL(size_t{2}, d_folder.files().size());
    }

    void bad_cache_costs_a_line_and_is_replaced()
    {
        probe("cache");
        const fs::path file = the_file();
        const std::string text = read_file(file);
        for (const std::string &bad : {std::string(), text.substr(0, text.size() / 2)}) {
            write_file(file, bad);
            expect_one_line("bad cache", probe("cache"), file);
            CPPUNIT_ASSERT(bad != read_file(file));
            expect_silent("replaced", probe("cache"));
            CPPUNIT_ASSERT_EQUAL(file, the_file());
        }
    }

    void folder_in_the_place_of_the_cache_costs_a_line()
    {
        probe("cache");
        const fs::path file = the_file();
        fs::remove(file);
        fs::create_directory(file);
        expect_one_line("a folder", probe("cache"), file);
        CPPUNIT_ASSERT(d_folder.files().empty());
    }

    /* Missing, with no folder to make it in; below something that is no folder; not ours. */
    void folder_that_cannot_be_written_costs_a_line()
    {
        const fs::path missing = d_folder.path() / "not" / "there";
        for (const std::string &folder : {missing.string(), std::string("/dev/null/cache")})
            expect_one_line(folder, probe("cache", {{"XDG_CACHE_HOME", folder}}), folder);
        CPPUNIT_ASSERT(fs::is_empty(d_folder.path()));
        if (geteuid() == 0) {
            std::cout << "skipped: a cache folder without write permission, root may write"
                      << std::endl;
            return;
        }
        const fs::path folder = d_folder.path() / "cache";
        fs::create_directory(folder);
        fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec);
        expect_one_line("read only", probe("cache"), folder);
        CPPUNIT_ASSERT(d_folder.files().empty());
    }

    void file_that_cannot_be_read_costs_a_line()
    {
        if (geteuid() == 0) {
            std::cout << "skipped: a cost table without read permission, root may read"
                      << std::endl;
            return;
        }
        const fs::path file = d_folder.path() / "costs.txt";
        write_file(file, good_text());
        fs::permissions(file, fs::perms::none);
        expect_one_line("unreadable", probe(file), file);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(cost_files);

} // namespace
