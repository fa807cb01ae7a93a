/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compiles a file of CUDA kernels, unchanged, with a C++ compiler, and hands the kernels to the
 * double, which runs them thread by thread.
 *
 * Such a kernel uses no shared memory, barriers, atomics or warp intrinsics; its parameters are
 * pointers and numbers. A pointer to const is a buffer that is read, another one a buffer that is
 * written. The C++ file that replaces nvcc:
 *
 *     #include "kernel_on_host.h"
 *     #include "../../cuda/kernels.cu"
 *     FAKECUDA_KERNEL(oac_multiply)
 *     FAKECUDA_KERNEL(oac_overlap_add)
 *
 * Where an object of nvcc's has the launchers and stubs of the same names already, the bodies and
 * the unused launchers need others. FAKECUDA_KERNEL keeps the name that is written in it, so this
 * goes between the includes, or on the command line as -D:
 *
 *     #define oac_multiply emulated_multiply
 *     #define oac_launch_multiply unused_launch_multiply
 */
#ifndef FAKECUDA_KERNEL_ON_HOST_H
#define FAKECUDA_KERNEL_ON_HOST_H

#include <cuda_runtime_api.h>

#include <cstddef>
#include <type_traits>
#include <utility>
#ifdef OAC_MINI_CUDA_RUNTIME_API_H
inline float2 make_float2(float x, float y)
{
    return {x, y};
}
#else
#include <vector_functions.h>
#endif

#undef __global__
#undef __device__
#undef __host__
#undef __forceinline__
#undef __launch_bounds__
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

namespace fakecuda
{

/* Where the thread that runs now is. One thread of one kernel runs at any time. */
struct Position {
    uint3 thread, block;
    dim3 block_size, grid_size;
};
extern Position position;

enum class Role { number, read, written };

struct Parameter {
    Role role;
    size_t size;
};

struct Kernel {
    const char *name;
    const void *function;
    const Parameter *parameters;
    size_t n_parameters;
    void (*run_thread)(void *const *arguments);
};

/* Keeps what it points to. */
void register_kernel(const Kernel &kernel);

template <class T>
constexpr Parameter describe()
{
    static_assert(std::is_pointer_v<T> || std::is_arithmetic_v<T>, "a pointer or a number");
    if constexpr (!std::is_pointer_v<T>)
        return {Role::number, sizeof(T)};
    else
        return {std::is_const_v<std::remove_pointer_t<T>> ? Role::read : Role::written, sizeof(T)};
}

template <auto kernel, class Signature = decltype(kernel)>
struct Registration;

template <auto kernel, class... T>
struct Registration<kernel, void (*)(T...)> {
    static constexpr Parameter parameters[] = {describe<T>()...};

    template <size_t... i>
    static void call(void *const *arguments, std::index_sequence<i...>)
    {
        kernel(*static_cast<T *>(arguments[i])...);
    }
    static void run_thread(void *const *arguments)
    {
        call(arguments, std::index_sequence_for<T...>());
    }
    explicit Registration(const char *name)
    {
        const void *const function = reinterpret_cast<const void *>(kernel);
        register_kernel({name, function, parameters, sizeof...(T), run_thread});
    }
};

} // namespace fakecuda

#define threadIdx (fakecuda::position.thread)
#define blockIdx (fakecuda::position.block)
#define blockDim (fakecuda::position.block_size)
#define gridDim (fakecuda::position.grid_size)

#define FAKECUDA_KERNEL(name)                                                                      \
    static const fakecuda::Registration<name> fakecuda_registration_of_##name(#name);

#endif
