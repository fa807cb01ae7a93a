/* SPDX-License-Identifier: GPL-3.0-or-later
 * Numbers in environment variables have decimal points, whatever locale a program
 * has set: that of a user with decimal commas, as Qt does. */
#include "filter.h"
#include "process.h"

#include <clocale>
#include <cppunit/extensions/HelperMacros.h>
#include <cstdlib>
#include <iostream>

using namespace oac_test;

namespace
{

class gpu_locale : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(gpu_locale);
    CPPUNIT_TEST(numbers_have_points_beside_decimal_commas);
    CPPUNIT_TEST_SUITE_END();

public:
    void tearDown() override { std::setlocale(LC_NUMERIC, "C"); }

private:
    /* A locale of nothing but decimal commas; false where the system cannot make one. */
    static bool make_locale(const Folder &folder)
    {
        const auto source = folder.path() / "source", locale = folder.path() / "commas";
        write_file(source,
                   "comment_char %\nescape_char /\nLC_NUMERIC\ndecimal_point \",\"\n"
                   "thousands_sep \"\"\ngrouping -1\nEND LC_NUMERIC\n");
        const std::string command =
            say("localedef --no-archive -c -i ", source, " ", locale, " >/dev/null 2>&1");
        const int warned = std::system(command.c_str());
        return warned >= 0 && std::filesystem::exists(locale / "LC_NUMERIC");
    }

    /* How a filter is made that may wait so long for a GPU. */
    static oaconv_status make_with_timeout(const char *seconds)
    {
        setenv("OACONV_GPU_TIMEOUT", seconds, 1);
        const TapRows rows(OAC_REAL, {{1, 2, 3}});
        const oaconv_config config = to_config({OAC_REAL, "gpu"}, rows);
        oaconv *filter = nullptr;
        const oaconv_status status = oaconv_create(&filter, &config);
        oaconv_destroy(filter);
        return status;
    }

public:
    void numbers_have_points_beside_decimal_commas()
    {
        const Folder folder;
        if (!make_locale(folder)) {
            std::cout << "skipped: decimal commas, there is no localedef" << std::endl;
            return;
        }
        setenv("LOCPATH", folder.path().c_str(), 1);
        CPPUNIT_ASSERT(std::setlocale(LC_NUMERIC, "commas"));
        CPPUNIT_ASSERT_EQUAL(1.0, std::strtod("1.5", nullptr));
        CPPUNIT_ASSERT_EQUAL(OAC_OK, make_with_timeout("1.5"));
        CPPUNIT_ASSERT_EQUAL(OAC_ERR_ARG, make_with_timeout("1,5"));
        CPPUNIT_ASSERT_EQUAL(1.0, std::strtod("1.5", nullptr)); /* it is still the program's */
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(gpu_locale);

} // namespace
