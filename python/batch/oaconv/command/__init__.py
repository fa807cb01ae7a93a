# SPDX-License-Identifier: GPL-3.0-or-later
"""The `oaconv` command: convolves files, from disk to disk, in bounded memory."""

from .main import main

__all__ = ["main"]
