"""Speed, cost and scale. Benchmarks print; they assert nothing."""
