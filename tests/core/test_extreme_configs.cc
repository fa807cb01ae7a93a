/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every field of a config and of a row at its extremes, the others as usual: no process ends of it
 * or waits for ever, and what is accepted filters right. */
#include "extremes.h"

#include <climits>
#include <cppunit/extensions/HelperMacros.h>
#include <cstdint>

using namespace oac_test;

namespace
{

constexpr oaconv_status OK = OAC_OK, ARG = OAC_ERR_ARG, LARGE = OAC_ERR_TOO_LARGE,
                        BACKEND = OAC_ERR_BACKEND, MEMORY = OAC_ERR_NO_MEMORY;

const Type TYPES[] = {{OAC_REAL, OAC_SINGLE},
                      {OAC_COMPLEX_REAL_TAPS, OAC_SINGLE},
                      {OAC_COMPLEX, OAC_SINGLE},
                      {OAC_REAL, OAC_DOUBLE},
                      {OAC_COMPLEX_REAL_TAPS, OAC_DOUBLE},
                      {OAC_COMPLEX, OAC_DOUBLE}};

/* Something done to a request, and what oaconv_create() may answer then. */
struct Setting {
    const char *name;
    std::vector<oaconv_status> allowed;
    std::function<void(Request &)> apply;
};

#define SET(field, value, ...)                                                                     \
    {                                                                                              \
#field " = " #value, {__VA_ARGS__ }, [](Request & r) { r.config.field = value; }           \
    }

const std::string ENDLESS(1 << 20, 'x');

const std::vector<Setting> SETTINGS = {
    SET(type, static_cast<oaconv_type>(3), ARG),
    SET(type, static_cast<oaconv_type>(-1), ARG),
    SET(type, static_cast<oaconv_type>(INT_MAX), ARG),
    SET(precision, static_cast<oaconv_precision>(2), ARG),
    SET(precision, static_cast<oaconv_precision>(-1), ARG),
    SET(precision, static_cast<oaconv_precision>(INT_MAX), ARG),
    SET(rows, nullptr, ARG),
    SET(n_rows, 0, ARG),
    SET(n_rows, 1, OK),
    SET(n_rows, SIZE_MAX, LARGE),
    SET(n_channels, 1, ARG),
    SET(n_channels, 3, ARG),
    SET(n_channels, SIZE_MAX, LARGE),
    SET(backend, nullptr, OK),
    SET(backend, "", BACKEND),
    SET(backend, "%s%n", BACKEND),
    SET(backend, "\xff\x01", BACKEND),
    SET(backend, ENDLESS.c_str(), BACKEND),
    SET(device, -2, ARG),
    SET(device, INT_MIN, ARG),
    SET(device, INT_MAX, OK),
    SET(decimation, 0, ARG),
    SET(decimation, OAC_MAX_DECIMATION, OK),
    SET(decimation, OAC_MAX_DECIMATION + 1, LARGE),
    SET(decimation, SIZE_MAX, LARGE),
    SET(hop, 1, OK),
    SET(hop, OAC_MAX_HOP, OK, MEMORY),
    SET(hop, OAC_MAX_HOP + 1, LARGE),
    SET(hop, SIZE_MAX, LARGE),
    SET(max_hop, 1, OK),
    SET(max_hop, OAC_MAX_HOP, OK),
    SET(max_hop, SIZE_MAX, LARGE),
    SET(row_length, 1, OK),
    SET(row_length, SIZE_MAX, OK, MEMORY),
    SET(n_fft, 1, ARG),
    SET(n_fft, SIZE_MAX, ARG),
    SET(segment, 1, ARG),
    SET(segment, SIZE_MAX, ARG),
    SET(threads, 1, OK),
    SET(threads, SIZE_MAX, OK),
    SET(batch, 1, OK),
    SET(batch, SIZE_MAX, OK),
    SET(log_context, reinterpret_cast<void *>(1), OK),
    {"one row, 2**20 + 1 channels",
     {LARGE},
     [](Request &r) {
         r.config.n_rows = 1;
         r.config.n_channels = OAC_MAX_CHANNELS + 1;
     }},
    {"a GPU that is not there",
     {BACKEND},
     [](Request &r) {
         r.config.backend = r.config.precision == OAC_DOUBLE ? "simd" : "gpu";
         r.config.device = INT_MAX;
     }},
    {"a row without taps", {ARG}, [](Request &r) { r.rows[1].n_taps = 0; }},
    {"a row of SIZE_MAX taps", {LARGE}, [](Request &r) { r.rows[1].n_taps = SIZE_MAX; }},
    {"a row at NULL", {ARG}, [](Request &r) { r.rows[1].taps = nullptr; }},
    {"NaN", {ARG}, [](Request &r) { r.values.set(1, 0, NOT_A_NUMBER); }},
    {"infinite", {ARG}, [](Request &r) { r.values.set(0, 1, INFINITE); }},
    {"minus infinite", {ARG}, [](Request &r) { r.values.set(0, 0, -INFINITE); }},
};

[[maybe_unused]] const Setting MOST_CHANNELS = {
    "one row, 2**20 channels", {OK, MEMORY}, [](Request &r) {
        r.config.n_rows = 1;
        r.config.n_channels = OAC_MAX_CHANNELS;
    }};

/* A plan of so many points, and a hop of one segment. */
Setting plan(size_t n_fft, size_t segment, size_t hop)
{
    return {"a plan that is none", {ARG, BACKEND, LARGE, MEMORY}, [=](Request &r) {
                r.config.backend = "volk";
                r.config.n_fft = n_fft;
                r.config.segment = segment;
                r.config.hop = hop;
            }};
}

Case make_and_filter(Type type, const Setting &setting)
{
    const std::string name =
        say(setting.name, ", type ", type.type, ", precision ", type.precision);
    return {name, [type, setting] {
                Request request(type);
                setting.apply(request);
                oaconv *filter = nullptr;
                const oaconv_status status = oaconv_create(&filter, &request.config);
                const Handle handle(filter);
                expect_status(status, setting.allowed);
                CPPUNIT_ASSERT_EQUAL(status == OAC_OK, filter != nullptr);
                if (filter)
                    expect_filtered(type, filter);
            }};
}

/* The same settings as rows that a filter at work is given, whose number of channels is known. */
Case prepare(Type type, const Setting &setting)
{
    const std::string name = say("prepare: ", setting.name, ", type ", type.type);
    return {name, [type, setting] {
                Request usual(type), request(type);
                const Handle filter = make(usual.config);
                setting.apply(request);
                const oaconv_status status =
                    oaconv_taps_prepare(filter.get(), request.config.rows, request.config.n_rows);
                if (setting.allowed.front() == OK)
                    expect_status(status, {OK});
                else
                    expect_status(status, {ARG, LARGE});
                CPPUNIT_ASSERT_EQUAL(status == OAC_OK, oaconv_taps_swap(filter.get()));
                expect_filtered(type, filter.get());
            }};
}

bool is_of_rows(const Setting &setting)
{
    const std::string name = setting.name;
    return name == "rows = nullptr" || name.find("n_rows") == 0 || name.find("a row") == 0 ||
           name == "NaN" || name.find("infinite") != std::string::npos;
}

class extreme_configs : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(extreme_configs);
    CPPUNIT_TEST(every_field_of_a_config);
    CPPUNIT_TEST(every_plan);
    CPPUNIT_TEST(rows_of_new_taps);
    CPPUNIT_TEST_SUITE_END();

public:
    void every_field_of_a_config()
    {
        std::vector<Case> cases;
        for (const Type &type : TYPES)
            for (const Setting &setting : SETTINGS)
                cases.push_back(make_and_filter(type, setting));
#if !defined(__SANITIZE_ADDRESS__) /* minutes there, and seconds else: of one type only */
        cases.push_back(make_and_filter(OAC_REAL, MOST_CHANNELS));
#endif
        expect_to_survive(cases);
    }

    void every_plan()
    {
        std::vector<Case> cases;
        for (const size_t n_fft : {size_t{1}, size_t{16}, size_t{1} << 63, SIZE_MAX})
            for (const size_t segment : {size_t{0}, size_t{1}, size_t{16}, SIZE_MAX})
                for (const size_t hop : {size_t{0}, size_t{1}, SIZE_MAX})
                    if (n_fft != 16 || segment != 1 || hop != 1)
                        cases.push_back(make_and_filter(OAC_COMPLEX, plan(n_fft, segment, hop)));
        expect_to_survive(cases);
    }

    void rows_of_new_taps()
    {
        std::vector<Case> cases;
        for (const Type &type : TYPES)
            for (const Setting &setting : SETTINGS)
                if (is_of_rows(setting))
                    cases.push_back(prepare(type, setting));
        CPPUNIT_ASSERT(cases.size() == 6 * 10);
        expect_to_survive(cases);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(extreme_configs);

} // namespace
