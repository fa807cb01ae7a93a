/* SPDX-License-Identifier: GPL-3.0-or-later
 * Export of symbols of the library gnuradio-oaconv. */
#ifndef INCLUDED_OACONV_API_H
#define INCLUDED_OACONV_API_H

#include <gnuradio/attributes.h>

#ifdef gnuradio_oaconv_EXPORTS
#define OACONV_API __GR_ATTR_EXPORT
#else
#define OACONV_API __GR_ATTR_IMPORT
#endif

#endif
