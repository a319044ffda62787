"""Settings for the whole suite.

Property tests have no deadline: how fast the machine is decides nothing. `make soak N=1000` searches longer.
"""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # The suite was started in the background by a shell: the commands that tests interrupt would not notice.
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("obs", deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "soak", settings.get_profile("obs"), max_examples=int(os.environ.get("OBS_SOAK", "100"))
)
settings.load_profile("soak" if "OBS_SOAK" in os.environ else "obs")
