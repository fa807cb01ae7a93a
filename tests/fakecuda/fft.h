/* SPDX-License-Identifier: GPL-3.0-or-later
 * Plans of cuFFT that the double has made. */
#ifndef FAKECUDA_FFT_H
#define FAKECUDA_FFT_H

namespace fakecuda
{

/* Plans that are alive and that nobody tried to release. */
long n_leaked_plans();
void wipe_plans();

} // namespace fakecuda

#endif
