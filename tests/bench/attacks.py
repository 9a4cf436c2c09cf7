"""How far attacks move a profile, with the bounds on influence and without: `python -m tests.bench.attacks`.

The victim liked five posts about tea a day for two months. Vectors are the worst case (see tests.support.attacks).
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from streams.domain.influence import InfluenceRules
from tests.support.attacks import attacks, honest_life, moved


def main() -> None:
    honest, table = honest_life(), Table("attack", "bounds", "weight brought", "long vector turns", "short turns", "tag's share")
    for attack in attacks():
        for name, rules in (("none", None), ("default", InfluenceRules())):
            far = moved(attack, rules, honest)
            share = f"{far.share:.0%}" if attack.about else "no tag"
            turns = f"{far.long_degrees:.1f}°", f"{far.short_degrees:.1f}°"
            table.add_row(attack.name, name, f"{far.brought:,.0f}", *turns, share)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
