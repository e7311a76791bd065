"""The routes: each is parse → one call on `Memory` → render."""
