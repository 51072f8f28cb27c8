from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from ingest.schedule.log import logger
from tests.schedule.daemons import Said


@pytest.fixture
def said() -> Iterator[Said]:
    """What the daemon logs."""
    handler = Said()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)
