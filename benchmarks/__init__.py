"""What measures speed, memory and weight; `make bench` runs it and writes benchmarks/README.md."""
