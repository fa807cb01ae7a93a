# SPDX-License-Identifier: GPL-3.0-or-later
"""Arithmetic with sections: which are finished, which are missing. Sections are rectangles
(first, end, begin, stop): rows first..end, samples begin..stop."""

from collections import Counter


def coalesced(sections):
    """The same area in fewer sections: joins neighbours along time, then along rows."""
    return joined(joined(sections, (0, 1), (2, 3)), (2, 3), (0, 1))


def joined(sections, same, along):
    """Joins sections that are equal in the fields `same` and meet in the fields `along`."""
    result = []
    order = same + along
    for section in sorted(sections, key=lambda s: [s[i] for i in order]):
        last = result[-1] if result else None
        if (
            last
            and all(last[i] == section[i] for i in same)
            and section[along[0]] <= last[along[1]]
        ):
            last[along[1]] = max(last[along[1]], section[along[1]])
        else:
            result.append(list(section))
    return [tuple(section) for section in result]


def without_rows(sections, first, end):
    """What is left of the sections when rows first..end are taken out."""
    above = [(s[0], min(s[1], first), s[2], s[3]) for s in sections]
    below = [(max(s[0], end), s[1], s[2], s[3]) for s in sections]
    return [s for s in above + below if s[0] < s[1]]


def missing(wanted, finished):
    """Sections that make up what is wanted but not finished, in order of rows and time."""
    first, end, begin, stop = wanted
    inside = [
        (max(s[0], first), min(s[1], end), max(s[2], begin), min(s[3], stop)) for s in finished
    ]
    events = {first: [], end: []}  # at which row which stretches of time begin (+1) and end (-1)
    for s in inside:
        if s[0] < s[1] and s[2] < s[3]:
            events.setdefault(s[0], []).append((s[2], s[3], 1))
            events.setdefault(s[1], []).append((s[2], s[3], -1))
    active = Counter()
    gaps = []
    borders = sorted(events)
    for row, next_row in zip(borders, borders[1:]):
        for a, b, change in events[row]:
            active[a, b] += change
        active = +active
        gaps += [(row, next_row, a, b) for a, b in holes(begin, stop, sorted(active))]
    return sorted(joined(gaps, (2, 3), (0, 1)))


def holes(begin, stop, stretches):
    """The parts of begin..stop outside these stretches, which are sorted."""
    for a, b in stretches:
        if a > begin:
            yield begin, a
        begin = max(begin, b)
    if begin < stop:
        yield begin, stop


def n_samples(sections):
    """Samples in these sections, which do not overlap."""
    return sum((s[1] - s[0]) * (s[3] - s[2]) for s in sections)
