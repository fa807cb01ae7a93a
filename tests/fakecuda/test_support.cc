/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the tests of the double share: a fresh device for every test, and children that crash. */
#include "test_support.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fakecuda_test
{

void Device::setUp()
{
    restart("lazy");
}

void Device::tearDown()
{
    const std::string report = fakecuda_report();
    fakecuda_use_ptx(nullptr);
    fakecuda_wipe();
    CPPUNIT_ASSERT_EQUAL(std::string(), report);
}

void Device::restart(const std::string &order)
{
    fakecuda_wipe();
    fakecuda_reset(order.c_str());
    must(cudaSetDevice(0));
}

void must(cudaError_t result)
{
    must_be(cudaSuccess, result);
}

void must(cufftResult result)
{
    CPPUNIT_ASSERT_EQUAL_MESSAGE(fakecuda_report(), int(CUFFT_SUCCESS), int(result));
}

void must_be(cudaError_t expected, cudaError_t result)
{
    CPPUNIT_ASSERT_EQUAL_MESSAGE(fakecuda_report(),
                                 std::string(cudaGetErrorName(expected)),
                                 std::string(cudaGetErrorName(result)));
}

void expect_violation(const std::string &part)
{
    const std::string report = fakecuda_report();
    fakecuda_forgive();
    CPPUNIT_ASSERT_MESSAGE("expected: " + part + "; is: " + report,
                           report.find(part) != std::string::npos);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(report, report.size() - 1, report.find('\n'));
}

void expect_none()
{
    CPPUNIT_ASSERT_EQUAL(std::string(), std::string(fakecuda_report()));
}

static void run_quietly(const std::function<void()> &body)
{
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    std::signal(SIGSEGV, SIG_DFL);
    dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    body();
    _exit(0);
}

bool ends_by(int signal, const std::function<void()> &body)
{
    const pid_t child = fork();
    CPPUNIT_ASSERT(child >= 0);
    if (child == 0)
        run_quietly(body);
    int status = 0;
    CPPUNIT_ASSERT_EQUAL(child, waitpid(child, &status, 0));
    return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

bool crashes(const std::function<void()> &body)
{
    return ends_by(SIGSEGV, body);
}

cudaStream_t new_stream()
{
    cudaStream_t stream = nullptr;
    must(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    return stream;
}

cudaEvent_t new_event()
{
    cudaEvent_t event = nullptr;
    must(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    return event;
}

float *device_floats(size_t n)
{
    void *pointer = nullptr;
    must(cudaMalloc(&pointer, n * sizeof(float)));
    return static_cast<float *>(pointer);
}

float *pinned_floats(size_t n)
{
    void *pointer = nullptr;
    must(cudaMallocHost(&pointer, n * sizeof(float)));
    return static_cast<float *>(pointer);
}

void upload(void *to, const void *from, size_t size)
{
    void *pinned = nullptr;
    cudaStream_t stream = new_stream();
    must(cudaMallocHost(&pinned, size));
    std::memcpy(pinned, from, size);
    must(cudaMemcpyAsync(to, pinned, size, cudaMemcpyHostToDevice, stream));
    must(cudaStreamSynchronize(stream));
    must(cudaFreeHost(pinned));
    must(cudaStreamDestroy(stream));
}

void download(void *to, const void *from, size_t size)
{
    void *pinned = nullptr;
    cudaStream_t stream = new_stream();
    must(cudaMallocHost(&pinned, size));
    must(cudaMemcpyAsync(pinned, from, size, cudaMemcpyDeviceToHost, stream));
    must(cudaStreamSynchronize(stream));
    std::memcpy(to, pinned, size);
    must(cudaFreeHost(pinned));
    must(cudaStreamDestroy(stream));
}

std::vector<float> downloaded(const float *from, size_t n)
{
    std::vector<float> values(n);
    download(values.data(), from, n * sizeof(float));
    return values;
}

} // namespace fakecuda_test
