# SPDX-License-Identifier: GPL-3.0-or-later
# FFTW with its thread-safe planners: target FFTW3f::fftw3f_threads in single precision,
# FFTW3f::fftw3_threads in double.
include(FindPackageHandleStandardArgs)
find_path(FFTW3f_INCLUDE_DIR fftw3.h)
set(libraries)
foreach(name fftw3f fftw3)
    find_library(${name}_LIBRARY ${name})
    find_library(${name}_threads_LIBRARY ${name}_threads)
    list(APPEND libraries ${name}_LIBRARY ${name}_threads_LIBRARY)
endforeach()
find_package_handle_standard_args(FFTW3f REQUIRED_VARS ${libraries} FFTW3f_INCLUDE_DIR)
foreach(name fftw3f fftw3)
    if(FFTW3f_FOUND AND NOT TARGET FFTW3f::${name}_threads)
        add_library(FFTW3f::${name}_threads INTERFACE IMPORTED GLOBAL)
        set_target_properties(
            FFTW3f::${name}_threads
            PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${FFTW3f_INCLUDE_DIR}"
                       INTERFACE_LINK_LIBRARIES "${${name}_threads_LIBRARY};${${name}_LIBRARY}")
    endif()
endforeach()
