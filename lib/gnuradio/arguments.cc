/* SPDX-License-Identifier: GPL-3.0-or-later
 * What make() refuses before anything is made. */
#include "arguments.h"

#include "oaconv/oaconv.h"
#include "port_limit.h"

#include <stdexcept>
#include <string>

namespace gr
{
namespace oaconv
{

int not_negative(int value, const char *name)
{
    if (value < 0)
        throw std::invalid_argument(std::string(name) + " is " + std::to_string(value) +
                                    "; it must not be negative");
    return value;
}

int checked_decimation(int decimation)
{
    if (decimation < 1)
        throw std::invalid_argument("decimation is " + std::to_string(decimation) +
                                    "; it must be at least 1");
    return decimation;
}

double checked_latency(double latency)
{
    if (!(latency >= 0 && latency <= 3600))
        throw std::invalid_argument("max_latency is " + std::to_string(latency) +
                                    " s; it must be between 0 and 3600 s");
    return latency;
}

const std::string &checked_backend(const std::string &backend)
{
    if (backend.find('\0') != std::string::npos)
        throw std::invalid_argument("unknown backend: its name has a null character in it");
    return backend;
}

int count_ports(std::size_t n_rows, int n_channels)
{
    if (n_rows == 0)
        throw std::invalid_argument("no taps: there must be one row, or one for every channel");
    const std::size_t n_ports =
        not_negative(n_channels, "n_channels") ? std::size_t(n_channels) : n_rows;
    if (n_ports > OAC_MAX_CHANNELS)
        throw std::invalid_argument(std::to_string(n_ports) + " channels; at most " +
                                    std::to_string(OAC_MAX_CHANNELS) + " are possible");
    check_port_limit(long(n_ports));
    return int(n_ports);
}

} // namespace oaconv
} // namespace gr
