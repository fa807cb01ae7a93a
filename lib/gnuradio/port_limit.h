/* SPDX-License-Identifier: GPL-3.0-or-later
 * How many ports the machine's shared memory allows. */
#ifndef INCLUDED_OACONV_PORT_LIMIT_H
#define INCLUDED_OACONV_PORT_LIMIT_H

namespace gr
{
namespace oaconv
{

/* Throws std::invalid_argument, naming the fix, when n_ports inputs from as many blocks, and as
 * many outputs, need more System V shared memory segments than there can be. */
void check_port_limit(long n_ports);

} // namespace oaconv
} // namespace gr

#endif
