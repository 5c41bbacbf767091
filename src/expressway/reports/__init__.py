"""Pictures and the page that shows what was found: charts (SVG, PNG) and a self-contained report (HTML)."""
