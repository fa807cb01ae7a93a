/* SPDX-License-Identifier: GPL-3.0-or-later
 * An interpreter for the PTX that nvcc writes of simple kernels: what it does not know, it aborts
 * on. */
#ifndef FAKECUDA_PTX_H
#define FAKECUDA_PTX_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace fakecuda
{
namespace ptx
{

/* Memory that a launch was given. */
struct Span {
    uintptr_t begin;
    size_t size;
    bool writable;
    char *inside; /* where its bytes really are */
};

struct Launch {
    std::vector<uint64_t> arguments; /* lowest bits, where a parameter is shorter */
    std::vector<Span> memory;
};

struct Function;

/* The kernels of one file. */
class Module
{
public:
    explicit Module(const std::string &path);

    /* A kernel whose parameters have these sizes in bytes; aborts where there is none. */
    const Function &kernel(const std::string &name, const std::vector<size_t> &sizes) const;

private:
    std::map<std::string, std::shared_ptr<const Function>> d_functions;
};

/* Runs the thread at fakecuda::position. An access outside the launch's memory, to memory that is
 * only read, or not aligned, is a violation: nothing is written, and NaN is read. */
void run_thread(const Function &kernel, const Launch &launch);

} // namespace ptx
} // namespace fakecuda

#endif
