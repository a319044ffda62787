"""A project that nobody changes, and a copy of it that a test may change."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import Project


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.make(tmp_path_factory.mktemp("template"))


@pytest.fixture
def project(template: Project, tmp_path: Path) -> Project:
    return template.copy(tmp_path / "home")
