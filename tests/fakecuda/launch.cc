/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kernel launches: threads one after another, as C++ or as PTX, and what objects of nvcc's call. */
#include "launch.h"

#include "kernel_on_host.h"
#include "ptx.h"
#include "session.h"
#include "streams.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace fakecuda
{

Position position;

/* Kernels register from constructors of other libraries, before and after those of this one. */
struct Registry {
    std::map<std::string, Kernel> kernels;
    std::map<const void *, std::string>
        names; /* of a function, or of the stub that nvcc made of it */
    std::shared_ptr<const ptx::Module> ptx;

    Registry()
    {
        const char *const path = std::getenv("FAKECUDA_PTX");
        if (path && *path)
            ptx = std::make_shared<const ptx::Module>(path);
    }
};

static Registry &registry()
{
    static Registry &only = *new Registry;
    return only;
}

void register_kernel(const Kernel &kernel)
{
    const std::lock_guard<std::mutex> guard(lock());
    registry().kernels[kernel.name] = kernel;
    registry().names[kernel.function] = kernel.name;
}

void use_ptx(const std::string &path)
{
    registry().ptx = path.empty() ? nullptr : std::make_shared<const ptx::Module>(path);
}

static const Kernel *find_kernel(const void *function)
{
    const auto name = registry().names.find(function);
    if (name == registry().names.end())
        return nullptr;
    const auto kernel = registry().kernels.find(name->second);
    return kernel == registry().kernels.end() ? nullptr : &kernel->second;
}

static bool within_limits(const dim3 &grid, const dim3 &block, size_t shared)
{
    const bool grid_fits = grid.x >= 1 && grid.x <= 0x7fffffff && grid.y >= 1 && grid.y <= 65535 &&
                           grid.z >= 1 && grid.z <= 65535;
    const bool block_fits = block.x >= 1 && block.x <= 1024 && block.y >= 1 && block.y <= 1024 &&
                            block.z >= 1 && block.z <= 64 && block.x * block.y * block.z <= 1024;
    return grid_fits && block_fits && shared <= 48 * 1024;
}

/* A kernel with its arguments, as they were when it was launched. */
class LaunchedKernel
{
public:
    LaunchedKernel(const Kernel &kernel, void **arguments);

    /* What its pointers lead to, each to the end of its buffer; false where one leads nowhere. */
    bool accesses(std::vector<Access> &list) const;
    void run(const dim3 &grid, const dim3 &block) const;

private:
    void run_as_cxx(const dim3 &grid, const dim3 &block) const;
    void run_as_ptx(const dim3 &grid, const dim3 &block) const;
    const void *pointer(size_t i) const { return reinterpret_cast<const void *>(d_values[i]); }
    bool is_pointer(size_t i) const { return d_kernel.parameters[i].role != Role::number; }

    const Kernel &d_kernel;
    std::shared_ptr<const ptx::Module> d_ptx;
    std::vector<uint64_t> d_values;
};

LaunchedKernel::LaunchedKernel(const Kernel &kernel, void **arguments)
    : d_kernel(kernel), d_ptx(registry().ptx), d_values(kernel.n_parameters)
{
    for (size_t i = 0; i < kernel.n_parameters; i++)
        std::memcpy(&d_values[i], arguments[i], kernel.parameters[i].size);
}

bool LaunchedKernel::accesses(std::vector<Access> &list) const
{
    for (size_t i = 0; i < d_values.size(); i++) {
        if (!is_pointer(i))
            continue;
        const Buffer *const buffer = device_memory().find(pointer(i));
        if (!buffer) {
            violation(std::string(d_kernel.name) +
                      ": an argument is not the address of device memory");
            return false;
        }
        const size_t offset = size_t(static_cast<const char *>(pointer(i)) - buffer->begin);
        const bool written = d_kernel.parameters[i].role == Role::written;
        list.push_back({pointer(i), buffer->size - offset, written});
    }
    return true;
}

template <class RunThread>
static void for_each_thread(const dim3 &grid, const dim3 &block, RunThread run_thread)
{
    position.grid_size = grid;
    position.block_size = block;
    const size_t per_block = size_t(block.x) * block.y * block.z;
    const size_t n = per_block * grid.x * grid.y * grid.z;
    for (size_t i = 0; i < n; i++) {
        const size_t k = session().backwards ? n - 1 - i : i;
        const unsigned t = unsigned(k % per_block);
        const size_t b = k / per_block;
        position.thread = {t % block.x, t / block.x % block.y, t / block.x / block.y};
        position.block = {
            unsigned(b % grid.x), unsigned(b / grid.x % grid.y), unsigned(b / grid.x / grid.y)};
        run_thread();
    }
}

void LaunchedKernel::run_as_cxx(const dim3 &grid, const dim3 &block) const
{
    std::vector<uint64_t> values = d_values;
    std::vector<void *> arguments;
    for (size_t i = 0; i < values.size(); i++) {
        if (is_pointer(i))
            values[i] = reinterpret_cast<uint64_t>(device_memory().inside(pointer(i)));
        arguments.push_back(&values[i]);
    }
    for_each_thread(grid, block, [&] { d_kernel.run_thread(arguments.data()); });
}

void LaunchedKernel::run_as_ptx(const dim3 &grid, const dim3 &block) const
{
    ptx::Launch launch = {d_values, {}};
    std::vector<size_t> sizes;
    for (size_t i = 0; i < d_values.size(); i++) {
        sizes.push_back(d_kernel.parameters[i].size);
        const Buffer *const buffer = is_pointer(i) ? device_memory().find(pointer(i)) : nullptr;
        if (buffer)
            launch.memory.push_back({reinterpret_cast<uintptr_t>(buffer->begin),
                                     buffer->size,
                                     d_kernel.parameters[i].role == Role::written,
                                     device_memory().inside(buffer->begin)});
    }
    const ptx::Function &function = d_ptx->kernel(d_kernel.name, sizes);
    for_each_thread(grid, block, [&] { ptx::run_thread(function, launch); });
}

void LaunchedKernel::run(const dim3 &grid, const dim3 &block) const
{
    if (d_ptx)
        run_as_ptx(grid, block);
    else
        run_as_cxx(grid, block);
}

static cudaError_t launch(const void *function,
                          const dim3 &grid,
                          const dim3 &block,
                          void **arguments,
                          size_t shared,
                          cudaStream_t stream)
{
    const Kernel *const kernel = find_kernel(function);
    if (!kernel)
        return cudaErrorInvalidDeviceFunction;
    if (!within_limits(grid, block, shared))
        return cudaErrorInvalidConfiguration;
    stream = live_stream(stream, kernel->name);
    if (!stream)
        return cudaErrorInvalidResourceHandle;
    const LaunchedKernel launched(*kernel, arguments);
    std::vector<Access> accesses;
    if (!launched.accesses(accesses))
        return cudaErrorInvalidValue;
    session().launches++;
    enqueue(stream, kernel->name, accesses, [=] { launched.run(grid, block); });
    return cudaSuccess;
}

/* A way to launch kernels that the project does not take. */
[[noreturn]] static void refuse(const char *function)
{
    std::fprintf(stderr, "fakecuda: %s: launch kernels by cudaLaunchKernel\n", function);
    std::abort();
}

} // namespace fakecuda

using namespace fakecuda;

extern "C" {

cudaError_t cudaLaunchKernel(const void *function,
                             dim3 grid,
                             dim3 block,
                             void **arguments,
                             size_t shared,
                             cudaStream_t stream)
{
    return runtime_call(__func__, Needs::device, [&] {
        return launch(function, grid, block, arguments, shared, stream);
    });
}

/* What the host part of an object of nvcc's refers to: its constructor registers the stub of every
 * kernel; the rest belongs to the <<<>>> syntax. */

void **__cudaRegisterFatBinary(void *)
{
    static void *handle;
    return &handle;
}

void __cudaRegisterFatBinaryEnd(void **) {}
void __cudaUnregisterFatBinary(void **) {}

char __cudaInitModule(void **)
{
    return 0;
}

void __cudaRegisterFunction(void **,
                            const char *stub,
                            char *,
                            const char *name,
                            int,
                            uint3 *,
                            uint3 *,
                            dim3 *,
                            dim3 *,
                            int *)
{
    const std::lock_guard<std::mutex> guard(lock());
    registry().names[stub] = name;
}

unsigned __cudaPushCallConfiguration(dim3, dim3, size_t, cudaStream_t)
{
    refuse(__func__);
}

cudaError_t __cudaPopCallConfiguration(dim3 *, dim3 *, size_t *, void *)
{
    refuse(__func__);
}

cudaError_t __cudaGetKernel(void **, const void *)
{
    refuse(__func__);
}

cudaError_t __cudaLaunchKernel(void *, dim3, dim3, void **, size_t, cudaStream_t)
{
    refuse(__func__);
}

} // extern "C"
