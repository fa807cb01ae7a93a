# SPDX-License-Identifier: GPL-3.0-or-later
"""What the reports of both benchmarks have in common."""
from statistics import median


def table(head, rows):
    """Lines of a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines] + [""]


def ratio_text(ratios):
    """Median and spread as text; "" of nothing."""
    if not ratios:
        return ""
    return f"**{median(ratios):.2f}** ({min(ratios):.2f} - {max(ratios):.2f})"


def machine_text(machine):
    return (f"{machine['cpu']} (family/model {machine['cpu_family_and_model']}, {machine['isa']}), "
            f"{machine['cores']} cores, Linux {machine['kernel']}. GNU Radio "
            f"{machine['gnuradio']}, VOLK {machine['volk']}, {machine['fftw']}, gr-oaconv "
            f"{machine['oaconv']}")


def write_text(path, lines):
    """Writes the lines and prints them."""
    text = "\n".join(lines).rstrip() + "\n"
    path.write_text(text)
    print(text, end="")


def plotting():
    """pyplot that needs no screen."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    return pyplot
