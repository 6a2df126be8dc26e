"""Watching over all cafés at once: asks functions that tell ids, instants and counts only."""
