"""Load a model, as whoever wants to look into it without obs does: python load_model.py model.pkl"""

import pickle
import sys

if __name__ == "__main__":
    if sys.argv[1].endswith(".joblib"):
        import joblib  # type: ignore[import-untyped, unused-ignore]  # has no types

        joblib.load(sys.argv[1])
    else:
        with open(sys.argv[1], "rb") as file:
            pickle.load(file)
