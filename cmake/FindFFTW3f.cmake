# SPDX-License-Identifier: GPL-3.0-or-later
# FFTW in single precision with its thread-safe planner: target FFTW3f::fftw3f_threads.
include(FindPackageHandleStandardArgs)
find_path(FFTW3f_INCLUDE_DIR fftw3.h)
find_library(FFTW3f_LIBRARY fftw3f)
find_library(FFTW3f_THREADS_LIBRARY fftw3f_threads)
find_package_handle_standard_args(
    FFTW3f REQUIRED_VARS FFTW3f_LIBRARY FFTW3f_THREADS_LIBRARY FFTW3f_INCLUDE_DIR)
if(FFTW3f_FOUND AND NOT TARGET FFTW3f::fftw3f_threads)
    add_library(FFTW3f::fftw3f_threads INTERFACE IMPORTED GLOBAL)
    set_target_properties(
        FFTW3f::fftw3f_threads
        PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${FFTW3f_INCLUDE_DIR}"
                   INTERFACE_LINK_LIBRARIES "${FFTW3f_THREADS_LIBRARY};${FFTW3f_LIBRARY}")
endif()
