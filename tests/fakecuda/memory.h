/* SPDX-License-Identifier: GPL-3.0-or-later
 * Device memory and pinned host memory: every buffer between guards, at addresses that are not used
 * again, and behind a second view of it that only the double uses. */
#ifndef FAKECUDA_MEMORY_H
#define FAKECUDA_MEMORY_H

#include "history.h"

#include <cstddef>
#include <map>

namespace fakecuda
{

struct Buffer {
    char *begin = nullptr;
    size_t size = 0;
    History history;
    int protection = 0;           /* PROT_*: what the host may do now */
    bool release_refused = false; /* by a fault: no leak */
};

/* A reserved range of addresses. What the process sees under them is protected as asked; the double
 * itself reads and writes the same bytes a fixed distance away. */
class Arena
{
public:
    /* Device memory is nothing but an address to the host; pinned memory is shared with it. */
    enum class Kind { device, pinned };
    explicit Arena(Kind kind);

    /* Filled with NaN; null where the reserved addresses are used up. */
    Buffer *allocate(size_t size);
    void release(Buffer &buffer);
    /* Forgets all buffers and begins at the first address again. */
    void wipe();

    bool contains(const void *address) const;
    /* The live buffer that an address lies in, or null. */
    Buffer *find(const void *address);
    /* The double's own view of an address of this arena. */
    char *inside(const void *address) const;

    /* Whether the bytes around a buffer are as they were; mends them. */
    bool guards_intact(const Buffer &buffer);
    /* What the host may do with a buffer: all, or less while an operation may still use it. */
    void protect(Buffer &buffer, const Clock &host);

    std::map<char *, Buffer> &buffers() { return d_buffers; }
    size_t used() const { return d_used; }

private:
    Kind d_kind;
    char *d_public, *d_inside;
    char *d_next; /* where the next buffer's pages begin, in the public view */
    size_t d_used = 0;
    std::map<char *, Buffer> d_buffers; /* by begin */
};

Arena &device_memory();
Arena &pinned_memory();

/* Says so where a guard was overwritten. */
void check_guards(Arena &arena, Buffer &buffer, const char *what);

} // namespace fakecuda

#endif
