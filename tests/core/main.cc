/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs the CppUnit tests that are linked in, and says which backends they went through. */
#include "compare.h"

#include <cppunit/CompilerOutputter.h>
#include <cppunit/TestResultCollector.h>
#include <cppunit/extensions/TestFactoryRegistry.h>
#include <cppunit/ui/text/TestRunner.h>
#include <cstdlib>
#include <iostream>
#include <string>

static const int skipped = 77; /* ctest's SKIP_RETURN_CODE */

/* The first test whose name ends so; "" where there is none. */
static std::string find_test(CppUnit::Test *test, const std::string &ending)
{
    const std::string name = test->getName();
    if (name.size() >= ending.size() &&
        !name.compare(name.size() - ending.size(), ending.size(), ending))
        return name;
    std::string found;
    for (int i = 0; found.empty() && i < test->getChildTestCount(); i++)
        found = find_test(test->getChildTestAt(i), ending);
    return found;
}

/* Says why where OACONV_SIMD names a kernel that this build or processor has not: what is left
 * without it, other tests run. */
static bool lacks_the_kernel()
{
    const char *kernel = std::getenv("OACONV_SIMD"), *reason = nullptr;
    if (!kernel || !*kernel)
        return false;
    for (size_t i = 0; i < oaconv_backend_count(); i++)
        if (oaconv_backend_name(i) == std::string("simd") && !oaconv_backend_usable(i, &reason)) {
            std::cout << "skipped: simd, " << reason << std::endl;
            return true;
        }
    return false;
}

/* Runs all tests, or the one whose name ends in the argument. */
int main(int argc, char **argv)
{
    if (lacks_the_kernel())
        return skipped;
    for (size_t i = 0; i < oaconv_backend_count(); i++) {
        const char *reason = nullptr;
        const bool usable = oaconv_backend_usable(i, &reason);
        if (usable && oac_test::kinds_of(oaconv_backend_name(i)).empty())
            continue; /* the environment asks for others */
        std::cout << (usable ? "tested: " : "skipped: ") << oaconv_backend_name(i) << ", " << reason
                  << std::endl;
    }
    CppUnit::TextUi::TestRunner runner;
    CppUnit::Test *all = CppUnit::TestFactoryRegistry::getRegistry().makeTest();
    const std::string name = argc > 1 ? find_test(all, argv[1]) : "";
    if (argc > 1 && name.empty()) {
        std::cerr << "there is no test " << argv[1] << std::endl;
        return 1;
    }
    runner.addTest(all);
    runner.setOutputter(new CppUnit::CompilerOutputter(&runner.result(), std::cerr));
    const bool passed = runner.run(name, false) && runner.result().runTests() > 0;
    if (oac_test::largest_error() > 0)
        std::cout << "\nlargest error: " << oac_test::largest_error()
                  << " eps log2(N) |h|_1 max|x|, allowed: " << oac_test::error_bound << std::endl;
    return passed ? 0 : 1;
}
