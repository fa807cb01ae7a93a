/* SPDX-License-Identifier: GPL-3.0-or-later
 * cuFFT: plans of one dimension in single precision, and their work areas. */
#include "fft.h"

#include "fft_layout.h"
#include "memory.h"
#include "session.h"
#include "streams.h"

#include <cstdint>
#include <cstring>

namespace fakecuda
{

struct Plan {
    bool made = false;
    bool automatic = true; /* the plan allocates its work area */
    Batch batch = {};
    size_t work_size = 0;
    void *work = nullptr;
    cudaStream_t stream = nullptr;
    History history;
    bool release_refused = false;
};

/* By handle; handles are not used again. */
static std::map<cufftHandle, Plan> &plans()
{
    static auto &only = *new std::map<cufftHandle, Plan>;
    return only;
}

static cufftResult refuse(const char *call, const char *why)
{
    violation(std::string(call) + ": " + why);
    return CUFFT_INVALID_VALUE;
}

/* A live plan, or null and a violation. */
static Plan *live_plan(cufftHandle handle, const char *call)
{
    const auto found = plans().find(handle);
    if (found != plans().end())
        return &found->second;
    refuse(call, "not a live plan");
    return nullptr;
}

static cufftResult create(cufftHandle *handle)
{
    static cufftHandle last = 0;
    *handle = ++last;
    plans()[*handle];
    return CUFFT_SUCCESS;
}

static cufftResult destroy(cufftHandle handle, const char *call)
{
    Plan *const plan = live_plan(handle, call);
    if (!plan)
        return CUFFT_INVALID_PLAN;
    if (!drain_all(call))
        return CUFFT_INTERNAL_ERROR;
    if (plan->automatic && plan->work)
        device_memory().release(*device_memory().find(plan->work));
    plans().erase(handle);
    return CUFFT_SUCCESS;
}

static void refuse_release(Plan &plan)
{
    plan.release_refused = true;
    Buffer *const own = plan.automatic ? device_memory().find(plan.work) : nullptr;
    if (own)
        own->release_refused = true;
}

/* ---- Layout and work area ---- */

/* How a caller describes one side of a batch. */
struct Embedding {
    const int *embed;
    int stride, distance;
};

static bool apply(const Embedding &embedding, Side &side)
{
    side.stride = embedding.stride;
    side.distance = embedding.distance;
    return embedding.stride >= 1 && embedding.distance >= 1 && embedding.embed[0] >= 1;
}

static cufftResult allocate_work_area(Plan &plan)
{
    const size_t used = device_memory().used();
    if (used + plan.work_size > session().limit)
        return CUFFT_ALLOC_FAILED;
    Buffer *const buffer = device_memory().allocate(plan.work_size);
    plan.work = buffer ? buffer->begin : nullptr;
    return buffer ? CUFFT_SUCCESS : CUFFT_ALLOC_FAILED;
}

static cufftResult make(Plan &plan,
                        const Batch &packed,
                        const Embedding &in,
                        const Embedding &out,
                        size_t *work_size,
                        const char *call)
{
    if (plan.made)
        return refuse(call, "the plan is made already");
    if (packed.type != CUFFT_R2C && packed.type != CUFFT_C2R && packed.type != CUFFT_C2C)
        return refuse(call, "a type that the double does not know");
    if (packed.n < 1 || packed.batch < 1)
        return CUFFT_INVALID_SIZE;
    if (!work_size || !in.embed != !out.embed)
        return refuse(call, "no place for the size, or one embed without the other");
    plan.batch = packed;
    if (in.embed && (!apply(in, plan.batch.in) || !apply(out, plan.batch.out)))
        return refuse(call, "strides, distances and embeds have to be positive");
    plan.work_size = size_t(packed.batch) * size_t(packed.n) * sizeof(cufftComplex);
    *work_size = plan.work_size;
    if (plan.automatic)
        if (const cufftResult failed = allocate_work_area(plan))
            return failed;
    plan.made = true;
    return CUFFT_SUCCESS;
}

static bool has_work_area(const Plan &plan)
{
    const Buffer *const buffer = device_memory().find(plan.work);
    if (!buffer)
        return false;
    const size_t offset = size_t(static_cast<const char *>(plan.work) - buffer->begin);
    return plan.work_size <= buffer->size - offset;
}

static cufftResult set_work_area(Plan &plan, void *area, const char *call)
{
    if (plan.automatic)
        return refuse(call, "the plan allocates its own");
    plan.work = area;
    if (plan.made && !has_work_area(plan))
        return refuse(call, "not a live buffer of the size that the plan asks for");
    return CUFFT_SUCCESS;
}

/* ---- Execution ---- */

static bool aligned(const void *address)
{
    return reinterpret_cast<uintptr_t>(address) % sizeof(cufftComplex) == 0;
}

/* Whether element 0 of every transform is at the same place on both sides. */
static bool fits_in_place(const Batch &b)
{
    return b.batch == 1 ||
           size_t(b.in.distance) * b.in.element == size_t(b.out.distance) * b.out.element;
}

static const char *
why_not(const Plan &plan, const Access &in, const Access &out, const Access &work)
{
    if (!has_work_area(plan))
        return "no work area, or one that is freed or too small";
    if (!device_memory().contains(in.begin) || !device_memory().contains(out.begin))
        return "not device memory";
    if (!aligned(in.begin) || !aligned(out.begin))
        return "data not aligned to complex samples";
    if (in.begin == out.begin ? !fits_in_place(plan.batch) : overlap(in, out))
        return "input and output overlap";
    if (overlap(in, work) || overlap(out, work))
        return "the work area overlaps the data";
    return nullptr;
}

static void
run(const Batch &batch, int direction, const Access &in, const Access &out, const Access &work)
{
    const Arena &memory = device_memory();
    run_batch(batch, direction, memory.inside(in.begin), memory.inside(out.begin));
    if (in.write && in.begin != out.begin)
        poison(batch.in, batch.batch, memory.inside(in.begin));
    std::memset(memory.inside(work.begin), 0xFF, work.size);
}

static cufftResult
execute(cufftHandle handle, cufftType type, int direction, void *from, void *to, const char *call)
{
    Plan *const plan = live_plan(handle, call);
    if (!plan || !plan->made || plan->batch.type != type) {
        refuse(call, "not a plan of this type");
        return CUFFT_INVALID_PLAN;
    }
    const Batch &batch = plan->batch;
    const bool destroys = type == CUFFT_C2R || (type == CUFFT_R2C && session().r2c_clobbers);
    const Access in = {from, batch.in.size(batch.batch), destroys};
    const Access out = {to, batch.out.size(batch.batch), true};
    const Access work = {plan->work, plan->work_size, true};
    if (const char *const reason = why_not(*plan, in, out, work))
        return refuse(call, reason);
    const cudaStream_t stream = live_stream(plan->stream, call);
    if (!stream)
        return CUFFT_EXEC_FAILED;
    const auto body = [=] { run(batch, direction, in, out, work); };
    const bool enqueued = enqueue(stream, call, {in, out, work}, body, &plan->history);
    return enqueued ? CUFFT_SUCCESS : CUFFT_INVALID_VALUE;
}

long n_leaked_plans()
{
    long leaked = 0;
    for (const auto &entry : plans())
        leaked += !entry.second.release_refused;
    return leaked;
}

void wipe_plans()
{
    plans().clear();
}

/* body() with a live plan. */
template <class Body>
static cufftResult plan_call(const char *call, cufftHandle handle, Body body)
{
    return cufft_call(call, Needs::device, [&] {
        Plan *const plan = live_plan(handle, call);
        return plan ? body(*plan) : CUFFT_INVALID_PLAN;
    });
}

} // namespace fakecuda

using namespace fakecuda;

extern "C" {

cufftResult cufftGetVersion(int *version)
{
    return cufft_call(__func__, Needs::nothing, [&] {
        *version = CUFFT_VERSION;
        return CUFFT_SUCCESS;
    });
}

cufftResult cufftCreate(cufftHandle *handle)
{
    return cufft_call(__func__, Needs::device, [&] { return create(handle); });
}

cufftResult cufftDestroy(cufftHandle handle)
{
    const char *const call = __func__;
    return cufft_call(
        call,
        Needs::device,
        [&] { return destroy(handle, call); },
        [&] {
            if (Plan *plan = live_plan(handle, call))
                refuse_release(*plan);
        });
}

cufftResult cufftSetAutoAllocation(cufftHandle handle, int automatic)
{
    const char *const call = __func__;
    return plan_call(call, handle, [&](Plan &plan) {
        if (plan.made)
            return refuse(call, "the plan is made already");
        plan.automatic = automatic != 0;
        return CUFFT_SUCCESS;
    });
}

cufftResult cufftMakePlanMany(cufftHandle handle,
                              int rank,
                              int *n,
                              int *in_embed,
                              int in_stride,
                              int in_distance,
                              int *out_embed,
                              int out_stride,
                              int out_distance,
                              cufftType type,
                              int batch,
                              size_t *work_size)
{
    const char *const call = __func__;
    return plan_call(call, handle, [&](Plan &plan) {
        if (rank != 1)
            return refuse(call, "the double knows one dimension only");
        return make(plan,
                    packed_batch(type, n[0], batch),
                    {in_embed, in_stride, in_distance},
                    {out_embed, out_stride, out_distance},
                    work_size,
                    call);
    });
}

cufftResult cufftSetWorkArea(cufftHandle handle, void *area)
{
    const char *const call = __func__;
    return plan_call(call, handle, [&](Plan &plan) { return set_work_area(plan, area, call); });
}

cufftResult cufftSetStream(cufftHandle handle, cudaStream_t stream)
{
    const char *const call = __func__;
    return plan_call(call, handle, [&](Plan &plan) {
        if (!live_stream(stream, call))
            return CUFFT_INVALID_VALUE;
        plan.stream = stream;
        return CUFFT_SUCCESS;
    });
}

cufftResult cufftExecR2C(cufftHandle handle, cufftReal *in, cufftComplex *out)
{
    const char *const call = __func__;
    return cufft_call(call, Needs::device, [&] {
        return execute(handle, CUFFT_R2C, CUFFT_FORWARD, in, out, call);
    });
}

cufftResult cufftExecC2R(cufftHandle handle, cufftComplex *in, cufftReal *out)
{
    const char *const call = __func__;
    return cufft_call(call, Needs::device, [&] {
        return execute(handle, CUFFT_C2R, CUFFT_INVERSE, in, out, call);
    });
}

cufftResult cufftExecC2C(cufftHandle handle, cufftComplex *in, cufftComplex *out, int direction)
{
    const char *const call = __func__;
    return cufft_call(call, Needs::device, [&] {
        if (direction != CUFFT_FORWARD && direction != CUFFT_INVERSE)
            return refuse(call, "unknown direction");
        return execute(handle, CUFFT_C2C, direction, in, out, call);
    });
}

} // extern "C"
