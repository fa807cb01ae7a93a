# SPDX-License-Identifier: GPL-3.0-or-later
# Tests in Python: one ctest per file, against the packages in the build tree.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(results_dir ${PROJECT_BINARY_DIR}/test-results)
set(home_dir ${PROJECT_BINARY_DIR}/test-home)
file(MAKE_DIRECTORY ${results_dir} ${home_dir})

# The tests of a file that match what is given to -k, or all.
function(add_python_test name file)
    cmake_parse_arguments(arg "" "LABEL" "MATCHING;ENVIRONMENT" ${ARGN})
    set(matching)
    if(arg_MATCHING)
        set(matching -k "${arg_MATCHING}")
    endif()
    add_test(NAME ${name}
             COMMAND ${Python3_EXECUTABLE} -m pytest -rs -p no:cacheprovider
                     --junitxml=${results_dir}/${name}.xml ${matching} ${file})
    set_tests_properties(
        ${name}
        PROPERTIES
            LABELS ${arg_LABEL}
            TIMEOUT 1200
            ENVIRONMENT
            "PYTHONPATH=${PROJECT_BINARY_DIR}/python;HOME=${home_dir};GR_PREFS_PATH=${home_dir};PYTHONDONTWRITEBYTECODE=1;OACONV_COST_TABLE=nominal;OACONV_SOURCE_DIR=${PROJECT_SOURCE_DIR};OACONV_BUILD_DIR=${PROJECT_BINARY_DIR};${arg_ENVIRONMENT}"
    )
endfunction()

# One for each file test_*.py of a folder.
function(add_python_tests folder label)
    file(GLOB files CONFIGURE_DEPENDS ${folder}/test_*.py)
    foreach(file ${files})
        get_filename_component(name ${file} NAME_WE)
        string(REGEX REPLACE "^test_" "${label}_" name ${name})
        add_python_test(${name} ${file} LABEL ${label})
    endforeach()
endfunction()
