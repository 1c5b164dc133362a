"""A Hugging Face Hub that really listens: accounts, repositories, files, discussions, and whatever area module lies here.

It needs only the standard library and imports nothing of the project, so that it can run alone (`python -m hub_server`)
and travel in the wheel. Start it in a test with `with HubServer(root) as hub`, and switch faults on with `hub.fault(...)`.
"""

from .faults import Broken, Cut, Fault, Lost, Refuse, Slow
from .server import HubServer

__all__ = ["Broken", "Cut", "Fault", "HubServer", "Lost", "Refuse", "Slow"]
