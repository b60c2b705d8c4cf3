"""Commands that measure the project: what it promises in speed, memory and quality."""
