"""The machine: cores, memory, ports and processes."""
