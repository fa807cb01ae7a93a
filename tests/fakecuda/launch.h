/* SPDX-License-Identifier: GPL-3.0-or-later
 * Kernels that the double knows, and how it runs them. */
#ifndef FAKECUDA_LAUNCH_H
#define FAKECUDA_LAUNCH_H

#include <string>

namespace fakecuda
{

/* Kernels run as this file of PTX says; as C++ where it is empty. */
void use_ptx(const std::string &path);

} // namespace fakecuda

#endif
