/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where GNU Radio's buffers lie, how much of them fits there, and what of it is ours. */
#ifndef INCLUDED_OACONV_BUFFER_MEMORY_H
#define INCLUDED_OACONV_BUFFER_MEMORY_H

#include <cstddef>
#include <string>

namespace gr
{
namespace oaconv
{

/* The kinds of circular buffers that GNU Radio has on Linux. */
enum class buffer_kind { system_v, shared_memory, temporary_file };

/* By the user's preference; without one, the first that works here, as GNU Radio takes it. */
buffer_kind kind_of_buffers();

/* The file of that preference. */
std::string buffer_preference();

struct buffer_memory {
    std::string place; /* for messages */
    std::string wrong; /* why there can be no buffer at all; empty if there can */
    std::string remedy;
    long n_free;  /* bytes */
    long largest; /* of one buffer, bytes */
};

buffer_memory look_at_buffer_memory();

/* Of the memory for buffers, what one block of ours may plan for: a half is left to the other
 * blocks of the graph, the other is shared by the ports of all blocks of ours that are alive.
 * Buffers are made after all of them have planned, and found to be too large only when they are
 * filled. */
class buffer_share
{
public:
    explicit buffer_share(long n_ports);
    ~buffer_share();
    buffer_share(const buffer_share &) = delete;
    buffer_share &operator=(const buffer_share &) = delete;

    /* Bytes that the buffer before and the one behind a port may take, each. */
    long bytes_for_each(const buffer_memory &memory) const;

private:
    long d_n_ports;
};

/* Throws std::runtime_error, which names the remedy, where `needed` bytes do not fit. */
void check_that_buffers_fit(const buffer_memory &memory, long n_ports, long needed);

/* Takes memory for n bytes of a buffer now, so that its first use is no bus error. Returns false
 * where there is none; buffers that are not files always have some. */
bool reserve_buffer(const char *buffer, std::size_t n);

/* Gives back what a buffer without samples has taken. */
void release_buffer(const char *buffer, std::size_t n);

} // namespace oaconv
} // namespace gr

#endif
