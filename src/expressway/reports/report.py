from __future__ import annotations
from dataclasses import dataclass
class ReportData:
    def __init__(self, **kw): self.__dict__.update(kw)
