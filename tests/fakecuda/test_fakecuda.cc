/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs the tests of the double, and says what it cannot test here. */
#include <cppunit/CompilerOutputter.h>
#include <cppunit/TestResultCollector.h>
#include <cppunit/extensions/TestFactoryRegistry.h>
#include <cppunit/ui/text/TestRunner.h>
#include <iostream>

int main()
{
#ifndef FAKECUDA_TEST_PTX
    std::cout << "skipped: no CUDA toolkit: the double with objects, libraries and PTX of nvcc's"
              << std::endl;
#endif
    CppUnit::TextUi::TestRunner runner;
    runner.addTest(CppUnit::TestFactoryRegistry::getRegistry().makeTest());
    runner.setOutputter(new CppUnit::CompilerOutputter(&runner.result(), std::cerr));
    return runner.run("", false) && runner.result().runTests() > 0 ? 0 : 1;
}
