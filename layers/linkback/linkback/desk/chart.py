"""The visits of the last days as a small chart, with a table of the same numbers for who cannot see it."""

from __future__ import annotations

from linkback.ping import Protocol

Days = list[tuple[str, dict[str, int]]]

_WIDTH, _HEIGHT, _GAP = 24, 80, 4


def svg(days: Days) -> str:
    """A bar for each day, in three parts, the dialects. Its colours are the style's."""
    most = max((sum(counts.values()) for _, counts in days), default=0)
    if not most:
        return '<p class="none">No visits in the last fourteen days.</p>'
    bars = "".join(_bar(place, date, counts, most) for place, (date, counts) in enumerate(days))
    legend = "".join(f'<span class="key {one}">{one}</span> ' for one in Protocol)
    rows = "".join(
        f"<tr><th>{date}</th>{''.join(f'<td>{counts[one]}</td>' for one in Protocol)}</tr>" for date, counts in days
    )
    heads = "".join(f"<th>{one}</th>" for one in Protocol)
    return (
        f'<figure class="chart"><svg viewBox="0 0 {len(days) * _WIDTH} {_HEIGHT}" preserveAspectRatio="none" '
        'role="img" '
        f'aria-label="Visits by day and dialect; the table below has the numbers">{bars}</svg>'
        f'<div class="ends"><span>{days[0][0]}</span> <span>{days[-1][0]}</span></div>'
        f"<figcaption>Visits by day; the busiest had {most}. {legend}</figcaption></figure>"
        "<details><summary>The numbers</summary><div class=wide><table><thead><tr><th>Day (UTC)</th>"
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


def _bar(place: int, date: str, counts: dict[str, int], most: int) -> str:
    top, pieces = float(_HEIGHT), []
    for protocol in Protocol:
        tall = counts[protocol] * _HEIGHT / most
        top -= tall
        if tall:
            box = f'x="{place * _WIDTH + _GAP}" y="{top:.1f}" width="{_WIDTH - 2 * _GAP}" height="{tall:.1f}"'
            pieces.append(f'<rect class="{protocol}" {box}><title>{date}: {counts[protocol]} {protocol}</title></rect>')
    return "".join(pieces)
