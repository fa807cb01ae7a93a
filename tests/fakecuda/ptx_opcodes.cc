/* SPDX-License-Identifier: GPL-3.0-or-later
 * What each instruction of PTX does that the interpreter knows. */
#include "ptx_function.h"
#include "session.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <unordered_map>

namespace fakecuda
{
namespace ptx
{

/* Of any two integers of PTX. */
__extension__ typedef __int128 Product;
__extension__ typedef unsigned __int128 UnsignedProduct;

/* ---- Operands ---- */

static uint64_t bits_of(const Thread &thread, const Operand &operand)
{
    switch (operand.kind) {
    case Operand::Kind::in_register:
        return thread.registers[size_t(operand.index)] + operand.value;
    case Operand::Kind::parameter:
        return thread.launch.arguments[size_t(operand.index)];
    case Operand::Kind::special:
        return special_register(operand.index);
    case Operand::Kind::immediate:
        break;
    }
    return operand.value;
}

template <class T>
static T get(const Thread &thread, const Operand &operand)
{
    const uint64_t bits = bits_of(thread, operand);
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

template <class T>
static void set(Thread &thread, const Operand &operand, T value)
{
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    if (operand.kind != Operand::Kind::in_register)
        give_up("a result that goes into no register, in " + thread.function.name);
    thread.registers[size_t(operand.index)] = bits;
}

template <>
bool get<bool>(const Thread &thread, const Operand &operand)
{
    return bits_of(thread, operand) != 0;
}

/* ---- Arithmetic: as unsigned numbers where it may wrap ---- */

template <class T>
using Wrapping = typename std::
    conditional_t<std::is_integral_v<T>, std::make_unsigned<T>, std::common_type<T>>::type;

template <class T>
static T add(T a, T b)
{
    return T(Wrapping<T>(a) + Wrapping<T>(b));
}

template <class T>
static T subtract(T a, T b)
{
    return T(Wrapping<T>(a) - Wrapping<T>(b));
}

template <class T>
static T multiply(T a, T b)
{
    return T(Wrapping<T>(a) * Wrapping<T>(b));
}

template <class T>
static T multiply_high(T a, T b)
{
    using Full = std::conditional_t<std::is_signed_v<T>, Product, UnsignedProduct>;
    return T((Full(a) * Full(b)) >> (8 * sizeof(T)));
}

template <class T>
static void check_division(T a, T b)
{
    const bool overflow = std::is_signed_v<T> && a == std::numeric_limits<T>::min() && b == T(-1);
    if (b == 0 || overflow)
        give_up("a division by zero, or one that overflows");
}

template <class T>
static T divide(T a, T b)
{
    check_division(a, b);
    return a / b;
}

template <class T>
static T remainder(T a, T b)
{
    check_division(a, b);
    return a % b;
}

template <class T>
static T smaller(T a, T b)
{
    return a < b ? a : b;
}

template <class T>
static T larger(T a, T b)
{
    return a > b ? a : b;
}

template <class T>
static T negative(T a)
{
    return subtract(T(0), a);
}

template <class T>
static T magnitude(T a)
{
    return a < 0 ? negative(a) : a;
}

template <class T>
static T both(T a, T b)
{
    return a & b;
}

template <class T>
static T either(T a, T b)
{
    return a | b;
}

template <class T>
static T exclusive(T a, T b)
{
    return a ^ b;
}

template <class T>
static T inverted(T a)
{
    return std::is_same_v<T, bool> ? T(!a) : T(~uint64_t(a));
}

template <class T>
static T same(T a)
{
    return a;
}

static float float_divide(float a, float b)
{
    return a / b;
}

static float float_reciprocal(float a)
{
    return 1 / a;
}

static float float_negative(float a)
{
    return -a;
}

/* Shifts by more than a register is wide leave nothing but the sign. */
template <class T>
static T shift_left(T a, uint32_t n)
{
    return n < 8 * sizeof(T) ? T(a << n) : T(0);
}

template <class T>
static T shift_right(T a, uint32_t n)
{
    return T(a >> std::min<uint32_t>(n, 8 * sizeof(T) - 1)) &
           (n < 8 * sizeof(T) || a < 0 ? T(-1) : T(0));
}

/* Comparisons; those of floats hold for no NaN, or, with "u" after the name, for every NaN. */
template <class T>
static bool equal(T a, T b)
{
    return a >= b && a <= b;
}

template <class T>
static bool unequal(T a, T b)
{
    return a < b || a > b;
}

template <class T>
static bool less(T a, T b)
{
    return a < b;
}

template <class T>
static bool less_or_equal(T a, T b)
{
    return a <= b;
}

template <class T>
static bool greater(T a, T b)
{
    return a > b;
}

template <class T>
static bool greater_or_equal(T a, T b)
{
    return a >= b;
}

template <bool (*f)(float, float)>
static bool neither(float a, float b)
{
    return !f(a, b);
}

/* ---- Instructions of some shape ---- */

template <class T, T (*f)(T)>
static void unary(Thread &t, const Operands &o)
{
    set<T>(t, o[0], f(get<T>(t, o[1])));
}

template <class T, T (*f)(T, T)>
static void binary(Thread &t, const Operands &o)
{
    set<T>(t, o[0], f(get<T>(t, o[1]), get<T>(t, o[2])));
}

template <class T, T (*f)(T, uint32_t)>
static void shift(Thread &t, const Operands &o)
{
    set<T>(t, o[0], f(get<T>(t, o[1]), get<uint32_t>(t, o[2])));
}

template <class T, bool (*f)(T, T)>
static void compare(Thread &t, const Operands &o)
{
    set<bool>(t, o[0], f(get<T>(t, o[1]), get<T>(t, o[2])));
}

template <class T>
static void multiply_add(Thread &t, const Operands &o)
{
    const T product = multiply(get<T>(t, o[1]), get<T>(t, o[2]));
    set<T>(t, o[0], add(product, get<T>(t, o[3])));
}

template <class Wide, class T>
static void multiply_wide(Thread &t, const Operands &o)
{
    set<Wide>(t, o[0], Wide(get<T>(t, o[1])) * Wide(get<T>(t, o[2])));
}

template <class Wide, class T>
static void multiply_wide_add(Thread &t, const Operands &o)
{
    const Wide product = Wide(get<T>(t, o[1])) * Wide(get<T>(t, o[2]));
    set<Wide>(t, o[0], add(product, get<Wide>(t, o[3])));
}

static void fused_multiply_add(Thread &t, const Operands &o)
{
    set<float>(t, o[0], std::fma(get<float>(t, o[1]), get<float>(t, o[2]), get<float>(t, o[3])));
}

template <class T>
static void choose(Thread &t, const Operands &o)
{
    set<T>(t, o[0], get<T>(t, get<bool>(t, o[3]) ? o[1] : o[2]));
}

template <class To, class From>
static void convert(Thread &t, const Operands &o)
{
    set<To>(t, o[0], To(get<From>(t, o[1])));
}

static void branch(Thread &t, const Operands &o)
{
    t.next = size_t(o[0].value);
}

static void end(Thread &t, const Operands &)
{
    t.next = t.function.code.size();
}

/* ---- Memory ---- */

/* The bytes behind an address of the device, or null and a violation. */
static char *reach(const Thread &thread, uint64_t address, size_t size, bool write)
{
    const char *problem = ": PTX accesses memory outside its buffers";
    for (const Span &span : thread.launch.memory) {
        if (address < span.begin || address - span.begin + size > span.size)
            continue;
        if (address % size != 0)
            problem = ": PTX accesses memory that is not aligned";
        else if (write && !span.writable)
            problem = ": PTX writes to a buffer that is const";
        else
            return span.inside + (address - span.begin);
    }
    violation(thread.function.name + problem);
    return nullptr;
}

template <class T, size_t n>
static void load(Thread &t, const Operands &o)
{
    const char *const memory = reach(t, get<uint64_t>(t, o[n]), n * sizeof(T), false);
    for (size_t i = 0; i < n; i++) {
        T value;
        std::memset(&value, 0xFF, sizeof value);
        if (memory)
            std::memcpy(&value, memory + i * sizeof value, sizeof value);
        set<T>(t, o[i], value);
    }
}

template <class T, size_t n>
static void store(Thread &t, const Operands &o)
{
    char *const memory = reach(t, get<uint64_t>(t, o[0]), n * sizeof(T), true);
    for (size_t i = 0; memory && i < n; i++) {
        const T value = get<T>(t, o[i + 1]);
        std::memcpy(memory + i * sizeof value, &value, sizeof value);
    }
}

/* ---- The table ---- */

using Table = std::unordered_map<std::string, Handler>;

/* What every type has; `type` is ".s32" or the like. */
template <class T>
static void add_moves(Table &table, const std::string &type)
{
    table["mov" + type] = unary<T, same<T>>;
    table["ld.param" + type] = unary<T, same<T>>;
    table["selp" + type] = choose<T>;
    for (const std::string global : {"ld.global", "ld.global.nc"}) {
        table[global + type] = load<T, 1>;
        table[global + ".v2" + type] = load<T, 2>;
    }
    table["st.global" + type] = store<T, 1>;
    table["st.global.v2" + type] = store<T, 2>;
}

template <class T>
static void add_comparisons(Table &table, const std::string &type)
{
    table["setp.eq" + type] = compare<T, equal<T>>;
    table["setp.ne" + type] = compare<T, unequal<T>>;
    table["setp.lt" + type] = compare<T, less<T>>;
    table["setp.le" + type] = compare<T, less_or_equal<T>>;
    table["setp.gt" + type] = compare<T, greater<T>>;
    table["setp.ge" + type] = compare<T, greater_or_equal<T>>;
}

template <class T>
static void add_integer(Table &table, const std::string &type)
{
    add_moves<T>(table, type);
    add_comparisons<T>(table, type);
    table["add" + type] = binary<T, add<T>>;
    table["sub" + type] = binary<T, subtract<T>>;
    table["mul.lo" + type] = binary<T, multiply<T>>;
    table["mul.hi" + type] = binary<T, multiply_high<T>>;
    table["mad.lo" + type] = multiply_add<T>;
    table["div" + type] = binary<T, divide<T>>;
    table["rem" + type] = binary<T, remainder<T>>;
    table["min" + type] = binary<T, smaller<T>>;
    table["max" + type] = binary<T, larger<T>>;
    table["shr" + type] = shift<T, shift_right<T>>;
    table["cvt.u32" + type] = convert<uint32_t, T>;
    table["cvt.s32" + type] = convert<int32_t, T>;
    table["cvt.u64" + type] = convert<uint64_t, T>;
    table["cvt.s64" + type] = convert<int64_t, T>;
    table["cvt.rn.f32" + type] = convert<float, T>;
}

template <class T>
static void add_signed(Table &table, const std::string &type)
{
    add_integer<T>(table, type);
    table["neg" + type] = unary<T, negative<T>>;
    table["abs" + type] = unary<T, magnitude<T>>;
}

template <class T>
static void add_wide(Table &table, const std::string &type)
{
    using Wide = std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>;
    table["mul.wide" + type] = multiply_wide<Wide, T>;
    table["mad.wide" + type] = multiply_wide_add<Wide, T>;
}

template <class T>
static void add_logic(Table &table, const std::string &type)
{
    table["and" + type] = binary<T, both<T>>;
    table["or" + type] = binary<T, either<T>>;
    table["xor" + type] = binary<T, exclusive<T>>;
    table["not" + type] = unary<T, inverted<T>>;
}

template <class T>
static void add_bits(Table &table, const std::string &type)
{
    add_moves<T>(table, type);
    add_logic<T>(table, type);
    table["shl" + type] = shift<T, shift_left<T>>;
    table["shr" + type] = shift<T, shift_right<T>>;
    table["setp.eq" + type] = compare<T, equal<T>>;
    table["setp.ne" + type] = compare<T, unequal<T>>;
}

static void add_float(Table &table)
{
    add_moves<float>(table, ".f32");
    add_comparisons<float>(table, ".f32");
    table["setp.equ.f32"] = compare<float, neither<unequal<float>>>;
    table["setp.neu.f32"] = compare<float, neither<equal<float>>>;
    table["setp.ltu.f32"] = compare<float, neither<greater_or_equal<float>>>;
    table["setp.leu.f32"] = compare<float, neither<greater<float>>>;
    table["setp.gtu.f32"] = compare<float, neither<less_or_equal<float>>>;
    table["setp.geu.f32"] = compare<float, neither<less<float>>>;
    for (const std::string type : {".f32", ".rn.f32"}) {
        table["add" + type] = binary<float, add<float>>;
        table["sub" + type] = binary<float, subtract<float>>;
        table["mul" + type] = binary<float, multiply<float>>;
    }
    table["fma.rn.f32"] = fused_multiply_add;
    table["div.rn.f32"] = binary<float, float_divide>;
    table["rcp.rn.f32"] = unary<float, float_reciprocal>;
    table["sqrt.rn.f32"] = unary<float, std::sqrt>;
    table["neg.f32"] = unary<float, float_negative>;
    table["abs.f32"] = unary<float, std::fabs>;
    table["min.f32"] = binary<float, std::fmin>;
    table["max.f32"] = binary<float, std::fmax>;
}

static Table all_opcodes()
{
    Table table;
    add_signed<int32_t>(table, ".s32");
    add_signed<int64_t>(table, ".s64");
    add_integer<uint32_t>(table, ".u32");
    add_integer<uint64_t>(table, ".u64");
    add_wide<int32_t>(table, ".s32");
    add_wide<uint32_t>(table, ".u32");
    add_bits<uint32_t>(table, ".b32");
    add_bits<uint64_t>(table, ".b64");
    add_float(table);
    add_logic<bool>(table, ".pred");
    table["mov.pred"] = unary<bool, same<bool>>;
    table["cvta.to.global.u64"] = unary<uint64_t, same<uint64_t>>;
    table["bra"] = branch;
    table["bra.uni"] = branch;
    table["ret"] = end;
    return table;
}

Handler handler(const std::string &opcode)
{
    static const Table &table = *new Table(all_opcodes());
    const auto found = table.find(opcode);
    if (found == table.end())
        give_up("unknown instruction " + opcode);
    return found->second;
}

} // namespace ptx
} // namespace fakecuda
