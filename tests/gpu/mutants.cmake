# SPDX-License-Identifier: GPL-3.0-or-later
# Planted bugs: the module with one line changed must fail the tests. Built with ENABLE_MUTANTS; that
# their texts are still in the sources, any build with tests checks.
set(mutants)

# A module in which `from`, a text of one file, reads `to`, and the tests that must notice. Where the
# file has no such text any more, the test fails and says so; the build goes on.
function(add_mutant name file from to)
    set(program test_gpu_double)
    if(ARGN)
        list(POP_FRONT ARGN program)
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${cuda_dir}/${file})
    file(READ ${cuda_dir}/${file} text)
    string(FIND "${text}" "${from}" place)
    if(place EQUAL -1)
        add_test(NAME gpu_mutant_${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/stale_mutant.sh
                                                 ${name} ${file} "${from}")
        set_tests_properties(gpu_mutant_${name} PROPERTIES LABELS gpu)
        return()
    endif()
    if(NOT ENABLE_MUTANTS)
        return()
    endif()
    string(REPLACE "${from}" "${to}" text "${text}")
    set(changed ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}/${file})
    file(WRITE ${changed}.new "${text}")
    configure_file(${changed}.new ${changed} COPYONLY)
    set(module oaconv_cuda_mutant_${name})
    if(file STREQUAL kernels.cu)
        add_gpu_module(${module} fakecuda_mini ${module_sources} kernels_on_host.cc)
        target_include_directories(${module} BEFORE PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name})
    else()
        set(sources ${module_sources})
        list(REMOVE_ITEM sources ${cuda_dir}/${file})
        add_gpu_module(${module} fakecuda_mini ${sources} ${changed} kernels_on_host.cc)
    endif()
    add_gpu_test(gpu_mutant_${name} $<TARGET_FILE:${module}> COMMAND
                 ${CMAKE_CURRENT_SOURCE_DIR}/must_fail.sh $<TARGET_FILE:${program}> ${ARGN})
    set_property(TEST gpu_mutant_${name} APPEND PROPERTY LABELS long)
endfunction()

add_mutant(no_zero_padding slot.c
           "TRY_CUDA(cudaMemsetAsync(slot->blocks, 0, blocks, slot->stream));" "")
add_mutant(no_zeros_after_the_end slot.c
           "memset(to + load->n * bytes, 0, (n_unit - load->n) * bytes);" "")
add_mutant(missing_synchronisation filter.c "TRY(oac_cuda_wait(f, slot));" "slot->busy = false;")
add_mutant(slot_used_too_early filter.c "if (slot->busy) {" "if (slot->busy && start == 0) {")
add_mutant(one_work_area_for_all_slots slot.c
           "TRY_CUDA(cudaMalloc(&slot->work, slot->work_bytes))"
           "{ static void *one; if (!one) TRY_CUDA(cudaMalloc(&one, 1 << 24)); slot->work = one; }")
add_mutant(plan_without_stream slot.c "TRY_CUFFT(cufftSetStream(handles[k], slot->stream));" "")
add_mutant(kernel_one_element_too_long slot.c
           "(load->n_out + plan->n_owed) * plan->width)"
           "(load->n_out + plan->n_owed + 1) * plan->width)")
add_mutant(unit_too_short slot.c
           "while (oac_gpu_plan_input(plan, plan->units[unit]) < n)"
           "while (oac_gpu_plan_input(plan, plan->units[unit]) + 1 < n)")
add_mutant(leak slot.c "(void)cudaFree(slot->sums);" "")
add_mutant(event_before_the_copy slot.c
           "    TRY(oac_slot_copy_out(slot, context, load));
    TRY_CUDA(cudaEventRecord(slot->done, slot->stream));"
           "    TRY_CUDA(cudaEventRecord(slot->done, slot->stream));
    TRY(oac_slot_copy_out(slot, context, load));")
add_mutant(conjugate_product kernels.cu "v.x * h.x - v.y * h.y" "v.x * h.x + v.y * h.y")
add_mutant(one_branch_only kernels.cu "p < n_branches; p++" "p < 1; p++")
add_mutant(branch_one_sample_too_short gpu_plan.c "segment + (n_branches > 1)" "segment")
add_mutant(wrong_sample_first filter.c ".skip = call->skip," ".skip = 0,")
add_mutant(samples_of_the_next_segment kernels.cu "u < n_in ?" "u <= n_in ?")
add_mutant(one_segment_only kernels.cu "i <= last &&" "i < 1 &&")
add_mutant(first_row_for_all open.c "TRY(send_row_numbers(f, request));"
           "TRY_CUDA(cudaMemsetAsync(f->context.row_of, 0, numbers, f->slots[0].stream));")
add_mutant(wrong_scale open.c "1.0 / (double)" "1.01 / (double)")
add_mutant(ring_out_lost filter.c "tail[t] += y[n + t];" "tail[t] = y[n + t];")
add_mutant(no_device_in_this_thread filter.c "TRY(oac_cuda_enter(f->device));" "")
add_mutant(padding_not_checked self_check.c "if (slot->out[i] != 0)" "if (0)")
add_mutant(failure_overlooked slot.c "TRY(oac_slot_copy_out(slot, context, load));"
           "(void)oac_slot_copy_out(slot, context, load);" test_gpu_fault gpu_fault::once)
add_mutant(silent_gpu_freed open.c "if (!f->silent && !too_late && oac_cuda_begin_release()) {"
           "oac_cuda_begin_work(); {" test_gpu_fault gpu_fault::hang)
add_mutant(silent_gpu_freed_by_others in_flight.c "const bool any = list || list_is_short;"
           "const bool any = false;" test_gpu_taps)
add_mutant(work_not_waited_for in_flight.c "pthread_rwlock_wrlock(&work);"
           "pthread_rwlock_rdlock(&work);" test_gpu_fault
           gpu_fault::freed_while_a_hang_is_not_noticed)
