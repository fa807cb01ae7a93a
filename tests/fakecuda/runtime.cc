/* SPDX-License-Identifier: GPL-3.0-or-later
 * The CUDA runtime: devices, memory, copies, names of errors. */
#include "memory.h"
#include "mini/error_codes.h"
#include "session.h"
#include "streams.h"

#include <cstring>

namespace fakecuda
{

static const int multiprocessors = 8, l2_bytes = 4 << 20, compute_major = 7, compute_minor = 5;

static cudaError_t device_count(int *count)
{
    if (session().n_devices <= 0)
        return cudaErrorNoDevice;
    *count = session().n_devices;
    return cudaSuccess;
}

static bool is_device(int device)
{
    return device >= 0 && device < session().n_devices;
}

static cudaError_t set_device(int device)
{
    if (!is_device(device))
        return cudaErrorInvalidDevice;
    choose_device(device);
    return cudaSuccess;
}

static cudaError_t device_properties(cudaDeviceProp *properties, int device)
{
    if (!is_device(device))
        return cudaErrorInvalidDevice;
    *properties = cudaDeviceProp();
    std::strcpy(properties->name, "Double of a GPU, on the host");
    properties->totalGlobalMem = session().limit;
    properties->major = compute_major;
    properties->minor = compute_minor;
    properties->multiProcessorCount = multiprocessors;
    properties->l2CacheSize = l2_bytes;
    return cudaSuccess;
}

/* ---- Memory ---- */

static size_t free_bytes()
{
    const size_t used = device_memory().used(), limit = session().limit;
    return used < limit ? limit - used : 0;
}

static cudaError_t allocate(Arena &arena, void **pointer, size_t size)
{
    *pointer = nullptr;
    if (size == 0)
        return cudaSuccess;
    Buffer *const buffer = arena.allocate(size);
    if (!buffer)
        return cudaErrorMemoryAllocation;
    *pointer = buffer->begin;
    return cudaSuccess;
}

/* The live buffer that begins at an address, or null and a violation. */
static Buffer *buffer_at(Arena &arena, const void *pointer, const char *call)
{
    Buffer *const buffer = arena.find(pointer);
    if (buffer && buffer->begin == pointer)
        return buffer;
    violation(std::string(call) + ": not the address of a live buffer");
    return nullptr;
}

static cudaError_t release(Arena &arena, void *pointer, const char *call)
{
    if (!pointer)
        return cudaSuccess;
    Buffer *const buffer = buffer_at(arena, pointer, call);
    if (!buffer)
        return cudaErrorInvalidValue;
    if (!drain_all(call))
        return cudaErrorUnknown;
    check_guards(arena, *buffer, call);
    arena.release(*buffer);
    return cudaSuccess;
}

static void refuse_release(Arena &arena, void *pointer, const char *call)
{
    Buffer *const buffer = pointer ? buffer_at(arena, pointer, call) : nullptr;
    if (buffer)
        buffer->release_refused = true;
}

static cudaError_t release_call(Arena &arena, void *pointer, const char *call)
{
    return runtime_call(
        call,
        Needs::device,
        [&] { return release(arena, pointer, call); },
        [&] { refuse_release(arena, pointer, call); });
}

/* ---- Copies ---- */

/* The double's own view of device or pinned memory. */
static char *inside(const void *address)
{
    Arena &arena = device_memory().contains(address) ? device_memory() : pinned_memory();
    return arena.inside(address);
}

static bool kind_fits(const void *to, const void *from, cudaMemcpyKind kind)
{
    const bool to_device = device_memory().contains(to),
               from_device = device_memory().contains(from);
    switch (kind) {
    case cudaMemcpyHostToHost:
        return !to_device && !from_device;
    case cudaMemcpyHostToDevice:
        return to_device && !from_device;
    case cudaMemcpyDeviceToHost:
        return !to_device && from_device;
    case cudaMemcpyDeviceToDevice:
        return to_device && from_device;
    case cudaMemcpyDefault:
        return true;
    }
    return false;
}

/* Rows of `width` bytes, each a pitch after the one before. */
struct Rows {
    const void *begin;
    size_t pitch;
};

static size_t extent(const Rows &rows, size_t width, size_t height)
{
    return rows.pitch * (height - 1) + width;
}

static cudaError_t copy_rows(const Rows &to,
                             const Rows &from,
                             size_t width,
                             size_t height,
                             cudaMemcpyKind kind,
                             cudaStream_t stream,
                             const char *call)
{
    stream = live_stream(stream, call);
    if (!stream)
        return cudaErrorInvalidResourceHandle;
    if (width == 0 || height == 0)
        return cudaSuccess;
    const Access write = {to.begin, extent(to, width, height), true};
    const Access read = {from.begin, extent(from, width, height), false};
    if (!kind_fits(to.begin, from.begin, kind)) {
        violation(std::string(call) + ": the kind of copy does not fit the addresses");
        return cudaErrorInvalidMemcpyDirection;
    }
    if (overlap(write, read)) {
        violation(std::string(call) + ": source and destination overlap");
        return cudaErrorInvalidValue;
    }
    const auto run = [=] {
        for (size_t i = 0; i < height; i++)
            std::memcpy(
                inside(to.begin) + i * to.pitch, inside(from.begin) + i * from.pitch, width);
    };
    return enqueue(stream, call, {write, read}, run) ? cudaSuccess : cudaErrorInvalidValue;
}

static cudaError_t
set_bytes(void *pointer, int value, size_t size, cudaStream_t stream, const char *call)
{
    stream = live_stream(stream, call);
    if (!stream)
        return cudaErrorInvalidResourceHandle;
    if (size == 0)
        return cudaSuccess;
    if (!device_memory().contains(pointer)) {
        violation(std::string(call) + ": not device memory");
        return cudaErrorInvalidValue;
    }
    const auto run = [=] { std::memset(inside(pointer), value, size); };
    return enqueue(stream, call, {{pointer, size, true}}, run) ? cudaSuccess
                                                               : cudaErrorInvalidValue;
}

} // namespace fakecuda

using namespace fakecuda;

extern "C" {

const char *cudaGetErrorName(cudaError_t error)
{
#define NAME_OF(name, number)                                                                      \
    if (error == number)                                                                           \
        return #name;
    OAC_MINI_CUDA_ERRORS(NAME_OF)
    return "unrecognized error code";
}

cudaError_t cudaDriverGetVersion(int *version)
{
    return runtime_call(__func__, Needs::nothing, [&] {
        *version = CUDART_VERSION;
        return cudaSuccess;
    });
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    return runtime_call(__func__, Needs::nothing, [&] {
        *version = CUDART_VERSION;
        return cudaSuccess;
    });
}

cudaError_t cudaGetDeviceCount(int *count)
{
    return runtime_call(__func__, Needs::nothing, [&] { return device_count(count); });
}

cudaError_t cudaSetDevice(int device)
{
    return runtime_call(
        __func__,
        Needs::nothing,
        [&] { return set_device(device); },
        [&] { choose_device(device); }); /* it was called: that is all that can be asked for */
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int device)
{
    return runtime_call(
        __func__, Needs::nothing, [&] { return device_properties(properties, device); });
}

cudaError_t cudaMemGetInfo(size_t *free, size_t *total)
{
    return runtime_call(__func__, Needs::device, [&] {
        *free = free_bytes();
        *total = session().limit;
        return cudaSuccess;
    });
}

cudaError_t cudaMalloc(void **pointer, size_t size)
{
    return runtime_call(__func__, Needs::device, [&] {
        return size > free_bytes() ? cudaErrorMemoryAllocation
                                   : allocate(device_memory(), pointer, size);
    });
}

cudaError_t cudaFree(void *pointer)
{
    return release_call(device_memory(), pointer, __func__);
}

cudaError_t cudaMallocHost(void **pointer, size_t size)
{
    return runtime_call(
        __func__, Needs::device, [&] { return allocate(pinned_memory(), pointer, size); });
}

cudaError_t cudaFreeHost(void *pointer)
{
    return release_call(pinned_memory(), pointer, __func__);
}

cudaError_t cudaMemsetAsync(void *pointer, int value, size_t size, cudaStream_t stream)
{
    const char *const call = __func__;
    return runtime_call(
        call, Needs::device, [&] { return set_bytes(pointer, value, size, stream, call); });
}

cudaError_t
cudaMemcpyAsync(void *to, const void *from, size_t size, cudaMemcpyKind kind, cudaStream_t stream)
{
    const char *const call = __func__;
    return runtime_call(call, Needs::device, [&] {
        return copy_rows({to, size}, {from, size}, size, 1, kind, stream, call);
    });
}

cudaError_t cudaMemcpy2DAsync(void *to,
                              size_t to_pitch,
                              const void *from,
                              size_t from_pitch,
                              size_t width,
                              size_t height,
                              cudaMemcpyKind kind,
                              cudaStream_t stream)
{
    const char *const call = __func__;
    return runtime_call(call, Needs::device, [&] {
        if (width > to_pitch || width > from_pitch)
            return cudaErrorInvalidPitchValue;
        return copy_rows({to, to_pitch}, {from, from_pitch}, width, height, kind, stream, call);
    });
}

} // extern "C"
