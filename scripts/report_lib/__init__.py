"""Renders Google Benchmark JSON of `lossbench run` as one self-contained HTML page, or as Markdown."""
