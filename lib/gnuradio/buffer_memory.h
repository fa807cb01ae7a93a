/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where GNU Radio's buffers lie, and how much of them fits there. */
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
