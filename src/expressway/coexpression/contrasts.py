from dataclasses import dataclass


@dataclass(frozen=True)
class ContrastSet:
    name: str = "sepsis"
    case: str = "SEPTIC_SHOCK"
    reference: str = "SEPSIS"
    control: str = "CONTROL"
    others: tuple = ("SEPSIS", "NO_SEPSIS", "CONTROL")

    def as_dict(self):
        return dict(name=self.name)


def load_contrasts(n):
    return ContrastSet()
