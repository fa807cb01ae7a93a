/* SPDX-License-Identifier: GPL-3.0-or-later
 * How many ports the machine's shared memory allows. */
#include "port_limit.h"

#include "buffer_memory.h"

#include <fstream>
#include <stdexcept>
#include <string>

namespace gr
{
namespace oaconv
{

namespace
{

/* 0 where the system does not tell. */
long n_segments_possible()
{
    std::ifstream file("/proc/sys/kernel/shmmni");
    long n = 0;
    file >> n;
    return n;
}

} // namespace

void check_port_limit(long n_ports)
{
    constexpr long segments_per_port = 4; /* two for the buffer before us, two for ours */
    if (n_ports <= 0 || kind_of_buffers() != buffer_kind::system_v)
        return;
    const long possible = n_segments_possible();
    if (possible == 0 || n_ports < (possible + segments_per_port - 1) / segments_per_port)
        return;
    throw std::invalid_argument(
        std::to_string(n_ports) + " ports may need " + std::to_string(segments_per_port * n_ports) +
        " shared memory segments, more than the " + std::to_string(possible) +
        " of this machine; write gr::vmcircbuf_mmap_shm_open_factory into " + buffer_preference() +
        " (without a line end), or raise kernel.shmmni");
}

} // namespace oaconv
} // namespace gr
