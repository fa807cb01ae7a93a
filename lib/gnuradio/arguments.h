/* SPDX-License-Identifier: GPL-3.0-or-later
 * What make() refuses before anything is made. */
#ifndef INCLUDED_OACONV_ARGUMENTS_H
#define INCLUDED_OACONV_ARGUMENTS_H

#include <cstddef>
#include <string>

namespace gr
{
namespace oaconv
{

/* The argument, if it is one. Each throws std::invalid_argument with its name and what it must be.
 */
int not_negative(int value, const char *name);
int checked_decimation(int decimation);
double checked_latency(double latency); /* seconds */
const std::string &checked_backend(const std::string &backend);

/* The number of ports: n_channels, or as many as rows where that is 0. Throws when there are no
 * rows, and when it is negative or more than the engine or shared memory allows. */
int count_ports(std::size_t n_rows, int n_channels);

} // namespace oaconv
} // namespace gr

#endif
