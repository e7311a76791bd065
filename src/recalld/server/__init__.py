"""The HTTP face: parse → one call on `Memory` → render."""
