/* SPDX-License-Identifier: GPL-3.0-or-later
 * Programs that were compiled with an earlier or a later header, whose public structs are shorter
 * or longer: the library reads and writes each struct up to its end and no further. */
#include "extremes.h"

#include <cppunit/extensions/HelperMacros.h>
#include <cstddef>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace oac_test;

namespace
{

/* Memory for a struct of `size` bytes; a byte behind it cannot be read or written. */
class Struct
{
public:
    explicit Struct(size_t size) : d_page(static_cast<size_t>(sysconf(_SC_PAGESIZE))), d_size(size)
    {
        d_memory = static_cast<char *>(
            mmap(nullptr, 2 * d_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        CPPUNIT_ASSERT(d_memory != MAP_FAILED);
        CPPUNIT_ASSERT_EQUAL(0, mprotect(d_memory + d_page, d_page, PROT_NONE));
        std::memset(begin(), 0xee, d_size);
    }
    Struct(const Struct &) = delete;
    Struct &operator=(const Struct &) = delete;
    ~Struct() { munmap(d_memory, 2 * d_page); }

    char *begin() const { return d_memory + d_page - d_size; }
    template <class S>
    S *as() const
    {
        return reinterpret_cast<S *>(begin());
    }

private:
    size_t d_page, d_size;
    char *d_memory;
};

const size_t WHOLE = sizeof(oaconv_config), LONGER = WHOLE + 2 * sizeof(size_t);
/* Before `threads`, `batch` and the log were there. */
const size_t EARLY_CONFIG = offsetof(oaconv_config, threads);
/* Before nearly all was: one row of taps. */
const size_t FIRST_CONFIG = offsetof(oaconv_config, backend);
const size_t EARLY_INFO = offsetof(oaconv_info, gpu_calls);
const Type TYPE = {OAC_REAL, OAC_SINGLE};

struct test_struct_sizes : CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(test_struct_sizes);
    CPPUNIT_TEST(earlier_and_later_programs_make_filters);
    CPPUNIT_TEST(earlier_and_later_programs_convolve);
    CPPUNIT_TEST(fields_of_a_later_version_are_refused);
    CPPUNIT_TEST(a_config_that_was_not_filled_in_is_refused);
    CPPUNIT_TEST(info_ends_where_the_struct_does);
    CPPUNIT_TEST(a_struct_too_short_for_its_size_is_left_alone);
    CPPUNIT_TEST_SUITE_END();

    /* A config of that size that asks for the taps of the request, 1 and 2 on two channels. */
    static oaconv_config *fill_in(const Struct &memory, size_t size, const Request &request)
    {
        oaconv_config *config = memory.as<oaconv_config>();
        oaconv_config_init_sized(config, size);
        CPPUNIT_ASSERT_EQUAL(size, config->struct_size);
        if (size >= EARLY_CONFIG) {
            CPPUNIT_ASSERT_EQUAL(size_t{1}, config->decimation);
            CPPUNIT_ASSERT_EQUAL(-1, config->device);
        }
        config->rows = request.rows.data();
        config->n_rows = 2;
        return config;
    }

    void earlier_and_later_programs_make_filters()
    {
        const Request request(TYPE);
        for (const size_t size : {FIRST_CONFIG, EARLY_CONFIG, WHOLE, LONGER}) {
            const Struct memory(size);
            oaconv *filter = nullptr;
            const oaconv_status status = oaconv_create(&filter, fill_in(memory, size, request));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(oaconv_last_error(), OAC_OK, status);
            const Handle owner(filter);
            expect_filtered(TYPE, filter);
        }
    }

    void earlier_and_later_programs_convolve()
    {
        const Request request(TYPE);
        const float x[] = {1, 10};
        float y[2][3] = {};
        const void *in[] = {x, x};
        void *out[] = {y[0], y[1]};
        for (const size_t size : {FIRST_CONFIG, EARLY_CONFIG, WHOLE, LONGER}) {
            const Struct memory(size);
            const oaconv_status status =
                oaconv_convolve(fill_in(memory, size, request), in, out, 2);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(oaconv_last_error(), OAC_OK, status);
            for (const auto &row : y) {
                CPPUNIT_ASSERT_DOUBLES_EQUAL(1, row[0], 1e-5);
                CPPUNIT_ASSERT_DOUBLES_EQUAL(12, row[1], 1e-5);
                CPPUNIT_ASSERT_DOUBLES_EQUAL(20, row[2], 1e-5);
            }
        }
    }

    void fields_of_a_later_version_are_refused()
    {
        const Request request(TYPE);
        for (const size_t byte : {WHOLE, LONGER - 1}) {
            const Struct memory(LONGER);
            const oaconv_config *config = fill_in(memory, LONGER, request);
            memory.begin()[byte] = 1;
            oaconv *filter = nullptr;
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_ARG, oaconv_create(&filter, config));
            const std::string message = oaconv_last_error();
            CPPUNIT_ASSERT_MESSAGE(message, message.find("later") != std::string::npos);
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_ARG, oaconv_convolve(config, nullptr, nullptr, 0));
        }
    }

    void a_config_that_was_not_filled_in_is_refused()
    {
        for (const size_t size : {size_t{0}, size_t{1}, size_t{1} << 13, SIZE_MAX}) {
            Request request(TYPE);
            request.config.struct_size = size;
            oaconv *filter = nullptr;
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_ARG, oaconv_create(&filter, &request.config));
            const std::string message = oaconv_last_error();
            CPPUNIT_ASSERT_MESSAGE(message,
                                   message.find("oaconv_config_init") != std::string::npos);
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_ARG,
                                 oaconv_convolve(&request.config, nullptr, nullptr, 0));
        }
    }

    void info_ends_where_the_struct_does()
    {
        const Request request(TYPE);
        const Handle filter = make(request.config);
        oaconv_info whole;
        oaconv_get_info(filter.get(), &whole);
        CPPUNIT_ASSERT_EQUAL(sizeof whole, whole.struct_size);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, whole.n_taps);
        for (const size_t size : {EARLY_INFO, sizeof whole, sizeof whole + 24}) {
            const Struct memory(size);
            oaconv_info *info = memory.as<oaconv_info>();
            oaconv_get_info_sized(filter.get(), info, size);
            CPPUNIT_ASSERT_EQUAL(size, info->struct_size);
            const size_t first = sizeof info->struct_size, end = std::min(size, sizeof whole);
            CPPUNIT_ASSERT_EQUAL(0,
                                 std::memcmp(memory.begin() + first,
                                             reinterpret_cast<const char *>(&whole) + first,
                                             end - first));
            for (size_t i = end; i < size; i++)
                CPPUNIT_ASSERT_EQUAL(0, int{memory.begin()[i]});
        }
    }

    void a_struct_too_short_for_its_size_is_left_alone()
    {
        const Request request(TYPE);
        const Handle filter = make(request.config);
        for (const size_t size : {size_t{0}, sizeof(size_t) - 1}) {
            const Struct memory(size);
            oaconv_config_init_sized(memory.as<oaconv_config>(), size);
            oaconv_get_info_sized(filter.get(), memory.as<oaconv_info>(), size);
            for (size_t i = 0; i < size; i++)
                CPPUNIT_ASSERT_EQUAL(0xee, int{static_cast<unsigned char>(memory.begin()[i])});
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(test_struct_sizes);

} // namespace
