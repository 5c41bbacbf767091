"""The pictures: Altair charts, the same in a notebook, in a file and in the report."""

from expressway.reports.charts.forest import forest
from expressway.reports.charts.overview import heterogeneity, p_histogram, qq, recovery
from expressway.reports.charts.saving import save, svg
from expressway.reports.charts.scatter import scatter

__all__ = ["forest", "heterogeneity", "p_histogram", "qq", "recovery", "save", "scatter", "svg"]
