/* SPDX-License-Identifier: GPL-3.0-or-later
 * Filters made from extreme arguments: no process ends of it or waits for ever, and what is
 * accepted filters right. */
#ifndef OAC_TEST_EXTREMES_H
#define OAC_TEST_EXTREMES_H

#include "buffers.h"
#include "compare.h"
#include "survival.h"

#include <cppunit/TestAssert.h>
#include <limits>
#include <memory>

namespace oac_test
{

constexpr double NOT_A_NUMBER = std::numeric_limits<double>::quiet_NaN(),
                 INFINITE = std::numeric_limits<double>::infinity();

/* Taps 1 and 2 in two rows, and what a filter is made from. */
struct Request {
    explicit Request(Type type) : values(type.precision, Rows(2, Row(2 * tap_width(type))))
    {
        for (size_t m = 0; m < 2; m++)
            for (size_t k = 0; k < 2; k++)
                values.set(m, k * tap_width(type), double(k + 1));
        for (size_t m = 0; m < 2; m++)
            rows.push_back({values.at(m), 2});
        oaconv_config_init(&config);
        config.type = type;
        config.precision = type.precision;
        config.rows = rows.data();
        config.n_rows = 2;
    }

    Buffers values;
    std::vector<oaconv_row> rows;
    oaconv_config config;
};

struct Destroyer {
    void operator()(oaconv *filter) const { oaconv_destroy(filter); }
};
using Handle = std::unique_ptr<oaconv, Destroyer>;

inline Handle make(const oaconv_config &config)
{
    oaconv *filter = nullptr;
    CPPUNIT_ASSERT_EQUAL_MESSAGE(oaconv_last_error(), OAC_OK, oaconv_create(&filter, &config));
    return Handle(filter);
}

/* The status is one of those, and a refusal says why. */
inline void expect_status(oaconv_status status, const std::vector<oaconv_status> &allowed)
{
    const std::string message = oaconv_last_error();
    bool good = false;
    for (const oaconv_status one : allowed)
        good = good || status == one;
    CPPUNIT_ASSERT_MESSAGE(say("status ", status, ": ", message), good);
    CPPUNIT_ASSERT_MESSAGE("a refusal without a reason", status == OAC_OK || !message.empty());
}

/* An impulse on every channel comes out as 1 and 2, and the tail is read. */
inline void expect_filtered(Type type, oaconv *filter)
{
    oaconv_info info;
    oaconv_get_info(filter, &info);
    const size_t n = info.hop > 1 ? 1 : 0, M = info.n_channels;
    Buffers x(type.precision, Rows(1, Row(sample_width(type))));
    x.set(0, 0, 1);
    const std::vector<const void *> in(M, x.at(0));
    std::vector<std::vector<char>> outputs(M, std::vector<char>(2 * sizeof(double)));
    std::vector<void *> out;
    for (std::vector<char> &output : outputs)
        out.push_back(output.data());
    if (n == 0)
        CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_process(filter, in.data(), out.data(), 1));
    CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_finish(filter, in.data(), out.data(), n));
    const auto number = [&](size_t m) {
        const char *at = outputs[m].data();
        return type.precision == OAC_DOUBLE ? *reinterpret_cast<const double *>(at)
                                            : double(*reinterpret_cast<const float *>(at));
    };
    for (size_t m = 0; m < M; m++)
        CPPUNIT_ASSERT_DOUBLES_EQUAL_MESSAGE(say("channel ", m), 1.0, number(m), 1e-5);
    const size_t tail = oaconv_tail_length(filter);
    CPPUNIT_ASSERT_EQUAL(size_t(info.decimation == 1), tail);
    CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_read_tail(filter, out.data(), tail));
    for (size_t m = 0; tail && m < M; m++)
        CPPUNIT_ASSERT_DOUBLES_EQUAL_MESSAGE(say("tail of channel ", m), 2.0, number(m), 1e-5);
}

} // namespace oac_test

#endif
