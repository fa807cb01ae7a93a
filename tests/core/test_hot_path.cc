/* SPDX-License-Identifier: GPL-3.0-or-later
 * Promise 6: the hot path allocates nothing, plans nothing, prints nothing and takes no lock. */
#include "filter.h"

#include <algorithm>
#include <cerrno>
#include <cppunit/extensions/HelperMacros.h>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

using namespace oac_test;

namespace
{

thread_local bool armed;
thread_local long n_allocations, n_frees, n_locks;

using Lock = int (*)(pthread_mutex_t *);
Lock next_lock()
{
    static const Lock lock = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
    return lock;
}

} // namespace

/* These take the place of libc's in the whole process, and count in the thread that is armed. */
#define OAC_INTERPOSE extern "C" __attribute__((visibility("default")))
extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);
}

OAC_INTERPOSE void *malloc(size_t size)
{
    n_allocations += armed;
    return __libc_malloc(size);
}

OAC_INTERPOSE void *calloc(size_t count, size_t size)
{
    n_allocations += armed;
    return __libc_calloc(count, size);
}

OAC_INTERPOSE void *realloc(void *memory, size_t size)
{
    n_allocations += armed;
    return __libc_realloc(memory, size);
}

OAC_INTERPOSE void *memalign(size_t alignment, size_t size)
{
    n_allocations += armed;
    return __libc_memalign(alignment, size);
}

OAC_INTERPOSE void *aligned_alloc(size_t alignment, size_t size)
{
    n_allocations += armed;
    return __libc_memalign(alignment, size);
}

OAC_INTERPOSE int posix_memalign(void **memory, size_t alignment, size_t size)
{
    n_allocations += armed;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

OAC_INTERPOSE void free(void *memory)
{
    n_frees += armed && memory;
    __libc_free(memory);
}

OAC_INTERPOSE int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    n_locks += armed;
    return next_lock()(mutex);
}

namespace
{

/* What is written to a file descriptor meanwhile goes to a file, whose size tells. */
class Capture
{
public:
    explicit Capture(int fd) : d_fd(fd), d_saved(dup(fd)), d_file(std::tmpfile())
    {
        CPPUNIT_ASSERT(d_file && d_saved >= 0);
        std::fflush(nullptr);
        dup2(fileno(d_file), d_fd);
    }
    Capture(const Capture &) = delete;
    Capture &operator=(const Capture &) = delete;
    ~Capture()
    {
        dup2(d_saved, d_fd);
        close(d_saved);
        std::fclose(d_file);
    }

    long n_bytes()
    {
        std::fflush(nullptr);
        return static_cast<long>(lseek(fileno(d_file), 0, SEEK_END));
    }

private:
    int d_fd, d_saved;
    std::FILE *d_file;
};

int n_plans;
void count_plan(void *)
{
    n_plans++;
}
void ignore(void *) {}

/* Pointers to samples of each of two channels, from sample t on; out there is room for as many. */
struct Pointers {
    Pointers(const Buffers &x, Buffers &y, size_t t, size_t width)
        : in{x.at(0, t * width), x.at(1, t * width)}, out{y.at(0, t * width), y.at(1, t * width)}
    {
    }
    const void *in[2];
    void *out[2];
};

class hot_path : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(hot_path);
    CPPUNIT_TEST(the_counters_count);
    CPPUNIT_TEST(does_nothing_but_filter);
    CPPUNIT_TEST_SUITE_END();

    /* All of the working thread's calls; false when one failed. Nothing here may allocate. */
    static bool work(oaconv *filter, const Buffers &x, Buffers &y, size_t width)
    {
        oaconv_info info;
        size_t t = 0;
        bool ok = true;
        for (int piece = 0; piece < 2; piece++) {
            oaconv_get_info(filter, &info);
            for (size_t n : {info.hop, 3 * info.hop}) {
                Pointers p(x, y, t, width);
                ok = ok && oaconv_process(filter, p.in, p.out, n) == OAC_OK;
                t += n;
            }
            Pointers p(x, y, t, width);
            const size_t rest = info.hop / 2;
            ok = ok && oaconv_finish(filter, p.in, p.out, rest) == OAC_OK;
            t += rest;
            ok = ok && oaconv_taps_swap(filter) == (piece == 0);
        }
        Pointers p(x, y, t, width);
        const size_t tail = oaconv_tail_length(filter);
        ok = ok && tail > 0 && oaconv_finish(filter, p.in, p.out, 0) == OAC_OK;
        ok = ok && oaconv_read_tail(filter, p.out, tail) == OAC_OK;
        oaconv_reset(filter);
        return ok;
    }

public:
    void setUp() override
    {
        n_allocations = n_frees = n_locks = 0;
        n_plans = 0;
        next_lock();
        oaconv_set_planner_lock(count_plan, ignore, nullptr);
    }
    void tearDown() override
    {
        armed = false;
        oaconv_set_planner_lock(nullptr, nullptr, nullptr);
    }

    void the_counters_count()
    {
        const Rows taps = Random(111).taps(OAC_COMPLEX, {1100});
        const TapRows rows(OAC_COMPLEX, taps);
        Filter filter({OAC_COMPLEX, "volk"}, {Row{1, 0}});
        n_plans = 0;
        armed = true;
        const oaconv_status status = oaconv_taps_prepare(filter.handle(), rows.data(), 1);
        armed = false;
        CPPUNIT_ASSERT_EQUAL(OAC_OK, status);
        CPPUNIT_ASSERT(n_allocations > 5);
        CPPUNIT_ASSERT(n_frees > 0);
        CPPUNIT_ASSERT(n_locks > 0);
        CPPUNIT_ASSERT_EQUAL(1, n_plans);
        Capture capture(STDOUT_FILENO);
        std::printf("seen");
        CPPUNIT_ASSERT_EQUAL(4L, capture.n_bytes());
    }

    void does_nothing_but_filter()
    {
        for (const Kind &kind : cpu_kinds()) {
            const size_t width = sample_width(kind.type);
            Random random(112);
            const Buffers x(kind.type.precision, random.signal(kind.type, 2, 80000));
            Buffers y = x;
            Filter filter({kind.type, kind.backend}, random.taps(kind.type, {200, 10}));
            filter.prepare(random.taps(kind.type, {20, 500}));
            n_plans = 0;
            Capture out(STDOUT_FILENO), err(STDERR_FILENO);
            armed = true;
            const bool ok = work(filter.handle(), x, y, width);
            armed = false;
            const long printed = out.n_bytes() + err.n_bytes();
            CPPUNIT_ASSERT_MESSAGE(kind.label + oaconv_last_error(), ok);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label + " allocates", 0L, n_allocations);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label + " frees", 0L, n_frees);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label + " locks", 0L, n_locks);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label + " plans", 0, n_plans);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label + " prints", 0L, printed);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(hot_path);

} // namespace
