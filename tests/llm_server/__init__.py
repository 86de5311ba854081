"""A real HTTP server on this machine that answers as an OpenAI-compatible LLM does, with faults on demand."""

from tests.llm_server.faults import FAULTS, Faults, faultless
from tests.llm_server.server import Arrival, LlmServer

__all__ = ["FAULTS", "Arrival", "Faults", "LlmServer", "faultless"]
