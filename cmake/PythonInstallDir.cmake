# SPDX-License-Identifier: GPL-3.0-or-later
# default_python_dir: where Python modules go, from the prefix on.
#
# What was given as GR_PYTHON_DIR, as for every module of GNU Radio. Else the folder in which Python
# itself looks below the prefix; GNU Radio's own search does not find it for the prefix /usr, where
# Debian has two. Else what GNU Radio has found, or Python's usual name.
set(search_in_prefix
    "
import os, site, sys
prefix = sys.argv[1]
below = (os.path.relpath(folder, prefix) for folder in site.getsitepackages())
print(next((folder for folder in below if folder.startswith('lib')), ''))
")
set(usual_name
    "
import os, sys, sysconfig
prefix = sys.argv[1]
base = {'base': prefix, 'platbase': prefix}
print(os.path.relpath(sysconfig.get_path('platlib', 'posix_prefix', base), prefix))
")

function(ask_python script result)
    execute_process(COMMAND ${Python3_EXECUTABLE} -c "${script}" ${CMAKE_INSTALL_PREFIX}
                    OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${Python3_EXECUTABLE} does not say where modules go; give -DGR_PYTHON_DIR")
    endif()
    set(${result} "${answer}" PARENT_SCOPE)
endfunction()

if(DEFINED CACHE{GR_PYTHON_DIR})
    set(default_python_dir $CACHE{GR_PYTHON_DIR})
else()
    ask_python("${search_in_prefix}" default_python_dir)
endif()
if(NOT default_python_dir AND GR_PYTHON_DIR)
    set(default_python_dir ${GR_PYTHON_DIR})
elseif(NOT default_python_dir)
    ask_python("${usual_name}" default_python_dir)
endif()
