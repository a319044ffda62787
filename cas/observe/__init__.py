"""The outside world: datasets, model files, run folders, the environment. Never the store."""
