"""Two pictures, as SVG: speeds beside the peers', and costs as a vault grows."""
import math
from html import escape

import goals

COLOURS = ("#1b6ca8", "#8a8d91", "#c58c2b", "#5d8a4b", "#a05195", "#c0504d",
           "#444444")
FONT = 'font-family="sans-serif" font-size="12"'


def text(x, y, s, anchor="start", more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>'
            f"{escape(s)}</text>")


def picture(width, height, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}"'
            f' height="{height}" viewBox="0 0 {width} {height}" {FONT}>\n'
            '<rect width="100%" height="100%" fill="white"/>\n'
            + "\n".join(body) + "\n</svg>\n")


def bars(b, corpus):
    """Works of a corpus; a bar for each program, as long as it took."""
    who = ["muniment", *(p.name for p in b.peers)]
    works = [w for w in goals.WORKS[corpus]
             if any((w, corpus, p) in b.times for p in who)]
    got = {(w, p): goals.middle(b.times.get((w, corpus, p), []))
           for w in works for p in who}
    most = max((v for v in got.values() if v), default=0)
    if not most:
        return None
    body, y, left, room = [], 24, 150, 560
    body.append(text(10, y, f"{goals.sizes(b)[corpus]}: seconds, shorter is"
                     " better", more='font-weight="bold"'))
    y += 14
    for w in works:
        y += 8
        body.append(text(left - 8, y + 12, w, "end"))
        for i, p in enumerate(who):
            v = got[(w, p)]
            if v is None:
                continue
            long = max(1.0, v / most * room)
            body.append(f'<rect x="{left}" y="{y}" width="{long:.1f}"'
                        f' height="13" fill="{COLOURS[i]}"/>')
            body.append(text(left + long + 5, y + 11,
                             f"{goals.figure(v)}  {p}"))
            y += 16
    return picture(left + room + 150, y + 14, body)


def lines(b):
    """Each work against the number of items, both scales logarithmic."""
    series = {}
    for (w, c, _), runs in b.times.items():
        if c.isdigit() and w != "take in" and int(c) > 0:
            series.setdefault(w, []).append((int(c), goals.middle(runs)))
    points = [p for s in series.values() for p in s]
    if not points:
        return None
    x0, x1 = (math.log10(f(n for n, _ in points)) for f in (min, max))
    y0 = math.floor(math.log10(min(v for _, v in points)))
    y1 = math.ceil(math.log10(max(v for _, v in points)))
    left, top, wide, high = 70, 44, 480, 360

    def at(n, v):
        return (left + (math.log10(n) - x0) / ((x1 - x0) or 1) * wide,
                top + high - (math.log10(v) - y0) / ((y1 - y0) or 1) * high)

    body = [text(10, 24, "Seconds in a vault of so many items",
                 more='font-weight="bold"')]
    for e in range(y0, y1 + 1):
        _, y = at(10 ** x0, 10.0 ** e)
        body.append(f'<line x1="{left}" x2="{left + wide}" y1="{y:.1f}"'
                    f' y2="{y:.1f}" stroke="#dddddd"/>')
        body.append(text(left - 8, y + 4, f"{10.0 ** e:g} s", "end"))
    for n in sorted({n for n, _ in points}):
        x, _ = at(n, 10.0 ** y0)
        body.append(text(x, top + high + 18, f"{n:,}", "middle"))
    for i, (w, s) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        where = [at(n, v) for n, v in sorted(s)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in where)
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}"'
                    ' stroke-width="2"/>')
        body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
                 for x, y in where]
        y = top + 14 + 18 * i
        body.append(f'<rect x="{left + wide + 20}" y="{y - 9}" width="10"'
                    f' height="10" fill="{colour}"/>')
        body.append(text(left + wide + 36, y, w))
    return picture(left + wide + 190, top + high + 40, body)


def write(b, out):
    for name, svg in (*((f"corpus-{c}", bars(b, c)) for c in "ABC"),
                      ("items", lines(b))):
        if svg:
            with open(f"{out}/{name}.svg", "w") as h:
                h.write(svg)
