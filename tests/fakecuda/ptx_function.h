/* SPDX-License-Identifier: GPL-3.0-or-later
 * A kernel of PTX as the interpreter keeps it: instructions with a function each that executes
 * them. */
#ifndef FAKECUDA_PTX_FUNCTION_H
#define FAKECUDA_PTX_FUNCTION_H

#include "ptx.h"

namespace fakecuda
{
namespace ptx
{

struct Operand {
    enum class Kind { in_register, immediate, parameter, special };
    Kind kind;
    int index;      /* of the register, parameter or special register */
    uint64_t value; /* the immediate, or what to add to the register */
};

/* Registers hold 64 bits each; of shorter values those that count are the lowest. */
struct Thread {
    const Function &function;
    const Launch &launch;
    std::vector<uint64_t> registers;
    size_t next = 0; /* instruction */
};

using Operands = std::vector<Operand>;
using Handler = void (*)(Thread &thread, const Operands &operands);

struct Instruction {
    Handler execute;
    int predicate = -1; /* register, or none */
    bool negated = false;
    Operands operands;
};

struct Function {
    std::string name;
    std::vector<size_t> parameter_sizes; /* bytes */
    std::vector<Instruction> code;
    size_t n_registers = 0;
};

/* What executes an instruction, such as "add.s32"; aborts where that is unknown. */
Handler handler(const std::string &opcode);

/* %tid.x and its companions, by number: three axes each of %tid, %ctaid, %ntid and %nctaid. */
uint64_t special_register(int number);

[[noreturn]] void give_up(const std::string &why);

} // namespace ptx
} // namespace fakecuda

#endif
