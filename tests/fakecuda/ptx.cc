/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reads PTX, and runs threads of it. */
#include "ptx_function.h"

#include "kernel_on_host.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace fakecuda
{
namespace ptx
{

static const long most_steps = 100000000; /* of one thread, before it counts as endless */

void give_up(const std::string &why)
{
    std::fprintf(stderr, "fakecuda: PTX: %s\n", why.c_str());
    std::abort();
}

/* Words without comments, punctuation and brackets: what they are follows from their order. */
static std::vector<std::string> words_of(std::string line)
{
    line.resize(std::min(line.find("//"), line.size()));
    for (char &c : line)
        if (std::string(",;[]{}()").find(c) != std::string::npos)
            c = ' ';
    std::istringstream text(line);
    std::vector<std::string> words;
    for (std::string word; text >> word;)
        words.push_back(word);
    return words;
}

static bool begins_with(const std::string &word, const std::string &start)
{
    return word.compare(0, start.size(), start) == 0;
}

/* Turns the lines of a file into functions. */
class Parser
{
public:
    void read_line(const std::string &line);
    std::map<std::string, std::shared_ptr<const Function>> functions();

private:
    struct LabelUse {
        size_t instruction, operand;
        std::string label;
    };

    void read_directive(const std::vector<std::string> &words);
    void read_parameter(const std::vector<std::string> &words);
    void read_instruction(const std::vector<std::string> &words);
    void begin_function(const std::string &name);
    void begin_body();
    void end_function();
    Operand operand(const std::string &word, size_t place);
    int register_number(const std::string &name);

    std::map<std::string, std::shared_ptr<const Function>> d_functions;
    std::shared_ptr<Function> d_function; /* being read, or null */
    bool d_in_body = false;
    std::map<std::string, int> d_registers, d_parameters;
    std::map<std::string, size_t> d_labels;
    std::vector<LabelUse> d_label_uses;
};

void Parser::read_line(const std::string &line)
{
    const size_t first = line.find_first_not_of(" \t");
    if (first == std::string::npos)
        return;
    if (line[first] == '{')
        begin_body();
    else if (line[first] == '}')
        end_function();
    const std::vector<std::string> words = words_of(line);
    if (words.empty())
        return;
    if (words[0][0] == '.')
        read_directive(words);
    else if (!d_in_body)
        give_up("outside of a kernel: " + line);
    else if (words[0].back() == ':' && words.size() == 1)
        d_labels[words[0].substr(0, words[0].size() - 1)] = d_function->code.size();
    else
        read_instruction(words);
}

void Parser::read_directive(const std::vector<std::string> &words)
{
    static const std::set<std::string> ignored = {".version",
                                                  ".target",
                                                  ".address_size",
                                                  ".reg",
                                                  ".loc",
                                                  ".file",
                                                  ".maxntid",
                                                  ".minnctapersm"};
    const bool nounroll = words.size() == 2 && words[0] == ".pragma" && words[1] == "\"nounroll\"";
    if (words.size() == 3 && words[0] == ".visible" && words[1] == ".entry")
        begin_function(words[2]);
    else if (words[0] == ".param" && d_function && !d_in_body)
        read_parameter(words);
    else if (!ignored.count(words[0]) && !nounroll)
        give_up("unknown directive " + words[0]);
}

/* .param .u64 name, or with more about a pointer: .param .u64 .ptr .align 1 name */
void Parser::read_parameter(const std::vector<std::string> &words)
{
    static const std::map<std::string, size_t> sizes = {
        {".u32", 4}, {".s32", 4}, {".b32", 4}, {".f32", 4}, {".u64", 8}, {".s64", 8}, {".b64", 8}};
    const auto size = sizes.find(words.at(1));
    if (size == sizes.end())
        give_up("unknown parameter " + words.back());
    d_parameters[words.back()] = int(d_function->parameter_sizes.size());
    d_function->parameter_sizes.push_back(size->second);
}

void Parser::read_instruction(const std::vector<std::string> &words)
{
    Instruction instruction;
    size_t i = 0;
    if (words[0][0] == '@') {
        instruction.negated = words[0][1] == '!';
        instruction.predicate = register_number(words[0].substr(instruction.negated ? 2 : 1));
        i++;
    }
    if (i == words.size())
        give_up("no instruction after " + words[0]);
    instruction.execute = handler(words[i]);
    for (i++; i < words.size(); i++)
        instruction.operands.push_back(operand(words[i], instruction.operands.size()));
    d_function->code.push_back(instruction);
}

void Parser::begin_function(const std::string &name)
{
    if (d_function)
        give_up("a kernel within a kernel");
    d_function = std::make_shared<Function>();
    d_function->name = name;
    d_registers.clear();
    d_parameters.clear();
    d_labels.clear();
    d_label_uses.clear();
}

void Parser::begin_body()
{
    if (!d_function || d_in_body)
        give_up("a block that is not the body of a kernel");
    d_in_body = true;
}

void Parser::end_function()
{
    if (!d_in_body)
        give_up("a } without a kernel");
    for (const LabelUse &use : d_label_uses) {
        const auto label = d_labels.find(use.label);
        if (label == d_labels.end())
            give_up("unknown operand " + use.label);
        d_function->code[use.instruction].operands[use.operand].value = label->second;
    }
    d_function->n_registers = d_registers.size();
    d_functions[d_function->name] = d_function;
    d_function = nullptr;
    d_in_body = false;
}

int Parser::register_number(const std::string &name)
{
    return d_registers.emplace(name, int(d_registers.size())).first->second;
}

static int special_register_number(const std::string &word)
{
    static const std::string names[] = {"%tid.", "%ctaid.", "%ntid.", "%nctaid."}, axes = "xyz";
    for (int i = 0; i < 4; i++) {
        const size_t axis = axes.find(word.back());
        if (word.size() == names[i].size() + 1 && begins_with(word, names[i]) && axis < 3)
            return 3 * i + int(axis);
    }
    give_up("unknown register " + word);
}

/* %r1, [%rd1+4], %tid.x, 0f3F800000, -1, a parameter or a label. */
Operand Parser::operand(const std::string &word, size_t place)
{
    using Kind = Operand::Kind;
    if (word[0] == '%' && word.find('.') != std::string::npos)
        return {Kind::special, special_register_number(word), 0};
    if (word[0] == '%') {
        const size_t plus = word.find('+');
        const int64_t offset = plus < word.size() ? std::stoll(word.substr(plus + 1)) : 0;
        return {Kind::in_register, register_number(word.substr(0, plus)), uint64_t(offset)};
    }
    if (begins_with(word, "0f") || begins_with(word, "0F"))
        return {Kind::immediate, 0, std::stoull(word.substr(2), nullptr, 16)};
    if (std::string("-0123456789").find(word[0]) != std::string::npos)
        return {Kind::immediate, 0, std::strtoull(word.c_str(), nullptr, 0)};
    const auto parameter = d_parameters.find(word);
    if (parameter != d_parameters.end())
        return {Kind::parameter, parameter->second, 0};
    d_label_uses.push_back({d_function->code.size(), place, word});
    return {Kind::immediate, 0, 0};
}

std::map<std::string, std::shared_ptr<const Function>> Parser::functions()
{
    if (d_function)
        give_up("no end of kernel " + d_function->name);
    return d_functions;
}

Module::Module(const std::string &path)
{
    std::ifstream file(path);
    if (!file)
        give_up("cannot open " + path);
    Parser parser;
    for (std::string line; std::getline(file, line);)
        parser.read_line(line);
    d_functions = parser.functions();
}

const Function &Module::kernel(const std::string &name, const std::vector<size_t> &sizes) const
{
    const auto found = d_functions.find(name);
    if (found == d_functions.end())
        give_up("no kernel " + name);
    if (found->second->parameter_sizes != sizes)
        give_up("other parameters than those of the C++ kernel " + name);
    return *found->second;
}

uint64_t special_register(int number)
{
    const Position &p = position;
    const unsigned values[] = {p.thread.x,
                               p.thread.y,
                               p.thread.z,
                               p.block.x,
                               p.block.y,
                               p.block.z,
                               p.block_size.x,
                               p.block_size.y,
                               p.block_size.z,
                               p.grid_size.x,
                               p.grid_size.y,
                               p.grid_size.z};
    return values[number];
}

void run_thread(const Function &kernel, const Launch &launch)
{
    Thread thread = {kernel, launch, std::vector<uint64_t>(kernel.n_registers)};
    for (long steps = 0; thread.next < kernel.code.size(); steps++) {
        if (steps == most_steps)
            give_up("a thread without end in " + kernel.name);
        const Instruction &instruction = kernel.code[thread.next++];
        const bool skipped =
            instruction.predicate >= 0 &&
            (thread.registers[size_t(instruction.predicate)] != 0) == instruction.negated;
        if (!skipped)
            instruction.execute(thread, instruction.operands);
    }
}

} // namespace ptx
} // namespace fakecuda
