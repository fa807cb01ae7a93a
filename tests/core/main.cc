/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs the CppUnit tests that are linked in, and says which backends they went through. */
#include "compare.h"

#include <cppunit/CompilerOutputter.h>
#include <cppunit/TestResultCollector.h>
#include <cppunit/extensions/TestFactoryRegistry.h>
#include <cppunit/ui/text/TestRunner.h>
#include <iostream>

int main()
{
    for (size_t i = 0; i < oaconv_backend_count(); i++) {
        const char *reason = nullptr;
        const bool usable = oaconv_backend_usable(i, &reason);
        std::cout << (usable ? "tested: " : "skipped: ") << oaconv_backend_name(i) << ", " << reason
                  << std::endl;
    }
    CppUnit::TextUi::TestRunner runner;
    runner.addTest(CppUnit::TestFactoryRegistry::getRegistry().makeTest());
    runner.setOutputter(new CppUnit::CompilerOutputter(&runner.result(), std::cerr));
    const bool passed = runner.run("", false) && runner.result().runTests() > 0;
    if (oac_test::largest_error() > 0)
        std::cout << "\nlargest error: " << oac_test::largest_error()
                  << " eps log2(N) |h|_1 max|x|, allowed: " << oac_test::error_bound << std::endl;
    return passed ? 0 : 1;
}
