"""What a run of codelab-gen said."""

import re
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Generated:
    """What a run of codelab-gen said: to standard output, and in its notes."""

    said: str
    notes: str

    @property
    def next_command(self) -> str:
        """The command behind `next:`, as it would be copied into a shell."""
        found = re.search(r"^next: (.+)$", self.said, re.MULTILINE)
        if found is None:
            pytest.fail(f"codelab-gen printed no next command:\n{self.said}")
        return found[1]
