/* SPDX-License-Identifier: GPL-3.0-or-later
 * The state of the filter as a message. */
#ifndef INCLUDED_OACONV_STATUS_MESSAGE_H
#define INCLUDED_OACONV_STATUS_MESSAGE_H

#include "oaconv/oaconv.h"

#include <pmt/pmt.h>

namespace gr
{
namespace oaconv
{

/* A dict; its keys are in the documentation of the block. */
pmt::pmt_t status_message(const oaconv_info &info);

} // namespace oaconv
} // namespace gr

#endif
