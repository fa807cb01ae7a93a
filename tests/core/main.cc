/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs the CppUnit tests that are linked in, and says which backends they went through. */
#include "compare.h"

#include <cppunit/CompilerOutputter.h>
#include <cppunit/TestResultCollector.h>
#include <cppunit/extensions/TestFactoryRegistry.h>
#include <cppunit/ui/text/TestRunner.h>
#include <iostream>
#include <string>

/* Adds the tests below one whose names end in `ending`. */
static void
add_tests(CppUnit::TextUi::TestRunner &runner, CppUnit::Test *test, const std::string &ending)
{
    const std::string name = test->getName();
    if (name.size() >= ending.size() &&
        !name.compare(name.size() - ending.size(), ending.size(), ending)) {
        runner.addTest(test);
        return;
    }
    for (int i = 0; i < test->getChildTestCount(); i++)
        add_tests(runner, test->getChildTestAt(i), ending);
}

/* Runs all tests, or those whose names end in the argument. */
int main(int argc, char **argv)
{
    for (size_t i = 0; i < oaconv_backend_count(); i++) {
        const char *reason = nullptr;
        const bool usable = oaconv_backend_usable(i, &reason);
        std::cout << (usable ? "tested: " : "skipped: ") << oaconv_backend_name(i) << ", " << reason
                  << std::endl;
    }
    CppUnit::TextUi::TestRunner runner;
    add_tests(
        runner, CppUnit::TestFactoryRegistry::getRegistry().makeTest(), argc > 1 ? argv[1] : "");
    runner.setOutputter(new CppUnit::CompilerOutputter(&runner.result(), std::cerr));
    const bool passed = runner.run("", false) && runner.result().runTests() > 0;
    if (oac_test::largest_error() > 0)
        std::cout << "\nlargest error: " << oac_test::largest_error()
                  << " eps log2(N) |h|_1 max|x|, allowed: " << oac_test::error_bound << std::endl;
    return passed ? 0 : 1;
}
