/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sets variables of a generated flowgraph, as its window would, first to what is wrong as taps, and
 * runs it: set_variables GRAPH
 * flowgraphs.py knows what should come out. */
#define main generated_main_of_values
#include "values/values.cpp"
#undef main
#define main generated_main_of_variables
#include "variables/variables.cpp"
#undef main
#define main generated_main_of_complex_taps
#include "complex_taps/complex_taps.cpp"
#undef main

#include <cmath>
#include <string>

static void set(values &graph)
{
    graph.set_filters_taps({});
    graph.set_filters_taps({{1}, {2}});
    graph.set_filters_taps({{1}, {}, {3}});
    graph.set_filters_taps({{1}, {2}, {NAN}});
    graph.set_filters_taps({{1, -1}, {0.5, 0, 0, 0, 0, 0, 0.25}, {4}});
}

static void set(variables &graph)
{
    graph.set_row({1.5, NAN});
    graph.set_row({});
    graph.set_gain(-3);
    graph.set_row({0.125});
}

static void set(complex_taps &graph)
{
    graph.set_taps({{}, {{1, 1}}});
    graph.set_taps({{{0, 1}, {2, 0}}, {{1, 1}}});
    graph.set_phase(0.25);
}

template <class GRAPH, class... PARAMETERS>
static void run(PARAMETERS... parameters)
{
    GRAPH graph(parameters...);
    set(graph);
    graph.tb->run();
}

int main(int argc, char **argv)
{
    const std::string name = argc > 1 ? argv[1] : "";
    if (name == "values")
        run<values>();
    else if (name == "variables")
        run<variables>(16);
    else if (name == "complex_taps")
        run<complex_taps>();
    else
        return 2;
}
