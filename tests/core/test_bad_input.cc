/* SPDX-License-Identifier: GPL-3.0-or-later
 * Wrong arguments are refused with the status of the cause and a message that names the place. */
#include "compare.h"
#include "filter.h"

#include <cmath>
#include <cppunit/extensions/HelperMacros.h>
#include <cstdint>
#include <limits>
#include <memory>
#include <set>
#include <thread>

using namespace oac_test;

namespace
{

/* An address that must never be read. */
template <typename T>
T *bogus()
{
    return reinterpret_cast<T *>(uintptr_t{64});
}

/* The call answered `status`, and the latest message has all these parts. */
void expect_refused(const char *call,
                    oaconv_status expected,
                    oaconv_status status,
                    const std::vector<std::string> &parts)
{
    const std::string message = oaconv_last_error();
    CPPUNIT_ASSERT_EQUAL_MESSAGE(say(call, ": ", message), expected, status);
    for (const std::string &part : parts)
        CPPUNIT_ASSERT_MESSAGE(say(call, ": \"", message, "\" lacks \"", part, "\""),
                               message.find(part) != std::string::npos);
}

#define EXPECT_REFUSED(status, call, ...) expect_refused(#call, status, call, {__VA_ARGS__})

/* Two good rows of three taps, and filters made from them. */
class Request
{
public:
    explicit Request(Type type, const char *backend = "auto")
        : taps(2, Row(3 * tap_width(type), 1.0)), values(type.precision, taps)
    {
        for (const void *row : values.pointers())
            rows.push_back({row, 3});
        oaconv_config_init(&config);
        config.type = type;
        config.precision = type.precision;
        config.decimation = type.decimation;
        config.rows = rows.data();
        config.n_rows = rows.size();
        config.backend = backend;
    }

    oaconv_status create()
    {
        oaconv *filter = bogus<oaconv>();
        const oaconv_status status = oaconv_create(&filter, &config);
        if (status == OAC_OK)
            oaconv_destroy(filter);
        else
            CPPUNIT_ASSERT_MESSAGE("a failed create leaves a handle", filter == nullptr);
        return status;
    }

    Rows taps;
    Buffers values; /* of the taps, as the library takes them */
    std::vector<oaconv_row> rows;
    oaconv_config config;
};

class bad_input : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(bad_input);
    CPPUNIT_TEST(good_input_is_taken);
    CPPUNIT_TEST(rows_of_taps);
    CPPUNIT_TEST(number_of_rows);
    CPPUNIT_TEST(taps_that_are_not_finite);
    CPPUNIT_TEST(sizes_beyond_the_bounds);
    CPPUNIT_TEST(unknown_type);
    CPPUNIT_TEST(unknown_precision);
    CPPUNIT_TEST(decimation);
    CPPUNIT_TEST(backends_that_do_not_know_double);
    CPPUNIT_TEST(backends_by_name);
    CPPUNIT_TEST(null_pointers);
    CPPUNIT_TEST(number_of_samples);
    CPPUNIT_TEST(tail);
    CPPUNIT_TEST(prepare_refuses_what_create_refuses);
    CPPUNIT_TEST(messages_belong_to_threads);
    CPPUNIT_TEST(list_of_backends);
    CPPUNIT_TEST(words_and_version);
    CPPUNIT_TEST(no_samples_need_no_pointers);
    CPPUNIT_TEST_SUITE_END();

public:
    void good_input_is_taken()
    {
        for (const Kind &kind : kinds()) {
            const Filter filter({kind.type, kind.backend}, Request(kind.type).taps);
            CPPUNIT_ASSERT_EQUAL(std::string(kind.backend), std::string(filter.info().backend));
            CPPUNIT_ASSERT_EQUAL(kind.backend == std::string("direct"), filter.info().n_fft == 0);
            CPPUNIT_ASSERT_EQUAL(kind.type.decimation, filter.info().decimation);
        }
        oaconv_config config;
        oaconv_config_init(&config);
        CPPUNIT_ASSERT_EQUAL(OAC_REAL, config.type);
        CPPUNIT_ASSERT_EQUAL(OAC_SINGLE, config.precision);
        CPPUNIT_ASSERT_EQUAL(std::string("auto"), std::string(config.backend));
        CPPUNIT_ASSERT(!config.rows && !config.n_rows && !config.n_channels);
        CPPUNIT_ASSERT(!config.hop && !config.max_hop);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, config.decimation);
    }

    void rows_of_taps()
    {
        for (oaconv_type type : all_types()) {
            Request request(type);
            request.config.n_rows = 0;
            EXPECT_REFUSED(OAC_ERR_ARG, request.create(), "no taps");
            request.config.n_channels = 2;
            EXPECT_REFUSED(OAC_ERR_ARG, request.create(), "no taps");
            request.config.rows = nullptr;
            request.config.n_rows = 2;
            EXPECT_REFUSED(OAC_ERR_ARG, request.create(), "taps rows", "null pointer");

            Request holes(type);
            holes.rows.assign(5, holes.rows[0]);
            holes.config.rows = holes.rows.data();
            holes.config.n_rows = 5;
            holes.rows[3].n_taps = 0;
            EXPECT_REFUSED(OAC_ERR_ARG, holes.create(), "taps row 3 is empty");
            holes.rows[1].taps = nullptr;
            EXPECT_REFUSED(OAC_ERR_ARG, holes.create(), "taps row 1", "null pointer");
        }
    }

    void number_of_rows()
    {
        Request request(OAC_COMPLEX);
        request.config.n_channels = 3;
        EXPECT_REFUSED(OAC_ERR_ARG, request.create(), "2 rows", "3 channels");
        request.config.n_channels = 1;
        EXPECT_REFUSED(OAC_ERR_ARG, request.create(), "2 rows", "1 channels");
        request.config.n_rows = 1;
        request.config.n_channels = 3;
        CPPUNIT_ASSERT_EQUAL(OAC_OK, request.create());
    }

    void taps_that_are_not_finite()
    {
        for (const Kind &kind : cpu_kinds())
            for (size_t part = 0; part < tap_width(kind.type); part++) {
                Request request(kind.type, kind.backend);
                const size_t place = 2 * tap_width(kind.type) + part;
                request.values.set(1, place, std::nan(""));
                EXPECT_REFUSED(OAC_ERR_ARG, request.create(), "row 1", "tap 2", "NaN");
                request.values.set(1, place, -std::numeric_limits<double>::infinity());
                EXPECT_REFUSED(OAC_ERR_ARG, request.create(), "row 1", "tap 2", "infinite");
                request.values.set(1, place, kind.type.precision == OAC_DOUBLE ? DBL_MAX : FLT_MAX);
                CPPUNIT_ASSERT_EQUAL(OAC_OK, request.create());
            }
    }

    /* Refused by the number alone: what the pointers point to must not be looked at. */
    void sizes_beyond_the_bounds()
    {
        for (const Kind &kind : kinds()) {
            for (size_t n_taps : {OAC_MAX_TAPS + 1, SIZE_MAX / 8, SIZE_MAX}) {
                Request request(kind.type, kind.backend);
                request.rows[1] = {bogus<float>(), n_taps};
                EXPECT_REFUSED(OAC_ERR_TOO_LARGE, request.create(), "row 1", say(n_taps));
            }
            for (size_t n : {OAC_MAX_CHANNELS + 1, SIZE_MAX / 8, SIZE_MAX}) {
                Request request(kind.type, kind.backend);
                request.config.n_rows = 1;
                request.config.n_channels = n;
                EXPECT_REFUSED(OAC_ERR_TOO_LARGE, request.create(), say(n), "channels");
                request.config.rows = bogus<oaconv_row>();
                request.config.n_rows = n;
                EXPECT_REFUSED(OAC_ERR_TOO_LARGE, request.create(), say(n), "channels");
                request.config.n_channels = 0;
                EXPECT_REFUSED(OAC_ERR_TOO_LARGE, request.create(), say(n), "channels");
            }
            for (size_t hop : {OAC_MAX_HOP + 1, SIZE_MAX}) {
                Request request(kind.type, kind.backend);
                request.config.hop = hop;
                EXPECT_REFUSED(OAC_ERR_TOO_LARGE, request.create(), "hop", say(hop));
                request.config.hop = 0;
                request.config.max_hop = hop;
                EXPECT_REFUSED(OAC_ERR_TOO_LARGE, request.create(), "hop", say(hop));
            }
        }
    }

    void unknown_type()
    {
        Request request(OAC_COMPLEX);
        request.config.type = static_cast<oaconv_type>(3);
        EXPECT_REFUSED(OAC_ERR_ARG, request.create(), "type 3");
    }

    void unknown_precision()
    {
        for (int precision : {2, -1}) {
            Request request(OAC_COMPLEX);
            request.config.precision = static_cast<oaconv_precision>(precision);
            EXPECT_REFUSED(OAC_ERR_ARG, request.create(), say("precision ", precision));
        }
    }

    /* A config that was not filled in by oaconv_config_init() has 0. */
    void decimation()
    {
        for (const Kind &kind : cpu_kinds()) {
            const auto refuse = [&kind](size_t D, size_t hop, oaconv_status status) {
                Request request(kind.type, kind.backend);
                request.config.decimation = D;
                request.config.hop = hop;
                const std::string number = D ? say(D) : "decimation is 0";
                EXPECT_REFUSED(status, request.create(), "decimation", number);
                const void *in[] = {bogus<float>(), bogus<float>()};
                void *out[] = {bogus<float>(), bogus<float>()};
                EXPECT_REFUSED(
                    status, oaconv_convolve(&request.config, in, out, 7), "decimation", number);
            };
            for (size_t hop : {0, 8})
                refuse(0, hop, OAC_ERR_ARG);
            for (size_t D : {OAC_MAX_DECIMATION + 1, SIZE_MAX})
                for (size_t hop : {size_t{0}, OAC_MAX_HOP, size_t{8}})
                    refuse(D, hop, OAC_ERR_TOO_LARGE);
            for (size_t hop : {1, 2, 4, 10, 100})
                refuse(3, hop, OAC_ERR_ARG);
            refuse(OAC_MAX_DECIMATION, OAC_MAX_DECIMATION - 1, OAC_ERR_ARG);
            for (size_t n_hops : {0, 1, 2}) {
                Request request(kind.type, kind.backend);
                request.config.decimation = OAC_MAX_DECIMATION;
                request.config.hop = n_hops * OAC_MAX_DECIMATION;
                CPPUNIT_ASSERT_EQUAL(OAC_OK, request.create());
            }
        }
    }

    /* The message says why, and what there is; whether a GPU is there does not matter. */
    void backends_that_do_not_know_double()
    {
        for (const char *name : {"simd", "cuda", "gpu"})
            EXPECT_REFUSED(OAC_ERR_BACKEND,
                           Request({OAC_REAL, OAC_DOUBLE}, name).create(),
                           say("\"", name, "\" computes in single precision only"),
                           "auto, cpu, volk and direct");
        for (const char *name : {"auto", "cpu"}) {
            const Request request({OAC_REAL, OAC_DOUBLE}, name);
            const Filter filter({{OAC_REAL, OAC_DOUBLE}, name}, request.taps);
            CPPUNIT_ASSERT_EQUAL(std::string("volk"), std::string(filter.info().backend));
        }
    }

    void backends_by_name()
    {
        for (const char *name : {"warp", "", "VOLK", "volk ", "auto2"}) {
            Request request(OAC_REAL, name);
            EXPECT_REFUSED(OAC_ERR_BACKEND, request.create(), say('"', name, '"'), "auto", "cpu");
            const std::string message = oaconv_last_error();
            for (size_t i = 0; i < oaconv_backend_count(); i++) {
                const bool listed =
                    message.find(oaconv_backend_name(i), message.find(';')) != std::string::npos;
                CPPUNIT_ASSERT_EQUAL_MESSAGE(message, oaconv_backend_usable(i, nullptr), listed);
            }
            CPPUNIT_ASSERT_MESSAGE(message, message.find("gpu") == std::string::npos);
        }
        const std::string endless(100000, 'x');
        EXPECT_REFUSED(
            OAC_ERR_BACKEND, Request(OAC_REAL, endless.c_str()).create(), "unknown", "volk");
        for (size_t i = 0; i < oaconv_backend_count(); i++) {
            const char *reason = nullptr;
            if (oaconv_backend_usable(i, &reason))
                continue;
            const char *name = oaconv_backend_name(i);
            EXPECT_REFUSED(OAC_ERR_BACKEND, Request(OAC_REAL, name).create(), name, reason);
        }
        const char *reason = nullptr;
        if (!oaconv_backend_usable(3, &reason))
            EXPECT_REFUSED(OAC_ERR_BACKEND, Request(OAC_REAL, "gpu").create(), "gpu", reason);
        for (const char *name : {static_cast<const char *>(nullptr), "auto", "cpu"}) {
            const Request request(OAC_REAL, name);
            Filter filter({OAC_REAL, name}, request.taps);
            CPPUNIT_ASSERT_MESSAGE("the oracle is never the cheapest",
                                   std::string("direct") != filter.info().backend);
            CPPUNIT_ASSERT(filter.info().reason && *filter.info().reason);
        }
    }

    void null_pointers()
    {
        Request request(OAC_REAL);
        oaconv *filter = nullptr;
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_create(nullptr, &request.config), "oaconv_create");
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_create(&filter, nullptr), "oaconv_create");
        oaconv_destroy(nullptr);

        Filter good({OAC_REAL, "auto", 0, 8}, request.taps);
        oaconv *f = good.handle();
        float x[2][8] = {}, y[2][8] = {};
        const void *in[] = {x[0], x[1]}, *half_in[] = {x[0], nullptr};
        void *out[] = {y[0], y[1]}, *half_out[] = {nullptr, y[1]};
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_process(nullptr, in, out, 8), "oaconv_process", "null");
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_process(f, nullptr, out, 8), "oaconv_process", "null");
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_process(f, in, nullptr, 8), "oaconv_process", "null");
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_process(f, half_in, out, 8), "process", "channel 1");
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_process(f, in, half_out, 8), "process", "channel 0");
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_finish(nullptr, in, out, 5), "oaconv_finish", "null");
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_finish(f, nullptr, out, 5), "oaconv_finish", "null");
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_finish(f, in, half_out, 5), "finish", "channel 0");
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_read_tail(nullptr, out, 1), "oaconv_read_tail", "null");
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_read_tail(f, nullptr, 1), "oaconv_read_tail", "null");
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_read_tail(f, half_out, 1), "read_tail", "channel 0");
        EXPECT_REFUSED(
            OAC_ERR_ARG, oaconv_taps_prepare(nullptr, request.rows.data(), 2), "prepare", "null");
        CPPUNIT_ASSERT_EQUAL(uint64_t{0}, good.info().n_samples);
        samples_that_give_none();
    }

    /* The second of two samples, which decimation drops. */
    void samples_that_give_none()
    {
        Request request(OAC_REAL);
        request.config.decimation = 8;
        oaconv *filter = nullptr;
        CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_create(&filter, &request.config));
        const std::unique_ptr<oaconv, void (*)(oaconv *)> owner(filter, oaconv_destroy);
        float x[2] = {}, y[2] = {};
        const void *in[] = {x, x};
        void *out[] = {y, y}, *none[] = {nullptr, nullptr};
        CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_finish(filter, in, out, 1));
        CPPUNIT_ASSERT_EQUAL(size_t{0}, oaconv_output_length(filter, 1));
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_finish(filter, in, nullptr, 1), "finish", "null");
        EXPECT_REFUSED(OAC_ERR_ARG, oaconv_finish(filter, in, none, 1), "finish", "channel 0");
        CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_finish(filter, in, out, 1));
    }

    void number_of_samples()
    {
        Filter filter({OAC_REAL, "auto", 0, 8}, Request(OAC_REAL).taps);
        const void *in[] = {bogus<float>(), bogus<float>()};
        void *out[] = {bogus<float>(), bogus<float>()};
        for (size_t n : {size_t{1}, size_t{7}, size_t{9}, SIZE_MAX})
            EXPECT_REFUSED(OAC_ERR_ARG,
                           oaconv_process(filter.handle(), in, out, n),
                           "oaconv_process",
                           say(n),
                           "hop, 8");
        for (size_t n : {size_t{8}, size_t{9}, size_t{16}, SIZE_MAX})
            EXPECT_REFUSED(OAC_ERR_ARG,
                           oaconv_finish(filter.handle(), in, out, n),
                           "oaconv_finish",
                           say(n),
                           "hop, 8");
        CPPUNIT_ASSERT_EQUAL(uint64_t{0}, filter.info().n_samples);
    }

    void tail()
    {
        for (const Kind &kind : kinds()) {
            const size_t D = kind.type.decimation;
            Random random(91);
            Filter filter({kind.type, kind.backend, 0, 8 * D}, random.taps(kind.type, {5 * D + 1}));
            const Rows x = random.signal(kind.type, 1, 16 * D);
            double space[16];
            void *out[] = {space};
            Rows y;
            filter.process(x, 0, 8 * D, y, random);
            EXPECT_REFUSED(OAC_ERR_ARG,
                           oaconv_read_tail(filter.handle(), out, 1),
                           "read_tail",
                           "oaconv_finish");
            filter.finish(x, 8 * D, 3 * D, y, random);
            EXPECT_REFUSED(
                OAC_ERR_ARG, oaconv_read_tail(filter.handle(), out, 6), "6 samples", "5 are left");
            filter.read_tail(4, y);
            EXPECT_REFUSED(
                OAC_ERR_ARG, oaconv_read_tail(filter.handle(), out, 2), "2 samples", "1 are left");
            EXPECT_REFUSED(OAC_ERR_ARG, oaconv_read_tail(filter.handle(), out, SIZE_MAX), "left");
            filter.read_tail(1, y);
            expect_refused("at the end",
                           OAC_ERR_ARG,
                           oaconv_read_tail(filter.handle(), out, 1),
                           {"0 are left"});
            const Buffers more(kind.type.precision, x);
            const void *in[] = {more.at(0)};
            EXPECT_REFUSED(
                OAC_ERR_ARG, oaconv_process(filter.handle(), in, out, 8 * D), "oaconv_reset");
            EXPECT_REFUSED(OAC_ERR_ARG, oaconv_finish(filter.handle(), in, out, 3), "oaconv_reset");
            filter.reset();
            Rows again;
            filter.process(x, 0, 8 * D, again, random);
            expect_same_bits(
                "after a reset", {Row(y[0].begin(), y[0].begin() + again[0].size())}, again);
        }
    }

    void prepare_refuses_what_create_refuses()
    {
        for (const Kind &kind : kinds()) {
            Request request(kind.type, kind.backend);
            Filter filter({kind.type, kind.backend}, request.taps);
            oaconv *f = filter.handle();
            oaconv_row *rows = request.rows.data();
            EXPECT_REFUSED(OAC_ERR_ARG, oaconv_taps_prepare(f, rows, 0), "no taps");
            EXPECT_REFUSED(OAC_ERR_ARG, oaconv_taps_prepare(f, nullptr, 2), "taps rows", "null");
            EXPECT_REFUSED(OAC_ERR_ARG,
                           oaconv_taps_prepare(f, bogus<oaconv_row>(), 3),
                           "3 rows",
                           "2 channels");
            request.values.set(1, 0, std::nan(""));
            EXPECT_REFUSED(OAC_ERR_ARG, oaconv_taps_prepare(f, rows, 2), "row 1", "tap 0", "NaN");
            rows[0].n_taps = 0;
            EXPECT_REFUSED(OAC_ERR_ARG, oaconv_taps_prepare(f, rows, 2), "taps row 0 is empty");
            rows[0] = {bogus<float>(), OAC_MAX_TAPS + 1};
            EXPECT_REFUSED(OAC_ERR_TOO_LARGE, oaconv_taps_prepare(f, rows, 2), "row 0");
            CPPUNIT_ASSERT_MESSAGE(kind.label, !filter.swap());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, size_t{3}, filter.info().n_taps);
        }
    }

    void messages_belong_to_threads()
    {
        EXPECT_REFUSED(OAC_ERR_BACKEND, Request(OAC_REAL, "warp").create(), "warp");
        std::string first = "none", second;
        std::thread([&] {
            first = oaconv_last_error();
            Request(OAC_REAL, "weft").create();
            second = oaconv_last_error();
        }).join();
        CPPUNIT_ASSERT_EQUAL(std::string(), first);
        CPPUNIT_ASSERT(second.find("weft") != std::string::npos);
        CPPUNIT_ASSERT(std::string(oaconv_last_error()).find("warp") != std::string::npos);
    }

    void list_of_backends()
    {
        std::set<std::string> names;
        size_t n_usable = 0;
        for (size_t i = 0; i < oaconv_backend_count(); i++) {
            const char *reason = nullptr;
            n_usable += oaconv_backend_usable(i, &reason);
            CPPUNIT_ASSERT(reason && *reason);
            names.insert(oaconv_backend_name(i));
        }
        CPPUNIT_ASSERT_EQUAL(oaconv_backend_count(), names.size());
        CPPUNIT_ASSERT(names.count("volk") && names.count("direct") && names.count("cuda"));
        CPPUNIT_ASSERT(n_usable >= 2);
        CPPUNIT_ASSERT_EQUAL(3 * (n_usable + 2), all_kinds().size()); /* two know double, too */
        for (size_t i : {oaconv_backend_count(), SIZE_MAX}) {
            const char *reason = nullptr;
            CPPUNIT_ASSERT(!oaconv_backend_name(i));
            CPPUNIT_ASSERT(!oaconv_backend_usable(i, &reason));
            CPPUNIT_ASSERT(reason && *reason);
        }
    }

    void words_and_version()
    {
        std::set<std::string> words;
        for (int status = OAC_OK; status <= OAC_ERR_BACKEND; status++)
            words.insert(oaconv_strerror(static_cast<oaconv_status>(status)));
        CPPUNIT_ASSERT_EQUAL(size_t{5}, words.size());
        words.insert(oaconv_strerror(static_cast<oaconv_status>(7)));
        CPPUNIT_ASSERT_EQUAL(size_t{6}, words.size());
        CPPUNIT_ASSERT(!words.count(""));
        CPPUNIT_ASSERT_EQUAL(std::string(OAC_EXPECTED_VERSION), std::string(oaconv_version()));
    }

    void no_samples_need_no_pointers()
    {
        for (const Kind &kind : kinds()) {
            Filter filter({kind.type, kind.backend}, Request(kind.type).taps);
            oaconv *f = filter.handle();
            CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_process(f, nullptr, nullptr, 0));
            CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_finish(f, nullptr, nullptr, 0));
            CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_read_tail(f, nullptr, 0));
            CPPUNIT_ASSERT_EQUAL(uint64_t{0}, filter.info().n_samples);
            CPPUNIT_ASSERT_EQUAL(kept(kind.type, 2), filter.tail_length());
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(bad_input);

} // namespace
