/* SPDX-License-Identifier: GPL-3.0-or-later
 * Device memory and pinned host memory: every buffer between guards, at addresses that are not used
 * again, and behind a second view of it that only the double uses. */
#include "memory.h"

#include "session.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace fakecuda
{

static const size_t reserved = size_t(64) << 30; /* bytes of addresses, hardly any of them memory */
static const size_t page = 4096;
static const size_t guard = 256; /* bytes before and after a buffer, and what CUDA aligns to */
static const int nan_byte = 0xFF;

/* A NaN as the poison is one, so that a kernel that reads it shows, but another one. */
static const unsigned char guard_bytes[2] = {0xA5, 0xFF};

static char *map(int protection, int flags, int file)
{
    void *const address = mmap(nullptr, reserved, protection, flags | MAP_NORESERVE, file, 0);
    if (address == MAP_FAILED) {
        std::perror("fakecuda: mmap");
        std::abort();
    }
    return static_cast<char *>(address);
}

static void set_protection(void *address, size_t size, int protection)
{
    if (mprotect(address, size, protection)) {
        std::perror("fakecuda: mprotect");
        std::abort();
    }
}

/* The pages of a buffer: a guard, the buffer, at least a guard. An inaccessible page follows. */
static char *pages_of(const Buffer &buffer)
{
    return buffer.begin - guard;
}

static size_t size_of_pages(size_t size)
{
    return (size + 2 * guard + page - 1) / page * page;
}

Arena::Arena(Kind kind) : d_kind(kind)
{
    if (kind == Kind::device) {
        d_public = map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
        d_inside = map(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    } else {
        const int file = memfd_create("fakecuda", MFD_CLOEXEC);
        if (file < 0 || ftruncate(file, reserved)) {
            std::perror("fakecuda: memfd");
            std::abort();
        }
        d_public = map(PROT_NONE, MAP_SHARED, file);
        d_inside = map(PROT_NONE, MAP_SHARED, file);
        close(file);
    }
    d_next = d_public;
}

Buffer *Arena::allocate(size_t size)
{
    const size_t n_bytes = size_of_pages(size);
    if (size > reserved || n_bytes + page > size_t(d_public + reserved - d_next))
        return nullptr;
    Buffer buffer;
    buffer.begin = d_next + guard;
    buffer.size = size;
    d_next += n_bytes + page;
    d_used += size;

    char *const pages = inside(pages_of(buffer));
    set_protection(pages, n_bytes, PROT_READ | PROT_WRITE);
    for (size_t i = 0; i < guard; i++)
        pages[i] = static_cast<char>(guard_bytes[i % 2]);
    std::memset(inside(buffer.begin), nan_byte, size);
    for (size_t i = guard + size; i < n_bytes; i++)
        pages[i] = static_cast<char>(guard_bytes[i % 2]);
    Buffer &kept = d_buffers[buffer.begin] = buffer;
    protect(kept, Clock());
    return &kept;
}

void Arena::release(Buffer &buffer)
{
    char *const pages = pages_of(buffer);
    const size_t n_bytes = size_of_pages(buffer.size);
    if (madvise(inside(pages), n_bytes, d_kind == Kind::device ? MADV_DONTNEED : MADV_REMOVE))
        std::perror("fakecuda: madvise");
    set_protection(inside(pages), n_bytes, PROT_NONE);
    set_protection(pages, n_bytes, PROT_NONE);
    d_used -= buffer.size;
    d_buffers.erase(buffer.begin);
}

void Arena::wipe()
{
    while (!d_buffers.empty())
        release(d_buffers.begin()->second);
    d_next = d_public;
}

bool Arena::contains(const void *address) const
{
    const auto number = reinterpret_cast<uintptr_t>(address);
    const auto begin = reinterpret_cast<uintptr_t>(d_public);
    return number >= begin && number - begin < reserved;
}

Buffer *Arena::find(const void *address)
{
    if (!contains(address))
        return nullptr;
    auto after = d_buffers.upper_bound(static_cast<char *>(const_cast<void *>(address)));
    if (after == d_buffers.begin())
        return nullptr;
    Buffer &candidate = std::prev(after)->second;
    return address < candidate.begin + candidate.size ? &candidate : nullptr;
}

char *Arena::inside(const void *address) const
{
    return d_inside + (static_cast<const char *>(address) - d_public);
}

bool Arena::guards_intact(const Buffer &buffer)
{
    char *const pages = inside(pages_of(buffer));
    bool intact = true;
    const auto check = [&](size_t first) {
        for (size_t i = first; i < first + guard; i++) {
            intact = intact && pages[i] == static_cast<char>(guard_bytes[i % 2]);
            pages[i] = static_cast<char>(guard_bytes[i % 2]);
        }
    };
    check(0);
    check(guard + buffer.size);
    return intact;
}

void Arena::protect(Buffer &buffer, const Clock &host)
{
    if (d_kind == Kind::device)
        return;
    int protection = PROT_READ | PROT_WRITE;
    if (buffer.history.may_be_written(host))
        protection = PROT_NONE;
    else if (buffer.history.may_be_read(host))
        protection = PROT_READ;
    if (protection != buffer.protection)
        set_protection(pages_of(buffer), size_of_pages(buffer.size), protection);
    buffer.protection = protection;
}

Arena &device_memory()
{
    static Arena &only = *new Arena(Arena::Kind::device);
    return only;
}

Arena &pinned_memory()
{
    static Arena &only = *new Arena(Arena::Kind::pinned);
    return only;
}

void check_guards(Arena &arena, Buffer &buffer, const char *what)
{
    if (!arena.guards_intact(buffer))
        violation(std::string(what) + ": wrote outside a buffer, into the bytes next to it");
}

} // namespace fakecuda
