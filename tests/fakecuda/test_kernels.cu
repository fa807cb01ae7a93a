/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kernels to test the double with, and their launchers, compiled by nvcc or by g++. */
#include "test_kernels.h"

extern "C" __global__ void test_scale(float *out, const float *in, float factor, unsigned n)
{
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = factor * in[i];
}

/* X[m][b][k] *= H[m][k]; thread = (k, m), several b. */
extern "C" __global__ void test_multiply(float2 *X, const float2 *H, unsigned bins, unsigned batch)
{
    const unsigned k = blockIdx.x * blockDim.x + threadIdx.x, m = blockIdx.y;
    if (k >= bins)
        return;
    const float2 h = H[size_t(m) * bins + k];
    for (unsigned b = blockIdx.z; b < batch; b += gridDim.z) {
        float2 *const p = X + (size_t(m) * batch + b) * bins + k;
        const float2 v = *p;
        *p = make_float2(v.x * h.x - v.y * h.y, v.x * h.y + v.y * h.x);
    }
}

/* The order of the threads: every one overwrites what the others wrote. */
extern "C" __global__ void test_last_thread(float *out, int offset)
{
    out[offset] = float(blockIdx.x * blockDim.x + threadIdx.x);
}

/* Integer arithmetic of every width, on what may be any number. */
extern "C" __global__ void
test_integers(unsigned long long *out, const unsigned long long *in, long long shift, int n)
{
    const int i = int(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= n)
        return;
    const unsigned long long a = in[2 * i], b = in[2 * i + 1] | 1;
    const long long c = (long long)a >> 1, d = ((long long)b >> 2) | 1;
    const unsigned e = unsigned(a), f = unsigned(b);
    const int g = int(e) / 2, h = (int(f) / 4) | 1;
    unsigned long long *const o = out + size_t(i) * 12;
    o[0] = a / b + a % b * 3 - (a > b ? a : b);
    o[1] = (unsigned long long)(c / d - c % d * 5 + (c < d ? c : d));
    o[2] = e / f + e % f * 7 - (e < f ? e : f);
    o[3] = (unsigned long long)(long long)(g / h - g % h + (g > h ? g : h));
    o[4] = (a << (shift & 63)) ^ (b >> (shift & 63)) ^ (unsigned long long)(c >> (shift & 63));
    o[5] = (e << (f & 31)) | (f >> (e & 31)) | unsigned(g >> (f & 31));
    o[6] = (a & b) | ~(a ^ b);
    o[7] = (unsigned long long)((long long)g * h + c);
    o[8] = (unsigned long long)e * f + a;
    o[9] =
        a / 10 + e / 10u + (unsigned long long)(long long)(g / 10) + (unsigned long long)(c / 10);
    o[10] = (unsigned long long)((g < 0 ? -c : c) + (h != g) + (e >= f) + (c <= d));
    o[11] = (unsigned long long)(long long)int(float(e >> 8) > float(g) ? -h : h);
}

int launch_scale(
    float *out, const float *in, float factor, unsigned n, dim3 grid, cudaStream_t stream)
{
    void *arguments[] = {&out, &in, &factor, &n};
    return cudaLaunchKernel((const void *)test_scale, grid, dim3(32, 1, 1), arguments, 0, stream);
}

int launch_multiply(
    float2 *X, const float2 *H, unsigned n_rows, unsigned bins, unsigned batch, cudaStream_t stream)
{
    void *arguments[] = {&X, &H, &bins, &batch};
    const dim3 grid((bins + 31) / 32, n_rows, 2);
    return cudaLaunchKernel(
        (const void *)test_multiply, grid, dim3(32, 1, 1), arguments, 0, stream);
}

int launch_last_thread(float *out, int offset, cudaStream_t stream)
{
    void *arguments[] = {&out, &offset};
    return cudaLaunchKernel((const void *)test_last_thread, dim3(3), dim3(5), arguments, 0, stream);
}

int launch_integers(unsigned long long *out,
                    const unsigned long long *in,
                    long long shift,
                    int n,
                    cudaStream_t stream)
{
    void *arguments[] = {&out, &in, &shift, &n};
    const dim3 grid(unsigned(n + 63) / 64, 1, 1);
    return cudaLaunchKernel(
        (const void *)test_integers, grid, dim3(64, 1, 1), arguments, 0, stream);
}
